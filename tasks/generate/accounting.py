"""Write the data set and the account of what became of every passage, sentence and pair.

In: what each step of generation came to. Out: the split files, every candidate with its fate, and
`funnel.json`, which adds up. Nothing measured in seconds goes into these files: equal pairs must
have equal bytes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.generate.asking import Plan
from tasks.generate.config import GenerateConfig
from tasks.generate.drafts import Drafted
from tasks.generate.pairs import Candidate, kept
from tasks.generate.parsing import Parsed
from tasks.records import SPLITS, Passage, write_json, write_records
from tasks.workspace import Metrics


@dataclass(frozen=True)
class Account:
    """What the steps of one domain came to."""

    plan: Plan
    drafted: Drafted
    parsed: Parsed
    ready: int
    """Examples of a ready-made data set."""
    candidates: Sequence[Candidate]
    """Every pair, in order, with its split or the reason for its refusal."""


def write_dataset(
    out: Path, account: Account, passages: Sequence[Passage], config: GenerateConfig
) -> Metrics:
    """Write all files of the data set; return its figures."""
    del passages, config
    pairs = kept(account.candidates)
    rejected = Counter(candidate.reason for candidate in account.candidates if candidate.reason)
    counts: dict[str, int] = {
        "passages": account.plan.passages,
        "sentences": account.plan.sentences,
        "asked": len(account.drafted.drafts),
        "returned": account.parsed.returned,
        "parsed": account.parsed.parsed,
        "examples": account.ready,
        "kept": len(pairs),
    }
    for split in SPLITS:
        part = [example for example in pairs if example.split == split]
        counts[split] = write_records(out / f"{split}.jsonl", part)
    write_records(out / "candidates.jsonl", account.candidates)
    write_json(out / "funnel.json", {**counts, "rejected": rejected, "skipped": account.plan.skipped})
    return {**counts, **{f"rejected_{reason}": count for reason, count in sorted(rejected.items())}}

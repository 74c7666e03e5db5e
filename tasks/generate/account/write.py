"""Write the data set and the account of what became of every page, passage, sentence and pair.

In: what each step of generation came to. Out: the split files, every candidate with its fate, the
funnel, which adds up, the coverage of every page, a sample to read, and the data-set card. Nothing
measured in seconds goes into these files: equal pairs must have equal bytes.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.generate.account.card import card
from tasks.generate.account.page_coverage import cover
from tasks.generate.account.tallies import COUNTS, READY, Account, Tally, by_document, tallies, total
from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import kept
from tasks.generate.teacher_config import Prices
from tasks.kernel.workspace import Metrics
from tasks.records.corpus import Passage
from tasks.records.coverage import DocumentCoverage, write_coverage
from tasks.records.dataset import SPLITS, Candidate
from tasks.records.documents import LibraryFile
from tasks.records.files import write_records
from tasks.records.funnel import Funnel, write_funnel
from tasks.records.samples import SampledPair, SampledPassage, Samples, write_samples
from tasks.text.segments import count_pieces


def write_dataset(
    out: Path,
    account: Account,
    passages: Sequence[Passage],
    sources: Sequence[LibraryFile],
    config: GenerateConfig,
) -> Metrics:
    """Write all files of the data set; return its figures."""
    pairs = kept(account.candidates)
    for split in SPLITS:
        write_records(out / f"{split}.jsonl", (pair for pair in pairs if pair.split == split))
    write_records(out / "candidates.jsonl", account.candidates)
    found = tallies(account, passages)
    whole = total(found.values())
    write_funnel(out, _funnel(account, whole, by_document(found, passages)))
    documents = cover(sources, passages, found, account.drafted.stopped_by)
    write_coverage(out, documents)
    by_id = {passage.id: passage for passage in passages}
    write_samples(out, draw_samples(account.candidates, by_id, config.seed))
    (out / "README.md").write_text(card(account, whole, documents, config), encoding="utf-8")
    return measure(account, found, documents, passages, config.teacher.prices)


def _funnel(account: Account, whole: Tally, documents: Mapping[str, Tally]) -> Funnel:
    """Return the counts; replies are counted beside pairs, for one may hold several."""
    replies = {
        "asked": len(account.drafted.drafts),
        "returned": account.parsed.returned,
        "parsed": account.parsed.parsed,
        "repaired": account.parsed.repaired,
    }
    parts = [{"document": name, **part.figures()} for name, part in documents.items()]
    stopped_by = account.drafted.stopped_by
    return Funnel.model_validate(
        {**whole.figures(), "replies": replies, "stopped_by": stopped_by, "documents": parts}
    )


_MILLION = 1_000_000
_HUNDRED = 100


def measure(
    account: Account,
    found: Mapping[str, Tally],
    documents: Sequence[DocumentCoverage],
    passages: Sequence[Passage],
    prices: Prices,
) -> Metrics:
    """Return every figure of one domain; a ratio over nothing is left out."""
    whole = total(found.values())
    return {
        **{name: whole.counts[name] for name in COUNTS},
        **_by_name("rejected", whole.rejected),
        **_by_name("skipped", whole.skipped),
        **_by_name("type", whole.question_types),
        "replies": account.parsed.returned,
        "repaired": account.parsed.repaired,
        "stopped_early": float(bool(account.drafted.stopped_by)),
        **_costs(account, total(part for name, part in found.items() if name != READY), passages, prices),
        **_pages(documents),
    }


def _costs(account: Account, written: Tally, passages: Sequence[Passage], prices: Prices) -> Metrics:
    """Return what the pairs that a teacher wrote cost, and how much text one takes."""
    read, told, pairs = (written.counts[name] for name in ("input_tokens", "output_tokens", "kept"))
    money = (read * prices.input_per_million + told * prices.output_per_million) / _MILLION
    words = sum(count_pieces(passage.own) for passage in passages)
    costs = {"asking_seconds": account.drafted.seconds, "money": money}
    each = {"seconds": account.drafted.seconds, "money": money, "tokens": read + told}
    yields = {"kept_pairs_per_100_words": _HUNDRED * pairs / words} if words else {}
    ratios = {f"{name}_per_kept_pair": value / pairs for name, value in each.items()} if pairs else {}
    return {"words": words, **costs, **ratios, **yields}


def _pages(documents: Sequence[DocumentCoverage]) -> Metrics:
    """Return how many pages came to what, and the share that gave pairs."""
    pages = sum(len(document.rows) for document in documents)
    states = Counter(page.state for document in documents for page in document.rows)
    found = {f"pages_{state}": float(count) for state, count in sorted(states.items())}
    return {"pages": pages, **found, **({"page_coverage": states["kept"] / pages} if pages else {})}


def _by_name(prefix: str, counts: Mapping[str, int]) -> Metrics:
    return {f"{prefix}_{name}": count for name, count in sorted(counts.items())}


KEPT = 24
REJECTED = 8
"""Pairs to read: so many kept ones, and so many of each reason."""


def draw_samples(candidates: Sequence[Candidate], passages: Mapping[str, Passage], seed: int) -> Samples:
    """Return the sample; each passage is there once, by its id."""
    reasons = sorted({candidate.reason for candidate in candidates})
    drawn = {
        reason: _drawn(
            [candidate for candidate in candidates if candidate.reason == reason],
            REJECTED if reason else KEPT,
            f"{seed}:{reason}",
        )
        for reason in reasons
    }
    used = {one.example.passage for group in drawn.values() for one in group} & passages.keys()
    rows = {reason: [_row(one) for one in group] for reason, group in drawn.items()}
    return Samples(
        kept=rows.pop("", []),
        rejected=rows,
        passages={name: _passage(passages[name]) for name in sorted(used)},
    )


def _drawn(group: Sequence[Candidate], count: int, seed: str) -> list[Candidate]:
    draw = random.Random(seed)  # noqa: S311  # a sample, no secret
    return [group[number] for number in sorted(draw.sample(range(len(group)), min(count, len(group))))]


def _row(candidate: Candidate) -> SampledPair:
    return SampledPair(**candidate.example.model_dump(), detail=candidate.detail)


def _passage(passage: Passage) -> SampledPassage:
    return SampledPassage.model_validate(passage.model_dump())

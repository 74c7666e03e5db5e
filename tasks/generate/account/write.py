"""Write the data set and the account of what became of every page, passage, sentence and pair.

In: what each step of generation came to. Out: the split files, every candidate with its fate, the
funnel, which adds up, the coverage of every page, a sample to read, and the data-set card. Nothing
measured in seconds goes into these files: equal pairs must have equal bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.generate.account.card import card
from tasks.generate.account.coverage import cover, write_coverage
from tasks.generate.account.funnel import Account, Funnel, by_document, funnels, total
from tasks.generate.account.measures import measure
from tasks.generate.account.samples import draw_samples
from tasks.generate.account.sources import Source
from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import kept
from tasks.records import SPLITS, Passage, write_json, write_records
from tasks.workspace import Metrics


def write_dataset(
    out: Path,
    account: Account,
    passages: Sequence[Passage],
    sources: Sequence[Source],
    config: GenerateConfig,
) -> Metrics:
    """Write all files of the data set; return its figures."""
    pairs = kept(account.candidates)
    for split in SPLITS:
        write_records(out / f"{split}.jsonl", (pair for pair in pairs if pair.split == split))
    write_records(out / "candidates.jsonl", account.candidates)
    found = funnels(account, passages)
    whole = total(found.values())
    write_json(out / "funnel.json", _funnel(account, whole, by_document(found, passages)))
    documents = cover(sources, passages, found, account.drafted.stopped_by)
    write_coverage(out / "coverage.json", documents)
    by_id = {passage.id: passage for passage in passages}
    write_json(out / "samples.json", draw_samples(account.candidates, by_id, config.seed))
    (out / "README.md").write_text(card(account, whole, documents, config), encoding="utf-8")
    return measure(account, found, documents, passages, config.teacher.prices)


def _funnel(account: Account, whole: Funnel, documents: Mapping[str, Funnel]) -> dict[str, object]:
    """Return the content of `funnel.json`; replies are counted beside pairs, for one may hold several."""
    return {
        **whole.described(),
        "replies": {
            "asked": len(account.drafted.drafts),
            "returned": account.parsed.returned,
            "parsed": account.parsed.parsed,
            "repaired": account.parsed.repaired,
        },
        "stopped_by": account.drafted.stopped_by,
        "documents": [{"document": name, **part.described()} for name, part in documents.items()],
    }

"""What became of a domain's documents and pairs, cut to what a report can hold.

In: records of ingestion and generation. Out: parts of the report, and views that lay what is known of one
document or pair side by side.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tasks.records.coverage import DocumentCoverage, PageCoverage, PageState
from tasks.records.documents import LibraryFile
from tasks.records.files import Figures
from tasks.records.funnel import DocumentFunnel, Funnel
from tasks.records.samples import SampledPair, Samples

KEPT, REJECTED = 6, 2
"""Pairs that the page shows: so many kept ones, and so many for each reason; more are in `samples.json`."""
EXCERPT = 600
"""Characters of a passage that the page shows."""


class Gap(Figures):
    """Neighbouring pages that gave no pair for the same reason."""

    first: int
    last: int
    state: PageState
    why: dict[str, int] = {}
    """Reason codes of its sentences or pairs with their counts, summed over the pages."""


class DocumentPages(Figures):
    """The pages of a document: a coverage with one number a page, because books have many."""

    document: str
    kept: list[int] = []
    """Kept pairs whose passage touches the page, page by page; a passage may touch two."""
    gaps: list[Gap] = []


@dataclass(frozen=True)
class DocumentView:
    """What is known of one document."""

    file: LibraryFile
    counts: DocumentFunnel
    pages: DocumentPages


@dataclass(frozen=True)
class PairView:
    """A pair to read."""

    pair: SampledPair
    reason: str
    """Code of the check that refused it; empty: kept."""
    passage: str
    """An excerpt of the passage, around the answer where it stands there."""


def condensed(document: DocumentCoverage) -> DocumentPages:
    """Return a document's pages in short."""
    kept = [row.kept for row in document.rows]
    return DocumentPages(document=document.document, kept=kept, gaps=list(_gaps(document.rows)))


def shown(samples: Samples) -> Samples:
    """Return the part of the samples that the page shows."""
    kept = samples.kept[:KEPT]
    rejected = {reason: rows[:REJECTED] for reason, rows in samples.rejected.items()}
    used = {pair.passage for rows in (kept, *rejected.values()) for pair in rows}
    passages = {name: passage for name, passage in samples.passages.items() if name in used}
    return Samples(kept=kept, rejected=rejected, passages=passages)


def documents(
    files: Sequence[LibraryFile], pages: Sequence[DocumentPages], funnel: Funnel | None
) -> list[DocumentView]:
    """Return every document in the order of the corpus; a data set comes last."""
    counts = {one.document: one for one in funnel.documents} if funnel else {}
    by_file, by_pages = {one.name: one for one in files}, {one.document: one for one in pages}
    return [
        DocumentView(
            by_file.get(name, LibraryFile(name=name)),
            counts.get(name, DocumentFunnel(document=name)),
            by_pages.get(name, DocumentPages(document=name)),
        )
        for name in dict.fromkeys([*by_file, *by_pages, *counts])
    ]


def pairs_to_read(samples: Samples | None) -> list[PairView]:
    """Return the kept pairs, then those of each reason."""
    if samples is None:
        return []
    drawn = [("", pair) for pair in samples.kept]
    drawn += [(reason, pair) for reason, rows in samples.rejected.items() for pair in rows]
    return [PairView(pair, reason, _excerpt(pair, samples)) for reason, pair in drawn]


def _gaps(rows: Sequence[PageCoverage]) -> Iterator[Gap]:
    """Yield runs of pages without a pair that came to the same, with the reasons of all their pages."""
    for state, group in groupby(rows, key=lambda row: row.state):
        pages = list(group)
        if state != "kept":
            why: Counter[str] = Counter()
            for page in pages:
                why.update(page.why)
            yield Gap(first=pages[0].page, last=pages[-1].page, state=state, why=dict(why))


def _excerpt(pair: SampledPair, samples: Samples) -> str:
    """Return the passage of a pair, or the part of it around the answer."""
    passage = samples.passages.get(pair.passage)
    text = passage.text if passage else ""
    if len(text) <= EXCERPT:
        return text
    start = max(0, text.find(pair.answer) - max(0, EXCERPT - len(pair.answer)) // 2)
    end = start + EXCERPT
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")

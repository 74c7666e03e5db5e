"""The map of a document's pages: its account in, cells and sentences for the page out.

A cell is a page, or several where a library has more pages than a browser likes cells. What a cell
says on hover stands below the map as well, for phones and paper.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil

from flows.report import words
from flows.report.pair_account import DocumentPages, Gap
from flows.report.schema import Report

CELLS = 60_000
"""Cells of a whole report."""
GAPS = 40
"""Spans of pages that are listed below one map."""
REASONS = 4
STATES = {
    "rejected": "no pair passed the checks",
    "not_asked": "the budget ended before",
    "skipped": "no sentence to ask about",
    "not_sampled": "left out by the sample",
    "removed": "no text to learn from",
    "no_text": "no text",
    "no_passage": "in no passage",
}
"""What a page without a pair came to, in the order of the legend."""
_SHADES = (1, 3, 6)
"""Kept pairs from which on a cell is darker."""


@dataclass(frozen=True)
class Cell:
    """One square of a map."""

    kind: str
    """A CSS class: `k1` to `k3` for pairs, otherwise the state."""
    title: str


@dataclass(frozen=True)
class PageMap:
    """The map of one document."""

    document: str
    summary: str
    cells: list[Cell]
    gaps: list[str]
    """One sentence a span of pages without a pair."""


def page_maps(report: Report) -> dict[str, list[PageMap]]:
    """Return the maps of every domain's documents."""
    total = sum(len(one.kept) for part in report.domains.values() for one in part.pages)
    step = max(1, ceil(total / CELLS))
    return {
        name: [_page_map(document, step) for document in part.pages if document.kept]
        for name, part in report.domains.items()
    }


def _page_map(document: DocumentPages, step: int) -> PageMap:
    kept = document.kept
    states = _states(document)
    covered = sum(map(bool, kept))
    gaps = [_sentence(gap) for gap in document.gaps[:GAPS]]
    more = len(document.gaps) - len(gaps)
    return PageMap(
        document=document.document,
        summary=f"{covered:,} of {len(kept):,} pages gave pairs",
        cells=list(_cells(kept, states, step)),
        gaps=[*gaps, f"and {more:,} more spans, listed in coverage.json"] if more else gaps,
    )


def _states(document: DocumentPages) -> list[str]:
    states = [""] * len(document.kept)
    for gap in document.gaps:
        for page in range(max(gap.first, 1), min(gap.last, len(states)) + 1):
            states[page - 1] = gap.state
    return states


def _cells(kept: Sequence[int], states: Sequence[str], step: int) -> Iterator[Cell]:
    for start in range(0, len(kept), step):
        end = min(start + step, len(kept))
        pairs = sum(kept[start:end])
        where = words.pages(start + 1, end)
        if pairs:
            shade = sum(pairs >= least * (end - start) for least in _SHADES) or 1
            yield Cell(f"k{shade}", f"{where}: {pairs} pair{'' if pairs == 1 else 's'}")
            continue
        found = states[start:end]
        state = max(found, key=found.count)
        yield Cell(state if state in STATES else "other", f"{where}: {STATES.get(state, words.said(state))}")


def _sentence(gap: Gap) -> str:
    reasons = sorted(gap.why.items(), key=lambda item: (-item[1], item[0]))
    why = ", ".join(f"{words.said(reason)} {count:,}" for reason, count in islice(reasons, REASONS))
    text = f"{words.pages(gap.first, gap.last)}: {STATES.get(gap.state, words.said(gap.state))}"
    return f"{text} ({why})" if why else text

"""Which page gave pairs, and why the others gave none.

In: documents, passages and what became of each passage. Out: rows of `coverage.json`, one a page. A
passage that runs over two pages counts on both, so pages do not add up to their document.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks.generate.account.funnel import Funnel, total
from tasks.generate.account.sources import Source
from tasks.records.corpus import Passage

State = Literal["kept", "rejected", "not_asked", "skipped", "not_sampled", "removed", "no_text", "no_passage"]
"""What a page came to, best first: pairs; none that passed the checks; the budget ended before it; no
sentence worth asking about; left out by the sample; only text that ingestion removes; no text; text
that is in no passage."""
_COUNTED = ("sentences", "asked", "kept")


@dataclass(frozen=True)
class Page:
    """One page."""

    number: int
    passages: int
    counts: dict[str, int]
    """`sentences`, `asked` and `kept` of its passages."""
    state: State
    why: dict[str, int]
    """Where it has no pair: reasons with their counts."""

    def described(self) -> dict[str, object]:
        """Return the page for the file; what is zero or empty is left out, because books have many pages."""
        values = {"page": self.number, "state": self.state, "passages": self.passages, **self.counts}
        return {name: value for name, value in values.items() if value} | (
            {"why": self.why} if self.why else {}
        )


@dataclass(frozen=True)
class Coverage:
    """The pages of one document."""

    source: Source
    pages: list[Page]
    funnel: Funnel

    def states(self) -> Counter[str]:
        """Return how many pages came to what."""
        return Counter(page.state for page in self.pages)


def cover(
    sources: Iterable[Source],
    passages: Iterable[Passage],
    found: Mapping[str, Funnel],
    stopped_by: str,
) -> list[Coverage]:
    """Return the pages of each document, in order."""
    texts: dict[str, list[Passage]] = {}
    for passage in passages:
        texts.setdefault(passage.document, []).append(passage)
    return [_document(source, texts.get(source.name, []), found, stopped_by) for source in sources]


def write_coverage(path: Path, documents: Iterable[Coverage]) -> None:
    """Write one page a line: small for a library of books, and still readable."""
    path.write_text("[" + ",".join(map(_written, documents)) + "\n]\n", encoding="utf-8")


def _document(
    source: Source, texts: Sequence[Passage], found: Mapping[str, Funnel], stopped_by: str
) -> Coverage:
    touching: dict[int, list[Funnel]] = {}
    for passage in texts:
        for number in range(passage.pages[0], passage.pages[1] + 1):
            touching.setdefault(number, []).append(found[passage.id])
    empty, removed = frozenset(source.pages_without_text), source.removed_on()
    pages = []
    for number in range(1, source.pages + 1):
        here = touching.get(number, [])
        if here:
            pages.append(_page(number, here, stopped_by))
        else:
            state: State = "no_text" if number in empty else "removed" if number in removed else "no_passage"
            why = dict(Counter(removed.get(number, ())))
            pages.append(Page(number, 0, dict.fromkeys(_COUNTED, 0), state, why))
    return Coverage(source, pages, total(found[passage.id] for passage in texts))


def _page(number: int, here: Sequence[Funnel], stopped_by: str) -> Page:
    funnel = total(here)
    counts = {name: funnel.counts[name] for name in _COUNTED}
    state, why = _outcome(funnel, stopped_by)
    return Page(number, len(here), counts, state, {reason: count for reason, count in why.items() if count})


def _outcome(funnel: Funnel, stopped_by: str) -> tuple[State, Mapping[str, int]]:
    counts = funnel.counts
    if counts["kept"]:
        return "kept", {}
    if counts["asked"]:
        lost = {name: counts[name] for name in ("no_reply", "unread")}
        return "rejected", {**lost, **dict(sorted(funnel.rejected.items()))}
    if counts["planned"]:
        return "not_asked", {stopped_by: counts["planned"]}
    if counts["passages"]:
        return "skipped", dict(sorted(funnel.skipped.items()))
    return "not_sampled", {}


def _written(document: Coverage) -> str:
    source, funnel = document.source, document.funnel
    head = {
        "document": source.name,
        "digest": source.digest,
        "pages": source.pages,
        **{name: funnel.counts[name] for name in ("passages", "not_sampled", *_COUNTED)},
        "states": dict(sorted(document.states().items())),
    }
    rows = ",\n".join(json.dumps(page.described(), ensure_ascii=False) for page in document.pages)
    return f'\n{json.dumps(head, ensure_ascii=False)[:-1]}, "rows": [\n{rows}\n]}}'

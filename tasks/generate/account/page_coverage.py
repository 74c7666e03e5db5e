"""Which page gave pairs, and why the others gave none.

In: a corpus' documents, passages and what became of each passage. Out: records, one a document. A
passage that runs over two pages counts on both, so pages do not add up to their document.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tasks.generate.account.tallies import Tally, total
from tasks.records.corpus import Passage
from tasks.records.coverage import DocumentCoverage, PageCoverage, PageState
from tasks.records.documents import FILE, LibraryFile, read_documents

_COUNTED = ("sentences", "asked", "kept")


def read_sources(corpus: Path, passages: Iterable[Passage]) -> list[LibraryFile]:
    """Return the documents of a corpus in their order, those that only passages name at the end.

    Raises DataError where the corpus' own account has another form.
    """
    files = read_documents(corpus) if (corpus / FILE).is_file() else []
    found = {file.name: file for file in files if file.pages is not None}
    for passage in passages:
        name = passage.document
        known = found.setdefault(name, LibraryFile(name=name, digest=passage.document_digest))
        if (known.pages or 0) < passage.pages[1]:
            found[name] = known.model_copy(update={"pages": passage.pages[1]})
    return list(found.values())


def cover(
    sources: Iterable[LibraryFile],
    passages: Iterable[Passage],
    found: Mapping[str, Tally],
    stopped_by: str,
) -> list[DocumentCoverage]:
    """Return the pages of each document, in order."""
    texts: dict[str, list[Passage]] = {}
    for passage in passages:
        texts.setdefault(passage.document, []).append(passage)
    return [_document(source, texts.get(source.name, []), found, stopped_by) for source in sources]


def _document(
    source: LibraryFile, texts: Sequence[Passage], found: Mapping[str, Tally], stopped_by: str
) -> DocumentCoverage:
    counts = total(found[passage.id] for passage in texts).counts
    rows = _pages(source, texts, found, stopped_by)
    return DocumentCoverage(
        document=source.name,
        digest=source.digest,
        pages=source.pages or 0,
        **{name: counts[name] for name in ("passages", "not_sampled", *_COUNTED)},
        states=dict(sorted(Counter(page.state for page in rows).items())),
        rows=rows,
    )


def _pages(
    source: LibraryFile, texts: Sequence[Passage], found: Mapping[str, Tally], stopped_by: str
) -> list[PageCoverage]:
    touching: dict[int, list[Tally]] = {}
    for passage in texts:
        for number in range(passage.pages[0], passage.pages[1] + 1):
            touching.setdefault(number, []).append(found[passage.id])
    empty, removed = frozenset(source.pages_without_text), source.removed_on()
    unread = {number: [flaw] for number, flaw in source.pages_unreadable.items()}
    return [
        _asked(number, touching[number], stopped_by)
        if number in touching
        else _bare(number, (removed | unread).get(number), without_text=number in {*empty, *unread})
        for number in range(1, (source.pages or 0) + 1)
    ]


def _asked(number: int, here: Sequence[Tally], stopped_by: str) -> PageCoverage:
    """Return a page with passages."""
    tally = total(here)
    state, why = _outcome(tally, stopped_by)
    return PageCoverage(
        page=number,
        state=state,
        passages=len(here),
        **{name: tally.counts[name] for name in _COUNTED},
        why={reason: count for reason, count in why.items() if count},
    )


def _bare(number: int, removed: Sequence[str] | None, *, without_text: bool) -> PageCoverage:
    """Return a page without passages; `removed` are the kinds of text that it held, or its flaw."""
    state: PageState = "no_text" if without_text else "no_passage" if removed is None else "removed"
    return PageCoverage(page=number, state=state, why=dict(Counter(removed or ())))


def _outcome(tally: Tally, stopped_by: str) -> tuple[PageState, Mapping[str, int]]:
    counts = tally.counts
    if counts["kept"]:
        return "kept", {}
    if counts["asked"]:
        lost = {name: counts[name] for name in ("no_reply", "unread")}
        return "rejected", {**lost, **dict(sorted(tally.rejected.items()))}
    if counts["planned"]:
        return "not_asked", {stopped_by: counts["planned"]}
    if counts["passages"]:
        return "skipped", dict(sorted(tally.skipped.items()))
    return "not_sampled", {}

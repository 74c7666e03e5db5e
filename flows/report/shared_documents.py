"""Tell of documents that stand in several domains: corpora in, sentences for the reader out.

One content is recognised by its digest, and the same text in other bytes or slightly changed by its
sentences: they are the same however passages are cut. Copies are on one side in all domains; of near
copies nothing knows before every domain is read, so what one tests and another trains on is not asked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.report.artifact_folders import Folders
from flows.report.words import percent
from tasks.records.corpus import Passage
from tasks.records.files import read_records
from tasks.text.sentence_keys import sentence_keys

FILE = "passages.jsonl"
NEAR = 0.5
"""Share of a document's sentences that stand in another one, from which on it is told of."""
MOST_BYTES = 20_000_000
"""Of the corpora that a plan looks through, some seconds' worth."""
_FEWEST = 5
"""Sentences below which a document is too short to tell."""


@dataclass
class _Text:
    """One document of one domain."""

    domain: str
    name: str
    digest: str
    sentences: set[int] = field(default_factory=set)
    """Their hashes: whole libraries are compared."""


def shared_documents(found: Folders, domains: Sequence[str]) -> list[str]:
    """Return a sentence for each two documents of two domains that say the same."""
    texts = [text for domain in domains for text in _texts(found, domain)]
    return [
        *(_same(one, other) for one, other in _pairs(texts)),
        *(_near(texts[one], texts[other], count) for one, other, count in _alike(texts)),
    ]


def near_copies(folders: Mapping[str, Path], domains: Sequence[str]) -> dict[str, list[str]]:
    """Return by domain a sentence for each two of other bytes; none of very long corpora."""
    found = Folders(folders)
    files = [file for name in found.names() if (file := found.file(name, FILE))]
    if sum(file.stat().st_size for file in files) > MOST_BYTES:
        return {}
    told: dict[str, list[str]] = {}
    texts = [text for domain in domains for text in _texts(found, domain)]
    for one, other, count in _alike(texts):
        for text in (texts[one], texts[other]):
            told.setdefault(text.domain, []).append(_near(texts[one], texts[other], count))
    return told


def _texts(found: Folders, domain: str) -> list[_Text]:
    def read(folder: Path) -> list[Passage]:
        return read_records(folder / FILE, Passage)

    texts: dict[str, _Text] = {}
    for passage in found.record(f"corpus/{domain}", FILE, read, optional=True) or []:
        text = texts.setdefault(passage.document, _Text(domain, passage.document, passage.document_digest))
        text.sentences |= set(sentence_keys(passage.own))
    return list(texts.values())


def _pairs(texts: Sequence[_Text]) -> Iterator[tuple[_Text, _Text]]:
    """Yield the first two of two domains that have one digest, and each further domain with the first."""
    first: dict[str, _Text] = {}
    for text in texts:
        known = first.setdefault(text.digest, text)
        if known.domain != text.domain:
            yield known, text


def _alike(texts: Sequence[_Text]) -> Iterator[tuple[int, int, int]]:
    """Yield the places of two documents of other bytes that share most sentences of the shorter one."""
    places: dict[int, list[int]] = {}
    for at, text in enumerate(texts):
        shared = Counter(
            other
            for sentence in text.sentences
            for other in places.get(sentence, ())
            if texts[other].domain != text.domain and texts[other].digest != text.digest
        )
        for other, count in sorted(shared.items()):
            shorter = min(len(text.sentences), len(texts[other].sentences))
            if shorter >= _FEWEST and count >= NEAR * shorter:
                yield other, at, count
        for sentence in text.sentences:
            places.setdefault(sentence, []).append(at)


def _same(one: _Text, other: _Text) -> str:
    return (
        f"{one.domain} and {other.domain}: {one.name} and {other.name} are one document. Its passages stand"
        " on one side in both, but a question about it has two right experts; one domain should have it."
    )


def _near(one: _Text, other: _Text, count: int) -> str:
    shorter = min(len(one.sentences), len(other.sentences))
    return (
        f"{one.domain} and {other.domain}: {percent(count / shorter)} of the sentences of {one.name} stand in"
        f" {other.name} too. What one tests and the other trains on is not asked, so that fewer questions"
        " measure; one domain should have the document."
    )

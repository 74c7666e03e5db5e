"""What a domain's questions were written from: QADataset and Corpus folders in, texts by side out.

Ready-made data sets have no passages; there the answers stand in, since they are all that the domain says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.records.corpus import Passage
from tasks.records.dataset import DRAWN, Example, Split
from tasks.records.files import read_records
from tasks.route.measure.labelled_questions import origin
from tasks.text.sentences import english_sentences
from tasks.text.words import find_words

LEAST_WORDS = 5
"""What is shorter is a heading or a label, and says nothing by itself."""


@dataclass(frozen=True)
class Source:
    """A passage, or the answer that stands in for one."""

    domain: str
    origin: str
    """What `Questions.groups` has for the questions on it."""
    split: Split | None
    """The side of its questions; none: no question was kept of it, so that it stands on no side."""
    text: str
    """Without what the passage repeats of the one before it."""
    is_passage: bool

    def sentences(self) -> list[str]:
        """Return its sentences of five words and more; a shorter text is one sentence as it is."""
        found = [one for one in english_sentences(self.text) if len(find_words(one)) >= LEAST_WORDS]
        return found or [self.text]


def read_sources(datasets: Mapping[str, Path], corpora: Mapping[str, Path]) -> tuple[Source, ...]:
    """Return the sources of every domain, domains in sorted order; a domain may lack its corpus."""
    return tuple(
        source
        for domain, folder in sorted(datasets.items())
        for source in _of_domain(domain, folder, corpora.get(domain))
        if source.text.strip()
    )


def _of_domain(domain: str, dataset: Path, corpus: Path | None) -> Iterator[Source]:
    file = corpus / "passages.jsonl" if corpus else None
    passages = {one.id: one for one in read_records(file, Passage)} if file and file.is_file() else {}
    examples = {split: read_records(dataset / f"{split}.jsonl", Example) for split in DRAWN}
    sides = {example.passage: split for split, some in examples.items() for example in some}
    for passage in passages.values():
        yield Source(domain, passage.id, sides.get(passage.id), passage.own, is_passage=True)
    for split, some in examples.items():
        for example in some:
            if example.passage not in passages:
                yield Source(domain, origin(example), split, example.answer, is_passage=False)

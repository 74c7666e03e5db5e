"""The questions a router learns from: QADataset folders in, labelled questions by split out.

Splits stay as the generate stage drew them, by passage, so that no passage is on two sides.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tasks.kernel.errors import DataError
from tasks.records.dataset import Example, Split
from tasks.records.files import read_records
from tasks.text.words import runs

_MAY_BE_EMPTY = frozenset({"validation", "recall"})


@dataclass(frozen=True)
class Questions:
    """Questions with the domain that each belongs to, in order."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    """What must stay on one side: the passage of each question, or the question itself."""

    @property
    def domains(self) -> list[str]:
        """The domains that occur, sorted."""
        return sorted(set(self.labels))

    def joined(self, other: Self) -> "Questions":
        """Return both, these first."""
        return Questions(
            self.ids + other.ids,
            self.texts + other.texts,
            self.labels + other.labels,
            self.groups + other.groups,
        )

    def at(self, indices: Iterable[int]) -> "Questions":
        """Return the questions at `indices`, in that order."""
        numbers = list(indices)
        columns = (self.ids, self.texts, self.labels, self.groups)
        return Questions(*(tuple(column[number] for number in numbers) for column in columns))


def read_questions(folders: dict[str, Path], split: Split) -> Questions:
    """Read one split of every domain, domains in sorted order; raise DataError where a domain has none."""
    ids, texts, labels, groups = [], [], [], []
    for domain, folder in sorted(folders.items()):
        path = folder / f"{split}.jsonl"
        # Earlier versions wrote no file of `recall`.
        examples = read_records(path, Example) if split != "recall" or path.is_file() else []
        if not examples and split not in _MAY_BE_EMPTY:
            raise DataError(
                f"{path}: domain {domain} has no {split} questions;"
                " give it more documents or generate more pairs"
            )
        ids += [example.id for example in examples]
        texts += [example.question for example in examples]
        labels += [domain] * len(examples)
        groups += [example.passage or plain(example.question) for example in examples]
    return Questions(tuple(ids), tuple(texts), tuple(labels), tuple(groups))


def plain(question: str) -> str:
    """Return what makes two questions the same: their words, without case, marks and spaces."""
    return " ".join(runs(question))


def require_each(questions: Questions, least: int) -> None:
    """Raise DataError unless every domain has at least `least` questions."""
    for domain, count in sorted(Counter(questions.labels).items()):
        if count < least:
            raise DataError(
                f"domain {domain}: {count} questions, but a stratified split needs at least {least};"
                " give it more documents or generate more pairs"
            )

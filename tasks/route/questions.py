"""The questions a router learns from: QADataset folders in, labelled questions by split out.

Splits stay as the generate stage drew them, by passage, so that no passage is on two sides.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tasks.errors import DataError
from tasks.records import Example, Split, read_records


@dataclass(frozen=True)
class Questions:
    """Questions with the domain that each belongs to, in order."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def domains(self) -> list[str]:
        """The domains that occur, sorted."""
        return sorted(set(self.labels))

    def joined(self, other: Self) -> "Questions":
        """Return both, these first."""
        return Questions(self.ids + other.ids, self.texts + other.texts, self.labels + other.labels)


def read_questions(folders: dict[str, Path], split: Split) -> Questions:
    """Read one split of every domain, domains in sorted order; raise DataError where a domain has none."""
    ids, texts, labels = [], [], []
    for domain, folder in sorted(folders.items()):
        examples = read_records(folder / f"{split}.jsonl", Example)
        if not examples and split != "validation":
            raise DataError(
                f"{folder / f'{split}.jsonl'}: domain {domain} has no {split} questions;"
                " give it more documents or generate more pairs"
            )
        ids += [example.id for example in examples]
        texts += [example.question for example in examples]
        labels += [domain] * len(examples)
    return Questions(tuple(ids), tuple(texts), tuple(labels))


def require_each(questions: Questions, least: int) -> None:
    """Raise DataError unless every domain has at least `least` questions."""
    for domain, count in sorted(Counter(questions.labels).items()):
        if count < least:
            raise DataError(
                f"domain {domain}: {count} questions, but a stratified split needs at least {least};"
                " give it more documents or generate more pairs"
            )

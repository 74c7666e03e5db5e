"""The questions a router learns from: QADataset folders in, labelled questions by split out.

Splits stay as the generate stage drew them, by passage, so that no passage is on two sides. Not all that a
router is given is both learned from and held out in turn: each row has its use, which folds and fits go by.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from tasks.kernel.errors import DataError
from tasks.records.dataset import Example, Split
from tasks.records.files import read_records
from tasks.text.words import runs

_MAY_BE_EMPTY = frozenset({"validation", "recall"})
Use = Literal["both", "fitted", "held_out"]
"""`both`: fitted on, and held out in turn to set confidence by; `fitted`: no question, but text that teaches
a domain's words; `held_out`: a question that no weight is to learn, but that users may ask all the same."""


@dataclass(frozen=True)
class Questions:
    """Questions with the domain that each belongs to, in order."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    """What must stay on one side: the passage of each question, or the question itself."""
    uses: tuple[Use, ...] = ()
    """Of each row; empty: `both`, all of them."""

    def __post_init__(self) -> None:
        """Write out the use of every row."""
        object.__setattr__(self, "uses", self.uses or ("both",) * len(self.ids))

    def of_use(self, *uses: Use) -> NDArray[np.bool_]:
        """Tell for each row whether its use is among these."""
        return np.isin(np.asarray(self.uses, dtype=np.str_), uses)

    def fitting(self) -> "Questions":
        """Return what weights are fitted on."""
        return self.at(np.flatnonzero(self.of_use("both", "fitted")).tolist())

    def asked(self) -> "Questions":
        """Return what confidence and thresholds may rest on: questions alone."""
        return self.at(np.flatnonzero(self.of_use("both", "held_out")).tolist())

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
            self.uses + other.uses,
        )

    def at(self, indices: Iterable[int]) -> "Questions":
        """Return the questions at `indices`, in that order."""
        numbers = list(indices)
        columns = (self.ids, self.texts, self.labels, self.groups)
        ids, texts, labels, groups = (tuple(column[number] for number in numbers) for column in columns)
        return Questions(ids, texts, labels, groups, tuple(self.uses[number] for number in numbers))


def read_questions(folders: dict[str, Path], split: Split) -> Questions:
    """Read one split of every domain, domains in sorted order; raise DataError where a domain has none."""
    rows: list[tuple[str, Example]] = []
    for domain, folder in sorted(folders.items()):
        path = folder / f"{split}.jsonl"
        # Earlier versions wrote no file of `recall`.
        examples = read_records(path, Example) if split != "recall" or path.is_file() else []
        if not examples and split not in _MAY_BE_EMPTY:
            raise DataError(
                f"{path}: domain {domain} has no {split} questions;"
                " give it more documents or generate more pairs"
            )
        rows += [(domain, example) for example in examples]
    return Questions(
        tuple(example.id for _, example in rows),
        tuple(example.question for _, example in rows),
        tuple(domain for domain, _ in rows),
        tuple(origin(example) for _, example in rows),
    )


def origin(example: Example) -> str:
    """Return what an example must stay together with: its passage, or itself where it has none."""
    return example.passage or plain(example.question)


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

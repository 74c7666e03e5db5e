"""What a person says of a sample of pairs, in a table beside the results.

In: pairs and the table of an earlier run. Out: the table, in which marks of the same question and answer
stay, and the share that is both grounded and answerable, with Wilson's interval at 95 %.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.records.corpus import Passage
from tasks.records.dataset import Example
from tasks.statistics.wilson import wilson

COLUMNS = ("id", "document", "pages", "question", "answer", "passage", "grounded", "answerable", "note")
_MARKS = ("grounded", "answerable", "note")


@dataclass(frozen=True)
class Marks:
    """How many of the sample are marked, and how many of those are good."""

    sampled: int
    marked: int
    good: int

    @property
    def share(self) -> float | None:
        """Return the share of good pairs, or None until all are marked."""
        return round(self.good / self.marked, 4) if self.marked == self.sampled > 0 else None

    @property
    def interval(self) -> list[float] | None:
        """Return Wilson's interval of the share at 95 %, or None until all are marked."""
        if self.share is None:
            return None
        return [round(bound, 4) for bound in wilson(self.good, self.marked)]


def write_sample(path: Path, examples: Sequence[Example], passages: Mapping[str, Passage]) -> Marks:
    """Write the pairs to read, with the marks that `path` holds for the same question and answer."""
    known = {(row["question"], row["answer"]): row for row in _rows(path)}
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for example in examples:
            before = known.get((example.question, example.answer), {})
            writer.writerow(
                _row(example, passages[example.passage]) | {key: before.get(key, "") for key in _MARKS}
            )
    return count_marks(path)


def count_marks(path: Path) -> Marks:
    """Count the marks, 1 for yes and 0 for no; a pair is marked where both columns are."""
    rows = _rows(path)
    marked = [row for row in rows if row["grounded"].strip() and row["answerable"].strip()]
    good = sum(row["grounded"].strip() == row["answerable"].strip() == "1" for row in marked)
    return Marks(len(rows), len(marked), good)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _row(example: Example, passage: Passage) -> dict[str, str]:
    return {
        "id": example.id,
        "document": example.document,
        "pages": "-".join(map(str, passage.pages)),
        "question": example.question,
        "answer": example.answer,
        "passage": passage.text,
    }

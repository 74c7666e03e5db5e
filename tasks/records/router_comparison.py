"""What a comparison of routers finds: `comparison.json`, one row a kind.

Values alone: they are printed as JSON, stored by the stage, and drawn by the report.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from tasks.records.files import Figures, read_json, write_json

FILE = "comparison.json"
Verdict = Literal["best", "not distinguishable", "worse", "not compared"]


class ComparedScope(Figures):
    """How well questions that belong to no domain are told from the others."""

    questions: int
    """Test questions that belong to no domain."""
    auroc: float
    """Chance that a question in scope looks more like it than one out of scope."""
    recall: float
    """Share recognised at the threshold where 4 % of the test questions in scope are lost."""
    own_recall: float | None
    """Share recognised at the router's own threshold, which knows no test question; none: it sets none."""
    own_loss: float | None
    """Share of the test questions in scope that are rejected there."""
    own_accuracy: float | None
    """Share of the test questions in scope that are kept there and routed right."""


class Compared(Figures):
    """What one kind of router reaches on the test questions."""

    kind: str
    accuracy: float
    """On all test questions as they are given."""
    macro_f1: float
    ece: float
    """Expected calibration error."""
    p95_ms: float
    """95th percentile of the time for one question alone, in process, on one core."""
    file_bytes: int
    train_seconds: float
    name: str
    """The kind, with a number where several of it are compared."""
    accuracy_low: float
    accuracy_high: float
    """Wilson's 95 % interval."""
    questions: int
    repeated_questions: int
    """Test questions that are word for word among the training questions."""
    near_questions: int
    """Other test questions that say nearly the same as a training question."""
    leak_free_accuracy: float | None
    """Without both of these; none: nothing is left."""
    leak_free_low: float | None
    leak_free_high: float | None
    leak_free_questions: int
    accuracy_8020: float | None = None
    """Of the same kind on a stratified 80/20 split of all questions, whose sides share passages: leaky."""
    p50_ms: float
    queries_per_second: float
    """In batches of 1,000 questions, on one core."""
    peak_memory_bytes: int
    """Of a process that loads the router and asks it."""
    stages: dict[str, float] = {}
    """Share of the questions that each stage of a cascade answers."""
    out_of_scope: ComparedScope | None = None
    """None: no test question belongs to no domain."""
    notes: dict[str, JsonValue] = {}
    """What fitting left, such as the candidates of `best` and which of them it is."""
    difference: float
    """Accuracy minus that of the best kind, on the leak-free questions, or on all where none are."""
    difference_low: float
    difference_high: float
    """Interval at 95 % or more for all kinds together."""
    p_value: float
    """Exact McNemar test against the best kind."""
    verdict: Verdict
    """`best` only where every other kind is worse beyond the noise."""


def write_comparison(folder: Path, rows: Sequence[Compared]) -> None:
    """Write `comparison.json`."""
    write_json(folder / FILE, [row.model_dump(mode="json") for row in rows])


def read_comparison(folder: Path) -> list[Compared]:
    """Return the rows of a comparison; raise DataError with file and field where they are damaged."""
    return read_json(folder / FILE, list[Compared])

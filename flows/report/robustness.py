"""The parts of report.json that say what the router stands, and what it costs.

In: values from the route stage's report and its metrics. Out: validated parts, gathered by
`flows.report.router`.
"""

from flows.report.figures import Part


class Astray(Part):
    """A question of a suite that went to a wrong expert."""

    question: str
    clean: list[str] = []
    """What it was made of."""
    domains: list[str]
    """Where it belongs."""
    routed: list[str]
    confidence: float | None = None


class Suite(Part):
    """The same questions before and after a change that should not matter."""

    name: str
    right: str = ""
    """What counts as right."""
    questions: int
    clean_accuracy: float | None = None
    """Before the change."""
    accuracy: float
    """And after it."""
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    """Wilson's 95 % interval."""
    bar: float | None = None
    """Least accuracy that the configuration asks for."""
    forms: dict[str, float] = {}
    """Accuracy by how the questions were changed."""
    worst: list[Astray] = []

    @property
    def passed(self) -> bool | None:
        """Whether it clears its bar; None without one."""
        return None if self.bar is None else self.accuracy >= self.bar


class StageShare(Part):
    """One stage of a cascade."""

    name: str
    share: float
    """Of the questions, answered here."""
    accuracy: float | None = None
    """Of those."""
    ms: float | None = None
    """For a question that it answers, with the stages before."""


class Speed(Part):
    """What routing costs on the machine of this run."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    """For one question alone, in process."""
    mean_ms: float | None = None
    """For a question, whoever answers."""
    queries_per_second: float | None = None
    """Asked in batches."""
    peak_memory_bytes: int | None = None
    file_bytes: int | None = None

"""The schema of report.json, version 1.

In: what `flows.report.collect` found. Out: validated values, the same for programs that read
the JSON and for the HTML page. Whatever a failed run did not reach is null or empty, and named in
`domains.<name>.missing`. Sizes are bytes, times seconds unless the name says otherwise.
"""

from typing import Literal

from pydantic import Field

from flows.report.account import Cost, DocumentReport, PairToRead
from flows.report.figures import (
    ByteGroup,
    Comparison,
    EdgePerplexity,
    EdgeRuntime,
    Funnel,
    Interval,
    MergeCheck,
    Part,
    Perplexities,
    Sample,
    Sizes,
    Training,
)
from flows.report.router import RouterReport

SCHEMA: Literal["pocketmoe-report-1"] = "pocketmoe-report-1"
RunStatus = Literal["completed", "failed", "cancelled"]
StageStatus = Literal["built", "cached", "failed", "skipped", "left"]
"""`skipped`: an input failed or was left; `left`: neither there nor asked for."""


class DomainReport(Part):
    """Everything about one domain's expert."""

    passages: int | None = None
    pairs: int | None = None
    """Pairs kept."""
    funnel: Funnel | None = None
    documents: list[DocumentReport] = []
    """What became of each file, page by page."""
    cost: Cost | None = None
    pairs_to_read: list[PairToRead] = []
    """A sample of the kept pairs, then of those rejected for each reason."""
    perplexity: Perplexities = Perplexities()
    questions: int | None = None
    """Held-out questions behind the perplexities."""
    comparison: Comparison | None = None
    """With the generalist."""
    comparison_with_base: Comparison | None = None
    """With the untouched base model; `ratio` is expert / base."""
    sizes: Sizes = Sizes()
    breakdown: list[ByteGroup] = []
    edge_perplexity: EdgePerplexity | None = None
    edge: EdgeRuntime | None = None
    merge: MergeCheck | None = None
    training: Training | None = None
    files: dict[str, str] = {}
    """Path of each file to take away, `bundle` first of all."""
    samples: list[Sample] = []
    missing: list[str] = []
    """Steps that this run did not reach."""


class Generalist(Part):
    """The baseline that knows all domains."""

    training: Training | None = None
    merge: MergeCheck | None = None
    adapter_bytes: int | None = None


class SystemReport(Part):
    """A whole system on all held-out questions."""

    perplexity: float | None = None
    rouge_l: float | None = None
    bleu: float | None = None
    latency_ms: float | None = None
    """Mean time from question to finished answer."""
    latency_p95_ms: float | None = None
    routing_ms: float | None = None
    """Mean time of the router alone, part of `latency_ms`."""
    intervals: dict[str, Interval] = {}
    """The same figures with intervals, where they were computed."""


class StageRow(Part):
    """What became of one stage for one domain."""

    stage: str
    domain: str = ""
    """Empty where the stage serves every domain."""
    status: StageStatus
    seconds: float | None = None
    """Time to build, now or when it was first built."""
    metrics: dict[str, float] = {}
    """What the stage measured of itself."""
    peak_memory_bytes: int | None = None
    key: str = ""
    digest: str = ""
    mlflow_run: str = ""
    reason: str = ""
    """The error of a failed stage, or what a skipped one was waiting for."""


class Environment(Part):
    """What the run ran on."""

    cores: int | None = None
    memory_bytes: int | None = None
    machine: str = ""
    versions: dict[str, str] = {}
    git_commit: str = ""


class RunFacts(Part):
    """What only the flow knows of a run."""

    run: str = ""
    """The run's name: its folder under artifacts/runs."""
    status: RunStatus
    seconds: float
    """Wall time of the whole run."""
    peak_memory_bytes: int | None = None
    """The largest stage's, or the whole run's where it was measured."""
    environment: Environment = Environment()
    warnings: list[str] = []
    """What a reader must know before using a figure; shown on top of the page."""


class Report(RunFacts):
    """A whole run."""

    schema_: Literal["pocketmoe-report-1"] = Field(default=SCHEMA, alias="schema")
    config: dict[str, object]
    router: RouterReport | None = None
    domains: dict[str, DomainReport] = {}
    generalist: Generalist = Generalist()
    systems: dict[str, SystemReport] = {}
    """`real` routes by the router, `oracle` by the known domain, `generalist` does not route."""
    stages: list[StageRow] = []

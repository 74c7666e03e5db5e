"""The schema of report.json, version 2.

In: what `flows.report.collect` found. Out: validated values, the same for programs that read
the JSON and for the HTML page. Whatever a failed run did not reach is null or empty, and named in
`domains.<name>.missing`. Sizes are bytes, times seconds unless the name says otherwise.
"""

from typing import Literal

from pydantic import Field

from flows.report.evaluation_samples import ShownAnswer
from flows.report.pair_account import DocumentPages
from tasks.records.documents import LibraryFile
from tasks.records.edge import ByteGroup, Sizes
from tasks.records.evaluation import DomainEvaluation, SystemEvaluation
from tasks.records.files import Figures
from tasks.records.funnel import Funnel
from tasks.records.healing import HealingRecord
from tasks.records.merge import MergeCheck
from tasks.records.recipe import RecipeSearch
from tasks.records.router import RouterReport
from tasks.records.routing import RoutingTax
from tasks.records.samples import Samples
from tasks.records.training import AdapterShape, Training

SCHEMA: Literal["pocketmoe-report-2"] = "pocketmoe-report-2"
RunStatus = Literal["completed", "failed", "cancelled"]
StageStatus = Literal["built", "cached", "failed", "skipped", "left"]
"""`skipped`: an input failed or was left; `left`: neither there nor asked for."""


class TrainedReport(Figures):
    """How an adapter was trained and merged."""

    training: Training | None = None
    adapter: AdapterShape | None = None
    """What was really trained, as its own files say."""
    merge: MergeCheck | None = None


class DomainReport(TrainedReport):
    """Everything about one domain's expert."""

    passages: int | None = None
    pairs: int | None = None
    """Pairs kept."""
    funnel: Funnel | None = None
    documents: list[LibraryFile] = []
    """What became of each file."""
    pages: list[DocumentPages] = []
    """And of its pages."""
    pairs_to_read: Samples | None = None
    """A sample of the kept pairs, and of those rejected for each reason."""
    healing: HealingRecord | None = None
    """None: it was converted as it was merged."""
    evaluation: DomainEvaluation | None = None
    """Everything measured on its held-out questions."""
    sizes: Sizes = Sizes()
    breakdown: list[ByteGroup] = []
    files: dict[str, str] = {}
    """Path of each file to take away, `bundle` first of all."""
    samples: list[ShownAnswer] = []
    missing: list[str] = []
    """Steps that this run did not reach."""


class Generalist(TrainedReport):
    """The baseline that knows all domains."""

    adapter_bytes: int | None = None


class StageRow(Figures):
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


class Environment(Figures):
    """What the run ran on."""

    cores: int | None = None
    memory_bytes: int | None = None
    machine: str = ""
    versions: dict[str, str] = {}
    git_commit: str = ""


class RunFacts(Figures):
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

    schema_: Literal["pocketmoe-report-2"] = Field(default=SCHEMA, alias="schema")
    config: dict[str, object]
    router: RouterReport | None = None
    tax: RoutingTax | None = None
    """What answers lose where another model than the right expert gives them."""
    recipe: RecipeSearch | None = None
    """None: the recipe of bundles was given."""
    healing: HealingRecord | None = None
    """Of the base; none: no bundle is made of healed weights."""
    domains: dict[str, DomainReport] = {}
    generalist: Generalist = Generalist()
    systems: dict[str, SystemEvaluation] = {}
    """`real` routes by the router, `oracle` by the known domain, `generalist` does not route."""
    stages: list[StageRow] = []

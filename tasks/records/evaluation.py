"""What the evaluation concludes, in `evaluation.json`, and every generated answer, in `answers.jsonl`.

MLflow's metrics, the report and promotion read these types, so that a figure has one name. AnswerScores of
answers stand beside the other figures under the names of their metrics, whichever were asked for.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from tasks.records.chain import Link
from tasks.records.edge import Sizes
from tasks.records.estimate import AnswerScores, Estimate
from tasks.records.files import Figures, read_json, read_records, write_json, write_records

SCHEMA: Literal["pocketmoe-evaluation-1"] = "pocketmoe-evaluation-1"
FILE = "evaluation.json"
ANSWERS = "answers.jsonl"


class Perplexities(Figures):
    """Perplexity of the reference answers to held-out questions: lower is better."""

    base: Estimate
    """The base model, untouched."""
    expert: Estimate
    """The base with this domain's adapter."""
    generalist: Estimate
    """The base with the adapter trained on all domains."""


class Comparison(Figures):
    """Two models' perplexities on the same resampled questions."""

    ratio: Estimate
    """Ours divided by the other's: below 1 ours is better."""
    difference: Estimate | None = None
    """Ours minus the other's; None in reports of earlier versions."""
    verdict: str = ""


class EdgePerplexity(Figures):
    """What INT4 costs: the shipped bundle against the float model on the same held-out tokens."""

    model_config = ConfigDict(populate_by_name=True)

    edge: Estimate
    """The bundle, scored by the phone's runtime."""
    float_: Estimate = Field(alias="float")
    """The merged model before quantization."""
    loss: Estimate
    """Edge / float - 1: 0.10 is ten per cent worse."""
    prompts: int
    tokens: int | None = None
    method: str
    """How the bundle was scored, so that others can repeat it."""


class EdgeRuntime(AnswerScores):
    """The bundle at work on this machine, in the phone's runtime.

    The bundle's scores stand under the metrics' names, the float model's on the same questions under
    `float_<metric>`.
    """

    prompts: int
    """Held-out questions answered."""
    decode_tokens_per_second: float
    prefill_tokens_per_second: float
    time_to_first_token_ms: float
    latency_ms: float
    init_seconds: float
    memory_bytes: int
    threads: int
    context_tokens: int | None = None


class DomainEvaluation(Figures):
    """Everything measured on one domain's held-out questions."""

    questions: int
    answer_tokens: int | None = None
    perplexity: Perplexities
    comparison: Comparison
    """The expert with the generalist."""
    comparison_with_base: Comparison
    scores: dict[str, AnswerScores] = {}
    """Of each system's answers to this domain's questions; `oracle` asks its expert."""
    sizes: Sizes = Sizes()
    edge_perplexity: EdgePerplexity | None = None
    """None, as `edge`: the domain has no bundle."""
    edge: EdgeRuntime | None = None
    chain: list[Link] = []
    """From the adapter to the bundle in its runtime, form by form."""


class Latency(Figures):
    """Milliseconds from question to finished answer, one question at a time."""

    mean: float
    p50: float | None = None
    p95: float
    routing_mean: float
    """Of the router alone, part of `mean`."""
    questions: int | None = None


class SystemEvaluation(AnswerScores):
    """A whole system on all held-out questions."""

    perplexity: Estimate
    latency_ms: Latency


class SystemComparison(AnswerScores):
    """The routed system against another on the same questions; scores as `<metric>_difference`."""

    perplexity: Comparison


class Quality(AnswerScores):
    """What is lost where another model than the right expert answers; scores below 0 are lost."""

    loss: Estimate
    """Nats a token of the reference answers, mean over the questions; above 0: lost."""
    perplexity_ratio: Estimate
    """Asked over right; above 1: lost."""
    within_noise: bool
    verdict: str


class Tax(Quality):
    """The loss on the questions of one domain that one other model answered."""

    domain: str
    """The right one."""
    asked: str
    """The domain whose expert answered, or `generalist`."""
    outcome: str
    """`expert`; where no expert answered, `generalist` or `refused`."""
    questions: int
    share: dict[str, float]
    """Of the total, by measure; all shares add up to it."""


class RoutingTax(Figures):
    """Quality lost by sending questions elsewhere than to their own expert."""

    questions: int
    misrouted: int
    """Questions that another domain's expert answered."""
    pairs: list[Tax]
    """Where an expert of another domain answered, dearest first."""
    elsewhere: list[Tax]
    """Where no expert answered, dearest first."""
    total: Quality
    """The routed system against oracle routing, over all questions."""
    needed: int
    """Questions below which there are no intervals."""
    method: str


class RouterEvaluation(Figures):
    """How well questions found their expert."""

    accuracy: float
    low: float
    high: float
    """Wilson's interval."""
    questions: int
    labels: list[str]
    confusion: list[list[int]]
    """One row for each true domain, one column for each chosen one, in the order of `labels`."""
    mean_confidence: float
    outcomes: dict[str, int]
    """Questions that an expert answers, that the generalist answers, and that are refused."""
    tax: RoutingTax


class Memory(Figures):
    """Of the process that measured."""

    peak_bytes: int


class Evaluation(Figures):
    """Everything that the evaluation says."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Literal["pocketmoe-evaluation-1"] = Field(default=SCHEMA, alias="schema")
    domains: dict[str, DomainEvaluation]
    systems: dict[str, SystemEvaluation]
    """`real` routes by the router, `oracle` by the known domain, `generalist` does not route."""
    comparison: dict[str, SystemComparison]
    router: RouterEvaluation
    memory: Memory
    settings: dict[str, JsonValue]
    warnings: list[str]
    findings: list[str]


class Answer(Figures):
    """One line of answers.jsonl: a generated answer beside its reference, with its score by each metric."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float] = Field(init=False)

    id: str
    """The question's."""
    domain: str
    routed: str
    """The domain that the router holds for the most probable."""
    outcome: str
    """Whether the routed system asks that domain's expert or the generalist, or refuses the question."""
    confidence: float
    model: str
    """`expert/<domain>`, `generalist` or `edge/<domain>`."""
    systems: tuple[str, ...]
    """The systems that give this answer; empty for bundles."""
    question: str
    reference: str
    answer: str
    nats: float | None = None
    """The model's loss on the reference answer, summed over `tokens`; none where it was not scored."""
    tokens: int | None = None


def write_evaluation(folder: Path, evaluation: Evaluation, answers: Iterable[Answer]) -> None:
    """Write `evaluation.json` and `answers.jsonl`."""
    write_json(folder / FILE, evaluation.model_dump(mode="json", by_alias=True))
    write_records(folder / ANSWERS, answers)


def read_evaluation(folder: Path) -> Evaluation:
    """Return what an evaluation says; raise DataError with file and field where it has another form."""
    return read_json(folder / FILE, Evaluation, "run the evaluation again")


def read_answers(folder: Path) -> list[Answer]:
    """Return every answer of an evaluation; raise DataError with file and line where one is malformed."""
    return read_records(folder / ANSWERS, Answer)

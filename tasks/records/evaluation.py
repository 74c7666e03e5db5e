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
from tasks.records.routing import RouterEvaluation

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


class KeyFacts(Figures):
    """Share of answers that say what their question asks for: a name, a number, a thing.

    Greedy answers, and only questions for a single fact.
    """

    questions: int
    base: Estimate
    expert: Estimate
    generalist: Estimate
    edge: Estimate | None = None
    """The bundle, on those of the questions that it was asked."""
    gain: Estimate
    """The expert's share minus the base model's, on the same questions."""


class OnYardstick(Figures):
    """A domain's expert, beside the base model and the generalist, on questions of one yardstick."""

    questions: int
    passages: int | None = None
    """On which the questions stand; None in reports of earlier versions."""
    answer_tokens: int | None = None
    perplexity: Perplexities
    comparison: Comparison
    """The expert with the generalist."""
    comparison_with_base: Comparison
    scores: dict[str, AnswerScores] = {}
    """Of each system's answers to this domain's questions; `oracle` asks its expert."""
    key_facts: KeyFacts | None = None
    """None where no question asks for a single fact."""
    edge_perplexity: EdgePerplexity | None = None
    """None: the domain has no bundle."""


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


class DomainEvaluation(OnYardstick):
    """Everything measured on one domain; itself on `transfer`: passages that nobody trained on."""

    recall: OnYardstick | None = None
    """Facts of training passages, which training tells in another form; the answers are the facts alone. None
    where nothing was held out for it: ready-made data sets, or `generate.recall_share: 0`."""
    sizes: Sizes = Sizes()
    edge: EdgeRuntime | None = None
    """None: the domain has no bundle."""
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
    yardstick: Literal["transfer", "recall"] = "transfer"
    routed: str
    """The domain that the router holds for the most probable."""
    outcome: str
    """Whether the routed system asks that domain's expert or the generalist, or refuses the question."""
    confidence: float
    model: str
    """`expert/<domain>`, `generalist`, `base` or `edge/<domain>`."""
    systems: tuple[str, ...]
    """The systems that give this answer; empty for bundles and the base model."""
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

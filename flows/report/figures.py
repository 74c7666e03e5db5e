"""The parts of report.json that hold one stage's figures.

In: values from the stages' own files. Out: validated parts, gathered by `flows.report.schema`.
Fields that a stage did not fill are null, so that a dash on the page never means zero.
"""

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A frozen piece of the report."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Interval(Part):
    """A measured value with its 95 % bootstrap interval, where one was computed."""

    value: float
    low: float | None = None
    high: float | None = None


class Funnel(Part):
    """From passages to question-answer pairs; null where a stage did not count."""

    passages: int | None = None
    """Passages that were chosen to be asked about."""
    not_sampled: int | None = None
    """Passages that were not."""
    sentences: int | None = None
    used: int | None = None
    """Sentences that something was asked about; the others are in `skipped`."""
    skipped: dict[str, int] = {}
    """Sentences left out, by reason."""
    planned: int | None = None
    not_asked: int | None = None
    """Pairs that the budget left no room for: `planned` - `asked`."""
    asked: int | None = None
    """Pairs that the teacher was asked for."""
    no_reply: int | None = None
    returned: int | None = None
    """Pairs asked for by prompts that came back with something."""
    unread: int | None = None
    """Pairs that no reply held in a readable form."""
    surplus: int | None = None
    """Pairs beyond those asked for: `returned` + `surplus` = `unread` + `parsed`."""
    parsed: int | None = None
    examples: int | None = None
    """Examples of a ready-made data set."""
    restored: int | None = None
    """Pairs that a review brought back."""
    rejected: dict[str, int] = {}
    """Pairs dropped, by reason."""
    kept: int | None = None
    train: int | None = None
    validation: int | None = None
    test: int | None = None
    question_types: dict[str, int] = {}
    """Kept pairs by type."""
    replies: dict[str, int] = {}
    """Prompts `asked`, `returned`, `parsed` and `repaired`: one may ask for several pairs."""
    stopped_by: str = ""
    """The limit of the budget at which asking ended."""
    input_tokens: int | None = None
    output_tokens: int | None = None


class Perplexities(Part):
    """Perplexity of the reference answers to held-out questions: lower is better."""

    base: Interval | None = None
    """The base model, untouched."""
    expert: Interval | None = None
    """The base with this domain's adapter."""
    generalist: Interval | None = None
    """The base with the adapter trained on all domains."""


class Comparison(Part):
    """Does the expert beat the generalist?"""

    verdict: str
    """One plain sentence."""
    ratio: float
    """Expert's perplexity divided by the other's: below 1 the expert is better."""
    low: float
    high: float
    """Paired bootstrap interval of the ratio."""


class Sizes(Part):
    """Bytes of a domain's model at every step."""

    adapter: int | None = None
    merged_bf16: int | None = None
    float_tflite: int | None = None
    int4_tflite: int | None = None
    bundle: int | None = None


class ByteGroup(Part):
    """Where bytes of the bundle go."""

    group: str
    """`embedding`, `attention`, `mlp`, ...; or a section of the bundle such as `tokenizer`."""
    dtype: str = ""
    bytes: int
    tensors: int | None = None


class EdgePerplexity(Part):
    """What INT4 costs: the shipped bundle against the float model on the same held-out tokens."""

    edge: float
    """The bundle, scored by the phone's runtime."""
    float_: float = Field(alias="float")
    """The merged model before quantization."""
    loss: float
    """Edge / float - 1: 0.10 is ten per cent worse."""
    method: str = ""
    """How the bundle was scored, so that others can repeat it."""
    prompts: int | None = None
    intervals: dict[str, Interval] = {}
    """`edge`, `float` and `loss` with their intervals."""


class EdgeRuntime(Part):
    """The bundle at work on this machine, in the phone's runtime."""

    prompts: int
    """Held-out questions answered."""
    rouge_l: Interval | None = None
    float_rouge_l: Interval | None = None
    """The float model's on the same questions."""
    decode_tokens_per_second: float | None = None
    prefill_tokens_per_second: float | None = None
    time_to_first_token_ms: float | None = None
    latency_ms: float | None = None
    init_seconds: float | None = None
    memory_bytes: int | None = None
    threads: int | None = None


class MergeCheck(Part):
    """Adapter and merged model compared on probe texts."""

    mean_kl: float
    """Mean divergence of their next-token distributions, in nats a token."""
    tolerance: float
    """The largest `mean_kl` that the merge stage accepts."""
    max_abs_logit_difference: float | None = None
    mean_abs_logit_difference: float | None = None
    top1_agreement: float | None = None
    """Share of positions where both choose the same token."""
    probes: int | None = None


class Training(Part):
    """One adapter's training."""

    tokens: int | None = None
    """Tokens seen, prompt and answer."""
    token_budget: int | None = None
    """Tokens allowed: the same rule for experts and generalist."""
    examples: int | None = None
    steps: int | None = None
    losses: list[float] = []
    """Nats per supervised token, step by step."""
    validation_loss_before: dict[str, float] = {}
    validation_loss_after: dict[str, float] = {}
    """By domain."""


class Sample(Part):
    """A held-out question with the systems' answers."""

    question: str
    reference: str
    routed: str
    confidence: float
    answers: dict[str, str]
    """By the systems that gave them."""

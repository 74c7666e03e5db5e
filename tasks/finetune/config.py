"""How an adapter is trained: quantization, adapter kind, budget and optimizer.

In: YAML. Out: frozen values whose defaults are the reference systems' hyperparameters.
Quantization and adapter kind are two independent fields, so that every combination can be
compared; what cannot be trained yet still validates and is refused by name.
"""

from typing import Annotated, Literal

from pydantic import Field

from tasks.kernel.config import Slice
from tasks.models.compute_type import Computed

SEVEN_PROJECTIONS: tuple[str, ...] = (
    "q_proj",
    "k_proj",
    "v_proj",
    "o_proj",
    "gate_proj",
    "up_proj",
    "down_proj",
)

TargetModules = Literal["all-linear"] | Annotated[tuple[str, ...], Field(min_length=1)]


class LowRank(Slice):
    """What LoRA and DoRA share."""

    rank: int = Field(default=16, ge=1, le=512)
    """Inner width of the two factors."""
    alpha: int = Field(default=32, ge=1)
    """The update is scaled by alpha / rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Probability of dropping an input of the adapter during training."""
    target_modules: TargetModules = "all-linear"
    """Layer names, or `all-linear`: the seven projections of attention and MLP."""


class LoraAdapter(LowRank):
    """Low-rank adaptation (arXiv:2106.09685)."""

    kind: Literal["lora"] = "lora"


class DoraAdapter(LowRank):
    """Weight-decomposed low-rank adaptation (arXiv:2402.09353)."""

    kind: Literal["dora"] = "dora"


class Ia3Adapter(Slice):
    """Learned rescaling of activations (arXiv:2205.05638), with an optional soft prompt."""

    kind: Literal["ia3"] = "ia3"
    soft_prompt_tokens: int = Field(default=0, ge=0, le=256)
    """Trained virtual tokens in front of the prompt."""


class LokrAdapter(Slice):
    """Low-rank Kronecker product (arXiv:2309.14859)."""

    kind: Literal["lokr"] = "lokr"
    rank: int = Field(default=16, ge=1, le=512)
    """Inner width of the larger Kronecker factor."""
    factor: int = Field(default=8, ge=-1, le=512)
    """Size of the smaller Kronecker factor; -1 takes the most even split."""


PlainAdapter = Annotated[LoraAdapter | DoraAdapter | Ia3Adapter | LokrAdapter, Field(discriminator="kind")]


class Tier(Slice):
    """The adapter for domains of one complexity."""

    adapter: PlainAdapter
    """Kind and size used in this tier."""
    ranks: tuple[int, int] | None = None
    """Smallest and largest rank that the tier may choose; none keeps the adapter's own."""


class TieredAdapter(Slice):
    """An adapter chosen by the measured complexity of the domain."""

    kind: Literal["tiered"] = "tiered"
    simple: Tier
    """For narrow domains."""
    moderate: Tier
    """For domains of middling breadth."""
    complex: Tier
    """For broad domains."""


Adapter = Annotated[
    LoraAdapter | DoraAdapter | Ia3Adapter | LokrAdapter | TieredAdapter, Field(discriminator="kind")
]


class FinetuneConfig(Slice):
    """One training run: a domain's expert or the generalist."""

    quantization: Literal["nf4", "none", "int4"] = "nf4"
    """How the frozen base is held while the adapter is trained: `nf4` takes least memory, `none` gives the
    best experts, `int4` trains on the healed base, for adapters that stay apart from it."""
    double_quantization: bool = True
    """With nf4: quantize the block scales as well."""
    compute_dtype: Computed = "bfloat16"
    """Type of matrix products, and beside 4-bit layers of the other weights; `auto`: bfloat16 where the
    hardware multiplies it itself, otherwise float32, which is faster there."""
    adapter: Adapter = LoraAdapter()
    """What is trained."""
    num_epochs: int = Field(default=3, ge=1, le=1000)
    """Passes over a domain's examples, where no token budget is given."""
    token_budget: int | None = Field(default=None, ge=64)
    """Prompt and answer tokens that one run may see, the same for experts and generalist.
    None: num_epochs passes; for the generalist the mean of that over the domains."""
    per_device_batch_size: int = Field(default=4, ge=1, le=1024)
    """Examples in one forward pass."""
    gradient_accumulation_steps: int = Field(default=8, ge=1, le=1024)
    """Forward passes in one optimizer step."""
    learning_rate: float = Field(default=1e-4, gt=0, le=1)
    """Peak learning rate."""
    warmup_steps: int = Field(default=50, ge=0)
    """Optimizer steps with rising learning rate; a run with fewer steps never reaches the peak."""
    lr_scheduler: Literal["linear", "cosine", "constant_with_warmup"] = "linear"
    """How the learning rate falls after the warm-up."""
    weight_decay: float = Field(default=0.0, ge=0, le=1)
    """Decoupled weight decay of the adapter's weights."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """Gradients are clipped to this norm."""
    max_length: int = Field(default=1024, ge=16)
    """Examples with more tokens are left out and counted: a cut answer would teach not to stop."""
    optimizer: Literal["auto", "adamw_torch", "paged_adamw_8bit"] = "auto"
    """`auto`: paged_adamw_8bit where there is CUDA, otherwise adamw_torch."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: less memory, about a third more time."""
    validation_examples: int = Field(default=100, ge=1)
    """At most so many validation examples of each domain are scored before and after training."""
    seed: int = Field(default=42, ge=0)
    """Draws the order of examples, the adapter's start and dropout."""

    @property
    def computes_16_bits(self) -> bool:
        """Whether matrix products are in bfloat16, and everything else as it is held."""
        return self.compute_dtype == "bfloat16"

    def refusals(self) -> list[str]:
        """Return one sentence for each valid value that cannot be trained yet."""
        kind = self.adapter.kind
        if kind not in _INSTEAD:
            return []
        return [f"`adapter.kind`: {kind} is not built yet; {_INSTEAD[kind]} meanwhile"]


_INSTEAD = {
    "ia3": "use `kind: lora` with rank 4 on k_proj, v_proj and down_proj",
    "lokr": "use `kind: dora` with the same rank",
    "tiered": "give each domain its own `adapter` of kind lora or dora",
}

"""How weights are made to survive their grid: on which text, with how many steps, or not at all.

In: YAML. Out: frozen values. A run's configuration holds `HealConfig`; the stages are given what decides
their own work, so that neither a new domain nor the settings of experts touch the healed base.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tasks.kernel.config import How, Slice, UserPath
from tasks.kernel.workspace import Inputs
from tasks.models.compute_type import Computed, ComputeType, fitting
from tasks.models.int4 import Int4
from tasks.records.recipe import read_choice

NEUTRAL = Path(__file__).with_name("neutral.jsonl")
"""What the embedded model wrote: answers to the questions of `writing.py`, and documents."""


class CarriedText(Slice):
    """Conversations and documents on everyday things that come with the project."""

    kind: Literal["carried"] = "carried"

    def files(self) -> dict[str, Path]:
        """Return the file that holds them."""
        return {"text": NEUTRAL}


class WrittenText(Slice):
    """Text that the base writes itself: to the same questions and beginnings as the carried one."""

    kind: Literal["written"] = "written"
    conversations: int = Field(default=300, ge=2, le=300)
    """Questions that it answers."""
    documents: int = Field(default=128, ge=0, le=500)
    """Beginnings that it goes on from."""

    def files(self) -> dict[str, Path]:
        """Return nothing: the text does not exist yet."""
        return {}


class TextFile(Slice):
    """The user's own text: JSON lines with `question` and `answer` or with `text`, or plain text."""

    kind: Literal["file"] = "file"
    path: How[UserPath]
    """Its bytes count, and not where it is."""

    def files(self) -> dict[str, Path]:
        """Return the file."""
        return {"text": self.path}


NeutralText = Annotated[CarriedText | WrittenText | TextFile, Field(discriminator="kind")]


class Schedule(Slice):
    """Optimizer steps and learning rate."""

    max_steps: int = Field(default=40, ge=0, le=100_000)
    """Steps at most; 0 only rounds."""
    learning_rate: float = Field(default=1e-4, gt=0, le=1)
    """Peak learning rate of AdamW."""
    warmup_steps: int = Field(default=3, ge=0)
    """Steps with rising learning rate."""
    final_share: float = Field(default=0.1, ge=0, le=1)
    """Share of the peak to which the learning rate falls in a line; 1 keeps it."""
    per_device_batch_size: int = Field(default=4, ge=1, le=1024)
    """Sequences in one step."""
    validations: int = Field(default=4, ge=1, le=1000)
    """How often validation is asked on the way; a checkpoint is kept each time, and the best one wins."""
    patience: int = Field(default=4, ge=1)
    """Validations without a better one after which healing stops. While the rate is high divergence may rise
    first, so that by default every step is made."""
    validation_sequences: int = Field(default=16, ge=1)
    """Held-back sequences, or validation examples, that decide which step is kept."""
    sequence_tokens: int = Field(default=128, ge=16, le=8192)
    """The text of the base, and what GPTQ sees, is cut into pieces of so many tokens."""
    calibration_sequences: int = Field(default=64, ge=1)
    """Pieces of text that GPTQ sees."""


class BaseSchedule(Schedule):
    """For the base: on neutral text, all tokens count."""

    max_steps: int = Field(default=80, ge=0, le=100_000)
    """Steps at most; 0 only rounds."""
    validation_sequences: int = Field(default=8, ge=1)
    """Held-back pieces of text that decide which step is kept."""
    calibration_sequences: int = Field(default=128, ge=1)
    """Pieces of text that GPTQ sees: conversations and documents, of which an expert needs fewer kinds."""
    start: Literal["gptq", "rounded"] = "gptq"
    """Where training begins: `gptq` rounds each weight so that it makes up for the ones before it, `rounded`
    rounds each to the nearest value."""


class ExpertSchedule(Schedule):
    """For an expert: on its training examples, the answer's tokens count."""

    max_steps: int = Field(default=200, ge=0, le=100_000)
    """Steps at most."""
    start: Literal["gptq", "healed"] = "gptq"
    """Where training begins: `gptq` rounds the float expert so, on its own training examples; `healed` lays
    its update on the healed base."""
    num_epochs: int = Field(default=2, ge=1, le=1000)
    """Passes over the training examples."""
    max_length: int = Field(default=1024, ge=16)
    """Examples with more tokens are left out."""


class HealConfig(Slice):
    """Healing of the base, once, and of each expert after it."""

    kind: Literal["distill", "none"] = "distill"
    """`distill`: trained on the grid towards the float model. `none`: for bases that come healed."""
    text: NeutralText = CarriedText()
    """What the base is healed on: of no domain."""
    base: BaseSchedule = BaseSchedule()
    expert: ExpertSchedule = ExpertSchedule()
    compute_dtype: Computed = Field(default_factory=fitting)
    """Type of activations; weights, grid and losses are float32. `auto`, the default, is bfloat16 where the
    hardware multiplies it itself, otherwise float32."""
    seed: int = Field(default=42, ge=0)
    """Draws the order of the text."""

    @property
    def begins_healed(self) -> bool:
        """Tell whether an expert's update is laid on the healed base."""
        return self.kind == "distill" and self.expert.start == "healed"

    def refusals(self) -> list[str]:
        """Return nothing: every valid value can be served."""
        return []


class Healing(Slice):
    """What decides the work of either stage."""

    grid: Int4 | None
    """As conversion has it; none: as it was searched."""
    compute_dtype: ComputeType
    seed: int

    def recipe(self, inputs: Inputs) -> Int4:
        """Return the grid, which a search may have left in the input `recipe`."""
        return self.grid or Int4.model_validate(read_choice(inputs["recipe"]))


class BaseHealing(Healing):
    """Healing of the base."""

    text: NeutralText
    schedule: BaseSchedule


class ExpertHealing(Healing):
    """Healing of one expert."""

    schedule: ExpertSchedule


def of_base(config: HealConfig, grid: Int4 | None) -> BaseHealing:
    """Return what the healing of the base depends on."""
    return BaseHealing(text=config.text, schedule=config.base, **_shared(config, grid))


def of_expert(config: HealConfig, grid: Int4 | None) -> ExpertHealing:
    """Return what the healing of an expert depends on."""
    return ExpertHealing(schedule=config.expert, **_shared(config, grid))


def _shared(config: HealConfig, grid: Int4 | None) -> dict[str, object]:
    return {
        "grid": grid,
        "compute_dtype": config.compute_dtype,
        "seed": config.seed,
    }

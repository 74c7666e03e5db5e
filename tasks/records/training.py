"""What training hands on: how an adapter came about, in `training.json`, and the adapter's own files.

Merging and serving load the weights below the adapter from it; the report shows the rest.
"""

from math import prod
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from tasks.records.files import Figures, RecordError, read_json, write_json

FILE = "training.json"
ADAPTER_CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
_REMEDY = "train the adapter again"
_HEADER = 8
"""Bytes in front of a safetensors file that hold the length of its header."""


class FrozenBase(Figures):
    """The frozen weights below an adapter."""

    base: str = ""
    """Identity of the base model."""
    quantization: Literal["nf4", "none", "int4"]
    double_quantization: bool
    compute_dtype: Literal["bfloat16", "float32"]


class AdapterSettings(Figures):
    """The adapter that the configuration asked for, whatever else its kind has."""

    model_config = ConfigDict(extra="allow")

    kind: str


class SamplePiece(Figures):
    """A part of a training example as the model reads it."""

    text: str
    supervised: bool
    """Whether the loss is on it."""


class Divergence(Figures):
    """A first attempt whose loss ran away, and what was done."""

    step: int
    loss: float | None = None
    """Of that step; none where it was no number."""
    learning_rate: float
    fallback_rate: float
    """Of the attempt that followed, from the beginning."""


class Training(FrozenBase):
    """One adapter's training."""

    adapter: AdapterSettings
    token_budget: int | None = None
    """Tokens allowed: the same rule for experts and generalist."""
    tokens_seen: int | None = None
    """Prompt and answer."""
    tokens_by_domain: dict[str, int] = {}
    examples_seen: int | None = None
    steps: int | None = None
    step_losses: list[float] = []
    """Nats per supervised token, step by step."""
    validations: list[tuple[int, float]] = []
    """Step and mean loss of the validations on the way, with early stopping."""
    kept_step: int | None = None
    """Step whose weights were kept; none: the last."""
    stopped_early: bool = False
    divergence: Divergence | None = None
    sample: list[SamplePiece] = []
    """One example as the model reads it."""
    left_out: dict[str, int] = {}
    """Training examples above `max_length`, by domain."""
    validation_loss_before: dict[str, float] = {}
    validation_loss_after: dict[str, float] = {}
    """By domain."""
    end_of_turn: int | None = None
    """Token that ends an answer."""


class AdapterShape(Figures):
    """What an adapter's own files say of it, as PEFT wrote them: what was really trained."""

    kind: str
    """`lora`, `dora`, ..."""
    rank: int | None = None
    target_modules: list[str] = []
    """Names of the layers that bear it."""
    parameters: int
    """Trained numbers."""


class _Tensor(Figures):
    shape: list[int] = []


class _PeftConfig(Figures):
    peft_type: str
    use_dora: bool = False
    r: int | None = None
    target_modules: list[str] = []


def write_training(folder: Path, record: Training) -> None:
    """Write the adapter's `training.json`."""
    write_json(folder / FILE, record.model_dump(mode="json"))


def read_training(adapter: Path) -> Training:
    """Return how `adapter` was trained; raise DataError with file and field where its record is damaged."""
    return read_json(adapter / FILE, Training, _REMEDY)


def read_frozen_base(adapter: Path) -> FrozenBase:
    """Return the weights that `adapter` was trained on; raise DataError where its record is damaged."""
    return read_json(adapter / FILE, FrozenBase, _REMEDY)


def read_adapter(folder: Path) -> AdapterShape:
    """Return kind, rank, targets and size of an adapter; raise DataError where a file of it is damaged."""
    settings = read_json(folder / ADAPTER_CONFIG, _PeftConfig, _REMEDY)
    return AdapterShape(
        kind="dora" if settings.use_dora else settings.peft_type.lower(),
        rank=settings.r,
        target_modules=settings.target_modules,
        parameters=_parameters(folder / WEIGHTS),
    )


def _parameters(weights: Path) -> int:
    """Count the numbers of a safetensors file by its header."""
    try:
        with weights.open("rb") as file:
            length = int.from_bytes(file.read(_HEADER), "little")
            text = file.read(min(length, weights.stat().st_size))
        header = TypeAdapter(dict[str, _Tensor]).validate_json(text)
    except (OSError, ValidationError) as error:
        raise RecordError(weights, "no safetensors file", _REMEDY) from error
    return sum(prod(tensor.shape) for name, tensor in header.items() if name != "__metadata__")

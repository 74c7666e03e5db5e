"""How weights are held: NF4 or not, the type beside it, and what bitsandbytes must not do on a CPU.

In: a folder, and what a configuration or an adapter's record says. Out: a model on those very weights.
Training, merging and serving load through one function, because an adapter fits only the weights that it
was trained on.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol

import torch
from transformers import AutoConfig, BitsAndBytesConfig, PreTrainedModel

from tasks.kernel.errors import ModelError
from tasks.models.loading import load_model

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}
STORED = torch.bfloat16
"""Type in which adapters and merged models are written."""


class Held(Protocol):
    """How the frozen weights below an adapter are held; configurations and records have these fields."""

    @property
    def quantization(self) -> Literal["nf4", "none", "int4"]:
        """Return how linear layers are held: `int4` is a healed base, on its grid as it is."""

    @property
    def double_quantization(self) -> bool:
        """Return whether the scales of 4-bit blocks are quantized too."""

    @property
    def compute_dtype(self) -> Literal["bfloat16", "float32"]:
        """Return the type of activations; beside 4-bit layers of the other weights as well."""


def load_held(base: Path, held: Held, **options: object) -> PreTrainedModel:
    """Load the weights below an adapter, as training holds them."""
    dtype = held_type(base, held)
    if held.quantization == "nf4":
        options["quantization_config"] = nf4(dtype, double=held.double_quantization)
    model = load_model(base, dtype, **options)
    _keep_packed(model)
    return model


def held_type(base: Path, held: Held) -> torch.dtype:
    """Return the type of the weights that are not quantized.

    A base that is stored in 32 bits keeps them, unless its layers are quantized: computing in 16 bits saves
    the time, and an adapter is merged into the weights as they are stored.
    """
    computed = DTYPES[held.compute_dtype]
    if held.quantization == "nf4":
        return computed
    stored = AutoConfig.from_pretrained(base, trust_remote_code=False).dtype
    return computed if stored == torch.bfloat16 else torch.float32


def nf4(dtype: torch.dtype, *, double: bool) -> BitsAndBytesConfig:
    """Return the settings of a QLoRA base (arXiv:2305.14314); raise ModelError without bitsandbytes."""
    if find_spec("bitsandbytes") is None:
        raise ModelError(
            "bitsandbytes is not installed, and the weights are to be held in NF4; run `make install`"
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=double,
        bnb_4bit_compute_dtype=dtype,
    )


def unpack_on_cpu(model: PreTrainedModel, held: Held) -> None:
    """Where there is no GPU, unpack NF4 weights for good, for a model that only answers.

    They stay on their grid: the same logits at 1.6 times the speed, because bitsandbytes unpacks them
    anew for every token there.
    """
    if held.quantization == "nf4" and not torch.cuda.is_available():
        model.dequantize()


def gpu_options() -> dict[str, object]:
    """Return what places a model on the GPU, where there is one."""
    return {"device_map": {"": torch.cuda.current_device()}} if torch.cuda.is_available() else {}


def _keep_packed(model: torch.nn.Module) -> None:
    """Keep bitsandbytes from repacking 4-bit weights in evaluation mode on CPUs with AVX512-BF16.

    The repacked layers have no gradient and round their scales, so that training after an evaluation
    would go wrong without a word, and a merge would be into other weights.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010  torch types no attributes

"""Answer with the adapters of a run, on the weights that they were trained on.

In: the base model's folder and an adapter folder for each domain. Out: answers, piece by
piece. The base is loaded once for all adapters that share its weights; an expert is a switch.
"""

from collections.abc import Generator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import torch
from peft import PeftModel
from pydantic import BaseModel, ConfigDict, ValidationError
from transformers import BitsAndBytesConfig, PreTrainedModel

from serving.streaming import stream_answer
from tasks.kernel.errors import DataError, ModelError
from tasks.models.loading import load_model, load_tokenizer

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


class Weights(BaseModel):
    """The frozen weights below an adapter, as its training.json states them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    quantization: Literal["nf4", "none"]
    double_quantization: bool
    compute_dtype: Literal["bfloat16", "float32"]


class AdapterExperts:
    """The adapters of all domains on their base model."""

    def __init__(self, base: Path, adapters: Mapping[str, Path], max_new_tokens: int) -> None:
        self._base = base
        self._adapters = dict(adapters)
        self._weights = {domain: read_weights(folder) for domain, folder in adapters.items()}
        self._max_new_tokens = max_new_tokens
        self._tokenizer = load_tokenizer(base)
        self._networks: dict[Weights, PeftModel] = {}

    def answer(self, domain: str, question: str) -> Generator[str, None, None]:
        """Yield the answer's pieces; raise DataError where the question fills the context."""
        yield from stream_answer(self.expert(domain), self._tokenizer, question, self._max_new_tokens)

    def expert(self, domain: str) -> PeftModel:
        """Return the network with the domain's adapter switched on, loaded at first need."""
        if domain not in self._adapters:
            raise ModelError(
                f"{domain}: this run has no adapter for it; run `pocketmoe run` again to build it"
            )
        weights = self._weights[domain]
        if weights not in self._networks:
            sharing = {name: self._adapters[name] for name, own in self._weights.items() if own == weights}
            self._networks[weights] = attach(load_frozen(self._base, weights), sharing)
        self._networks[weights].set_adapter(_slot(domain))
        return self._networks[weights]

    def close(self) -> None:
        """Let the networks go."""
        self._networks.clear()


def read_weights(adapter: Path) -> Weights:
    """Return the weights that `adapter` was trained on; raise DataError where its record is damaged."""
    path = adapter / "training.json"
    try:
        return Weights.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise DataError(
            f"{path}: it does not say what the adapter was trained on; run finetune again"
        ) from error


def load_frozen(base: Path, weights: Weights) -> PreTrainedModel:
    """Load the base as in training.

    On the CPU, NF4 weights are rounded to their grid and then unpacked for good: the same logits
    at 1.6 times the speed, because bitsandbytes unpacks them anew for every token there.
    """
    options: dict[str, object] = {}
    if torch.cuda.is_available():
        options["device_map"] = {"": torch.cuda.current_device()}
    if weights.quantization == "nf4":
        options["quantization_config"] = _nf4(weights)
    model = load_model(base, DTYPES[weights.compute_dtype], **options)
    if weights.quantization == "nf4" and not torch.cuda.is_available():
        model.dequantize()
    return model


def attach(model: PreTrainedModel, adapters: Mapping[str, Path]) -> PeftModel:
    """Put every adapter on `model`; raise ModelError where one does not fit it."""
    network: PeftModel | None = None
    for domain, folder in adapters.items():
        try:
            if network is None:
                network = PeftModel.from_pretrained(model, str(folder), adapter_name=_slot(domain))
            else:
                network.load_adapter(str(folder), adapter_name=_slot(domain))
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"{folder}: the adapter cannot be loaded ({error}); run finetune again"
            ) from error
    if network is None:
        raise ModelError("no adapter to load; run `pocketmoe run` again")
    network.eval()
    return network


def _slot(domain: str) -> str:
    """Return PEFT's name for the adapter: module dictionaries refuse names such as `values` or `type`."""
    return f"expert-{domain}"


def _nf4(weights: Weights) -> BitsAndBytesConfig:
    if find_spec("bitsandbytes") is None:
        raise ModelError(
            "bitsandbytes is not installed, and the adapters were trained on NF4; run `make install`"
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=weights.double_quantization,
        bnb_4bit_compute_dtype=DTYPES[weights.compute_dtype],
    )

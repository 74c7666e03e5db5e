"""Load base models and tokenizers from folders in the Hugging Face layout.

In: a folder. Out: transformers objects, and a digest of the weights. Code that a folder brings is never run.
"""

import hashlib
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from tasks.kernel.errors import ModelError


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer saved in `folder`; raise ModelError where there is none."""
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: no tokenizer can be loaded ({error}); save one there") from error


def load_model(folder: Path, dtype: torch.dtype = torch.float32, **options: object) -> PreTrainedModel:
    """Load a causal language model from `folder` in evaluation mode; raise ModelError where there is none."""
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, trust_remote_code=False, **options)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: no causal language model can be loaded ({error})") from error
    model.eval()
    return model


def base_identity(base: Path) -> str:
    """Return a digest of the base's configuration and weights: an adapter fits no other base."""
    digest = hashlib.sha256()
    for file in sorted([base / "config.json", *base.glob("*.safetensors")]):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()

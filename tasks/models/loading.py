"""Load base models and tokenizers from folders in the Hugging Face layout.

In: a folder. Out: transformers objects, and a digest of the weights. Code that a folder brings is never run.
"""

import hashlib
import json
import shutil
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from tasks.kernel.errors import ModelError

SENTENCEPIECE = "tokenizer.model"


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer saved in `folder`; raise ModelError where there is none."""
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: no tokenizer can be loaded ({error}); save one there") from error


def save_tokenizer(source: Path, target: Path) -> None:
    """Save the tokenizer of `source` in `target`, with the SentencePiece model that it may be made of.

    transformers leaves that out, and names the file that it was read from instead.
    """
    load_tokenizer(source).save_pretrained(target)
    described = target / "tokenizer_config.json"
    fields = json.loads(described.read_text(encoding="utf-8"))
    if fields.pop("vocab_file", None):
        described.write_text(json.dumps(fields, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if (source / SENTENCEPIECE).is_file():
        shutil.copyfile(source / SENTENCEPIECE, target / SENTENCEPIECE)


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

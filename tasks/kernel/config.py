"""What every piece of configuration is made of: frozen values that refuse unknown fields.

A field marked `How` says where or how something is computed, and enters no cache key. A value that is
more or less than its fields says itself what it is: it is `Identified`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Protocol, TypeVar, runtime_checkable

from pydantic import AfterValidator, BaseModel, ConfigDict

T = TypeVar("T")
HOW: Final = "how"
"""Marks a field that says where or how something is computed; it enters no cache key."""
How = Annotated[T, HOW]
"""The type of such a field, as in `concurrency: How[int] = 8`."""
_VARIABLE = re.compile(r"^\$\w|\$\{\w")


def written_out(path: Path) -> Path:
    """Return the path with the home folder for `~`; refuse a shell's variable, which nobody fills in here."""
    if _VARIABLE.search(str(path)):
        raise ValueError(f"{path}: variables are not filled in here; write the path out")
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{path}: there is no such home folder; write the path out") from error


UserPath = Annotated[Path, AfterValidator(written_out)]
"""A file or folder as users write it."""


class Slice(BaseModel):
    """A frozen piece of configuration that refuses unknown fields."""

    # A default is read like any other value: 0 for a float would make another key than 0.0.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


@dataclass(frozen=True)
class Content:
    """Stands in an identity for the bytes of a file or folder, wherever it is."""

    path: Path
    field: str
    """The field that names the path, for an error that says which one to correct."""


@runtime_checkable
class Identified(Protocol):
    """A value that says what of it enters a cache key."""

    def identity(self) -> object:
        """Return plain JSON values, and `Content` where bytes count and not their place."""

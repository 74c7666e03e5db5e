"""What every piece of configuration is made of: frozen values that refuse unknown fields.

A field marked `How` says where or how something is computed, and enters no cache key.
"""

from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")
HOW: Final = "how"
"""Marks a field that says where or how something is computed; it enters no cache key."""
How = Annotated[T, HOW]
"""The type of such a field, as in `concurrency: How[int] = 8`."""


class Slice(BaseModel):
    """A frozen piece of configuration that refuses unknown fields."""

    # A default is read like any other value: 0 for a float would make another key than 0.0.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

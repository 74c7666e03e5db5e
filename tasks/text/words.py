"""The words of a text, as keyword rules see them."""

import re

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the words without case and marks."""
    return _WORD.findall(text.casefold())

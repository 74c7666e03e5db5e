"""Find the code in an answer: the first fenced block, else the whole of it."""

import re

_FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)(?:^[ \t]*\1|\Z)", re.DOTALL | re.MULTILINE)


def code_of(answer: str) -> str:
    """Return the code of an answer as it stands there, with its indent."""
    found = _FENCED.search(answer)
    return found[2] if found else answer

"""Join the lines of a paragraph, and decide about hyphens at line ends.

In: the texts of lines, and the words that the library uses within lines. Out: running text.
A hyphen at a line end goes where the library writes the joined word elsewhere, and stays
where it writes the word with a hyphen. Where it writes neither, the hyphen stays between
two words that both stand alone somewhere (life-threatening), and otherwise goes where the
document hyphenates often (treat-ment), because then most such hyphens are the typesetter's.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tasks.ingest.lines import Line

HYPHENS = "-\u2010\u00ad"
SOFT = "\u00ad"
WORD = re.compile(rf"[^\W\d_]+(?:[{HYPHENS}'’][^\W\d_]+)*")
ENDS_IN_HYPHEN = re.compile(rf"([^\W\d_]+(?:[-\u2010][^\W\d_]+)*|\d+)([{HYPHENS}])$")
STARTS_WORD = re.compile(r"[^\W\d_]+|\d+")
OPEN_ADDRESS = re.compile(r"(?:https?://|www\.)\S*[./_-]$")
COMPOUND_HEADS = frozenset({"self", "well", "non"})
"""First halves that English hardly ever writes together with what follows."""
SHORTEST_WORD = 3
HYPHENATED = 0.02
"""A document hyphenates where this share of its lines ends within a word."""


@dataclass(frozen=True)
class Hyphenation:
    """What is known about words when a document's lines are joined."""

    known: frozenset[str]
    """Words, in lower case, that stand whole within lines of the library."""
    breaks_words: bool
    """Whether the document breaks words at line ends."""


def known_words(lines: Iterable[Line]) -> frozenset[str]:
    """Return the words, in lower case, that stand whole within lines."""
    words: set[str] = set()
    after_hyphen = False
    for line in lines:
        found = [word.lower() for word in WORD.findall(line.text)]
        hyphenated = bool(ENDS_IN_HYPHEN.search(line.text))
        words.update(found[int(after_hyphen) : len(found) - int(hyphenated)])
        after_hyphen = hyphenated
    return frozenset(words)


def breaks_words(lines: Sequence[Line]) -> bool:
    """Tell whether hyphens at line ends are common in a document."""
    broken = sum(bool(ENDS_IN_HYPHEN.search(a.text)) and b.text[0].islower() for a, b in pairwise(lines))
    return broken >= HYPHENATED * len(lines)


def join_texts(first: str, second: str, hyphenation: Hyphenation) -> tuple[str, bool]:
    """Return two consecutive lines as one text, and whether a hyphen was removed."""
    if first.endswith("-") and re.match(r"-\w", second):
        # A real hyphen is repeated on the next line in some languages.
        return first + second[1:], False
    end, start = ENDS_IN_HYPHEN.search(first), STARTS_WORD.match(second)
    if end is None or start is None:
        glue = "" if OPEN_ADDRESS.search(first) and second[:1].islower() else " "
        return first + glue + second, False
    if _is_line_break_hyphen(end[1], end[2], start[0], hyphenation):
        return first[:-1] + second, True
    return first + second, False


def _is_line_break_hyphen(head: str, hyphen: str, tail: str, hyphenation: Hyphenation) -> bool:
    known = hyphenation.known
    if hyphen == SOFT:
        return True
    if not tail[0].islower() or head.isdigit():
        return False
    last = re.split(r"[-\u2010]", head)[-1].lower()
    if last + tail in known or head.lower() + tail in known:
        return True
    if f"{head.lower()}-{tail}" in known or last in COMPOUND_HEADS:
        return False
    both_words = min(len(last), len(tail)) >= SHORTEST_WORD and last in known and tail in known
    return hyphenation.breaks_words and not both_words

"""Join the lines of a paragraph, and decide about hyphens at line ends.

In: the texts of lines, and the words that the document uses within lines. Out: running text.
A hyphen at a line end goes where the document writes the joined word elsewhere, and stays
where it writes the word with a hyphen. Where it writes neither, the hyphen stays between
two words that both stand alone somewhere (life-threatening), and otherwise goes where the
document hyphenates often (treat-ment), because then most such hyphens are the typesetter's, or
where it is long and uses neither half.
Nothing outside the document counts, so that another file in the library changes no text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.ingest.cleaning.lines import Line
from tasks.text.segments import joins_unspaced

HYPHENS = "-\u2010\u00ad"
SOFT = "\u00ad"
PRINTED_WORD = re.compile(rf"[^\W\d_]+(?:[{HYPHENS}'’][^\W\d_]+)*")
ENDS_IN_HYPHEN = re.compile(rf"([^\W\d_]+(?:[-\u2010][^\W\d_]+)*|\d+)([{HYPHENS}])$")
STARTS_WORD = re.compile(r"[^\W\d_]+|\d+")
_WHOLE = (
    "afternoon already also although another anybody anyhow anyone anything anyway anywhere backward became"
    " become becomes before beforehand behind below cannot childhood elsewhere everybody everyone everything"
    " everywhere forever forward furthermore herself himself however indeed inside into itself lifelong"
    " lifestyle lifetime likewise meanwhile moreover myself nevertheless newspaper nobody nonetheless nothing"
    " nowhere oneself otherwise ourselves outcome outcomes outside overall overcome somebody somehow someone"
    " something sometimes somewhat somewhere themselves therefore throughout today together tomorrow"
    " understand understanding understood undertake upon upward weekend weekends whatever whenever whereas"
    " wherever whoever widespread withdraw withdrawal within without workplace yourself"
)
WHOLE_WORDS = frozenset(_WHOLE.split())
"""Two words that English writes as one: a document may use both halves and never the whole."""
OPEN_ADDRESS = re.compile(r"(?:https?://|www\.)\S*[./_-]$")
COMPOUND_HEADS = frozenset({"self", "well", "non"})
"""First halves that English hardly ever writes together with what follows."""
SHORTEST_WORD = 3
LONGEST_WORD = 300
"""Characters, web addresses included."""
ENOUGH_WORDS = 2000
"""Different words in a document, with which halves that are none of them are taken for halves."""
HYPHENATED = 0.02
"""A document hyphenates where this share of its lines ends within a word."""


@dataclass(frozen=True)
class Hyphenation:
    """What is known about words when a document's lines are joined."""

    known: frozenset[str]
    """Words, in lower case, that stand whole within lines of the document."""
    breaks_words: bool
    """Whether the document breaks words at line ends."""


@dataclass
class Hyphens:
    """What was done to hyphens at line ends."""

    joined: int = 0
    """Hyphens that were removed, with their words joined."""


def learn_hyphenation(lines: Iterable[Line]) -> Hyphenation:
    """Return what a document's lines say about its words, in one walk."""
    words: set[str] = set()
    count = broken = 0
    after_hyphen = False
    for line in lines:
        count += 1
        found = [word.lower() for word in PRINTED_WORD.findall(line.text)]
        broken += after_hyphen and line.text[0].islower()
        hyphenated = line.text[-1] in HYPHENS and bool(ENDS_IN_HYPHEN.search(line.text))
        words.update(found[int(after_hyphen) : len(found) - int(hyphenated)])
        after_hyphen = hyphenated
    return Hyphenation(frozenset(words), breaks_words=broken >= HYPHENATED * count)


def join_texts(first: str, second: str, hyphenation: Hyphenation) -> tuple[str, bool]:
    """Return two consecutive lines as one text, and whether a hyphen was removed."""
    if first.endswith("-") and re.match(r"-\w", second):
        # A real hyphen is repeated on the next line in some languages.
        return first + second[1:], False
    if first[-1:] not in f"{HYPHENS}./_":
        return f"{first}{'' if joins_unspaced(first, second) else ' '}{second}", False
    tail = first[-LONGEST_WORD:]
    end, start = ENDS_IN_HYPHEN.search(tail), STARTS_WORD.match(second)
    if OPEN_ADDRESS.search(tail) and second[:1].islower():
        return first + second, False
    if end is None or start is None:
        return f"{first} {second}", False
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
    if {last + tail, head.lower() + tail} & known or last + tail in WHOLE_WORDS:
        return True
    if f"{head.lower()}-{tail}" in known or last in COMPOUND_HEADS:
        return False
    words = {last, tail} & known
    if len(known) >= ENOUGH_WORDS and not words:
        return True
    both_words = min(len(last), len(tail)) >= SHORTEST_WORD and len(words) == len({last, tail})
    return hyphenation.breaks_words and not both_words

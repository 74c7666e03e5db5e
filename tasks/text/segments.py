"""Words of scripts that put no spaces between them: Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan.

In: text. Out: its parts, and whether lines of it join without a space. ICU knows the words of all of these
scripts; of the libraries for it icu4py is kept, typed, and comes with ICU and its dictionaries in the wheel.
Text with spaces is told by one look and goes the way of spaces.
"""

import re
from collections.abc import Iterator

_SOUTHEAST = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9ff\uaa60-\uaadf"
)
_EAST = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff"
)
UNSPACED = f"{_SOUTHEAST}{_EAST}"
"""Their characters, as a regular expression's class has them."""
_SQUARE = f"{_EAST}\u3000-\u303f\uff01-\uff60"
"""Letters and marks of Chinese and Japanese alone, as wide as high: lines break there without a space."""
_ALSO = f"{_SQUARE}\u2014\u2018-\u201d\u2026"
"""With marks that other scripts have as well."""
_ANY = re.compile(f"[{UNSPACED}]")
_PIECES = re.compile(r"\s+|\S+")
_RUNS = f"[{UNSPACED}]+|[^{UNSPACED}]+"
_BLANK = "[ \t\u3000]*\r?\n[ \t\u3000]*"
_WRAPPED = f"(?<=[{_SQUARE}]){_BLANK}(?=[{_ALSO}])|(?<=[{_ALSO}]){_BLANK}(?=[{_SQUARE}])"
_UNBROKEN = f"[{_SQUARE}][{_ALSO}]|[{_ALSO}][{_SQUARE}]|[{_SOUTHEAST}][{_SOUTHEAST}]"
_HALF = re.compile("[\ud800-\udfff]")
LONGEST_WORD = 300
"""Characters; a longer one is no word, and is cut between what a reader takes for characters."""


def unspaced(text: str) -> bool:
    """Tell whether `text` holds letters of a script that puts no spaces between words."""
    return not text.isascii() and _ANY.search(text) is not None


def mostly_unspaced(text: str) -> bool:
    """Tell whether such letters are at least a third of `text`."""
    return not text.isascii() and 3 * len(_ANY.findall(text)) >= len(text)


def count_words(text: str) -> int:
    """Return the number of words: pieces that hold a letter or digit, between spaces or as ICU finds them."""
    pieces = text.split()
    if unspaced(text) or (len(text) > LONGEST_WORD and max(map(len, pieces)) > LONGEST_WORD):
        pieces = list(segments(text))
    return sum(any(character.isalnum() for character in piece) for piece in pieces)


def count_pieces(text: str) -> int:
    """Return the number of pieces between spaces; of a script without them, that of its words."""
    return count_words(text) if unspaced(text) else len(text.split())


def segments(text: str) -> Iterator[str]:
    """Yield parts that joined give `text`: spaces, words, and what stands between them.

    What stands between spaces is one part, unless it is of a script without them; none is longer than
    LONGEST_WORD, and none begins within what a reader takes for a character.
    """
    for piece in _PIECES.findall(text):
        yield from _broken(piece) if unspaced(piece) else _cut(piece)


def unspaced_words(run: str) -> list[str]:
    """Return the words of text without spaces, as ICU finds them."""
    return [word for word in _broken(run) if any(character.isalnum() for character in word)]


def runs(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the stretches of a text with their places, and whether they are of scripts without spaces."""
    for found in re.finditer(_RUNS, text):
        yield found.start(), found[0], _ANY.match(found[0]) is not None


def unwrapped(text: str) -> str:
    """Return text in which lines that break within Chinese or Japanese are joined without a space."""
    return text if text.isascii() else re.sub(_WRAPPED, "", text)


def joins_unspaced(first: str, second: str) -> bool:
    """Tell whether a printed line joins the next one without a space."""
    ends = first[-1:] + second[:1]
    return not ends.isascii() and re.fullmatch(_UNBROKEN, ends) is not None


def is_wide(character: str) -> bool:
    """Tell whether a character is as wide as it is high."""
    return re.match(f"[{_SQUARE}]", character) is not None


def first_word(text: str) -> str:
    """Return what cannot be parted from the beginning of a line: up to a space, or a single character."""
    return text[:1] if _ANY.match(text) else text.split(" ", 1)[0]


def _broken(run: str) -> Iterator[str]:
    from icu4py.breakers import WordBreaker

    at = 0
    # Halves of characters are nothing that ICU takes.
    for word in WordBreaker(_HALF.sub("\ufffd", run), "en"):
        yield from _cut(run[at : at + len(word)])
        at += len(word)


def _cut(word: str) -> Iterator[str]:
    if len(word) <= LONGEST_WORD:
        yield word
        return
    from icu4py.breakers import CharacterBreaker

    start = at = 0
    for character in CharacterBreaker(_HALF.sub("\ufffd", word), "en"):
        if start < at and at + len(character) - start > LONGEST_WORD:
            yield word[start:at]
            start = at
        at += len(character)
    yield word[start:]

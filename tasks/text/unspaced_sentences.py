"""Sentences of scripts that put no spaces between words.

In: a paragraph. Out: where its sentences end by the script's own marks, and pieces of what has none. Thai and
Lao have no mark at all, and a page of any script may lack it: then commas, spaces and at last words are where
one may cut, so that no passage is without bound.
"""

import re
import unicodedata
from collections.abc import Iterator

from tasks.text.segments import UNSPACED, segments

LONGEST_UNSPACED = 100
"""Words, the fewest that a passage may be limited to; a longer sentence is cut."""
_SHORTEST = 0.4
"""Share of the most words from which on a pause is as good as an end."""
_CLOSING = "」』）】》〉〕］｝”’\"')\\]»"
_MARK = re.compile(
    rf"(?:[。！？｡][。！？!?｡…]*|．(?![0-9０-９])|(?<=[{UNSPACED}])[.!?]+(?=\s*[{UNSPACED}])"
    r"|[\u0f0d-\u0f12]+|[။។៕๚๛]+)"
    rf"(?P<closed>[{_CLOSING}]*)(?P<space>\s*)(?P<next>.?)",
    re.DOTALL,
)
_GOES_ON = re.compile("[、，,：:；;…・」』）】》〉〕］)\\]]")
_HIRAGANA = re.compile("[\u3041-\u309f]")
_ATTACHED = frozenset("\u200d\uff9e\uff9f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_PAUSE = re.compile(r"\s|[、，；：,;:၊៖॥،]")


def script_ends(paragraph: str) -> Iterator[tuple[int, int]]:
    """Yield where sentences end by the marks of scripts without spaces, and where the next ones begin."""
    for match in _MARK.finditer(paragraph):
        following = match["next"]
        # What is said in quotes goes on with the particle behind them.
        quoted = match["closed"] and not match["space"] and _HIRAGANA.match(following)
        if not quoted and not _GOES_ON.match(following) and not _is_part(following):
            yield match.end("closed"), match.end("space")


def _is_part(character: str) -> bool:
    """Tell whether a character belongs to the one before it: an accent, or half of a picture."""
    return unicodedata.category(character or " ").startswith("M") or character in _ATTACHED


def cut_unspaced(sentence: str, most: int) -> Iterator[str]:
    """Yield pieces of at most so many words, cut at a pause or else between words."""
    piece: list[str] = []
    words = pause = words_at_pause = 0
    for part in segments(sentence):
        is_word = any(character.isalnum() for character in part)
        if is_word and words == most:
            cut = pause if words_at_pause >= _SHORTEST * most else len(piece)
            words -= words_at_pause if cut == pause else words
            yield from _stripped(piece[:cut])
            piece = piece[cut:]
            pause = words_at_pause = 0
        piece.append(part)
        words += is_word
        if not is_word and _PAUSE.match(part[-1:]):
            pause, words_at_pause = len(piece), words
    yield from _stripped(piece)


def _stripped(parts: list[str]) -> Iterator[str]:
    if text := "".join(parts).strip():
        yield text

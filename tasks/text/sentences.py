"""Split text into sentences.

In: text. Out: its sentences in order. Two rules stand side by side, for they serve two ends: passages are cut
so that no text is lost, in many languages, and answers are found in English, where list items count as well.
Scripts without spaces have marks and limits of their own in both.
The libraries for this either need downloaded models or have not been kept for years, and prose is regular.
"""

import re
from collections.abc import Iterable, Iterator

from tasks.text.segments import LONGEST_WORD, mostly_unspaced, unspaced
from tasks.text.unspaced_sentences import LONGEST_UNSPACED, cut_unspaced, script_ends

_BOUNDARY = re.compile(r"([.!?…]+[\"'”’)\]»]*|[。！？؟।])\s+(?=[\"'“‘(\[«¿¡]*([^\W_a-zà-öø-ÿ]\w*)|[-•])")
_TITLES = re.compile(
    r"dr|mr|mrs|ms|prof|st|jr|sr|rev|gen|col|sgt|hon|vs|cf|al|approx|inc|ltd|co|corp|dept|e\.g|i\.e|z\.b|bzw|d\.h"
)
_BEFORE_NUMBERS = re.compile(
    r"figs?|eqs?|refs?|nos?|nr|vols?|ch|chap|sec|pp?|art|par|ca|ed"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
_STARTERS = re.compile(
    r"the|its?|this|that|these|those|they|s?he|we|you|i|[io]n|at|an?|if|for|but|and|or|so|there|when|while|as"
    r"|people|some|many|most|others?|however|although|because|not?"
)
"""Words that open a sentence rather than continue after an abbreviation such as U.S. or p.m."""
_DOTTED = re.compile(r"^(\w\.)+\w$")
_INITIAL = re.compile(r"(?:^|[\s(.])[^\W\d_a-z]$")
_LOOK_BACK = 200
"""Characters before a full stop that decide what it ends."""
LONGEST_SENTENCE = 300
"""Words; what is longer is a table or text without punctuation, and is cut between words."""
_ENGLISH_ABBREVIATION_LIST = (
    "dr mr mrs ms prof st e.g i.e etc vs cf al fig no approx dept inc u.s u.k ph.d jr sr vol pp"
)
_ENGLISH_ABBREVIATIONS = frozenset(_ENGLISH_ABBREVIATION_LIST.split())
_BLOCK = re.compile(r"\n(?:\s*[-–*] )?|^[-–*] |\s*[•●▪◦‣·]\s+")
_ENGLISH_BOUNDARY = re.compile(r"(?:(?<=[.?!])|(?<=[.?!][\"”’')\]]))\s+(?=[\"“‘'(\[]?[A-Z0-9])")


def paragraph_sentences(paragraph: str) -> list[str]:
    """Return the sentences in order, which joined by the spaces between them give the paragraph back.

    None is longer than LONGEST_SENTENCE words, or LONGEST_UNSPACED of a script without spaces.
    """
    spaced = not unspaced(paragraph)
    ends: Iterable[tuple[int, int]] = _ends(paragraph)
    if not spaced:
        ends = sorted((dict(ends) | dict(script_ends(paragraph))).items())
    sentences: list[str] = []
    start = 0
    for end, following in ends:
        if end > start:
            sentences.append(paragraph[start:end])
            start = following
    sentences.append(paragraph[start:])
    cut = _cut if spaced else _cut_unspaced
    return [piece for sentence in sentences if sentence.strip() for piece in cut(sentence.strip())]


def _ends(paragraph: str) -> Iterator[tuple[int, int]]:
    """Yield where sentences end, and where the next ones begin, in scripts with spaces."""
    start = 0
    for match in _BOUNDARY.finditer(paragraph):
        before = paragraph[max(start, match.start() - _LOOK_BACK) : match.start()]
        if match[1] != "." or not _is_abbreviation(before, match[2] or ""):
            yield match.end(1), match.end()
            start = match.end()


def english_sentences(text: str) -> list[str]:
    """Return the sentences of `text` in order; list items and paragraphs never run into each other."""
    return [sentence for block in text_blocks(text) for sentence in block_sentences(block)]


def text_blocks(text: str) -> list[str]:
    """Return the paragraphs, headings and list items of `text`."""
    return [joined for block in _BLOCK.split(text) if (joined := " ".join(block.split()))]


def block_sentences(block: str) -> list[str]:
    """Return the sentences of one paragraph, heading or list item, by the rules of English or its script."""
    if mostly_unspaced(block):
        return paragraph_sentences(block)
    pieces: list[str] = []
    for piece in _ENGLISH_BOUNDARY.split(block):
        if pieces and _open_ended(pieces[-1]):
            pieces[-1] += " " + piece
        elif piece:
            pieces.append(piece)
    return pieces


def _is_abbreviation(before: str, following: str) -> bool:
    words = before.split()
    name_before = not words[:-1] or words[-2][0].isupper()
    last = words[-1].lstrip("(\"'“‘[").lower() if words else ""
    if following[:1].isdigit() and _BEFORE_NUMBERS.fullmatch(last):
        return True
    if _TITLES.fullmatch(last):
        return True
    if _STARTERS.fullmatch(following.lower()):
        return False
    return bool(_DOTTED.match(last)) or bool(_INITIAL.search(before) and name_before)


def _cut(sentence: str) -> list[str]:
    words = sentence.split(" ")
    if len(sentence) > LONGEST_WORD and max(map(len, words)) > LONGEST_WORD:
        return _cut_unspaced(sentence)
    return [" ".join(words[at : at + LONGEST_SENTENCE]) for at in range(0, len(words), LONGEST_SENTENCE)]


def _cut_unspaced(sentence: str) -> list[str]:
    return list(cut_unspaced(sentence, LONGEST_UNSPACED if mostly_unspaced(sentence) else LONGEST_SENTENCE))


def _open_ended(piece: str) -> bool:
    """Tell whether `piece` ends with an abbreviation or an initial, so that the sentence goes on."""
    last = piece.rsplit(maxsplit=1)[-1]
    stem = last.rstrip(".").lstrip('("“').lower()
    return last.endswith(".") and (stem in _ENGLISH_ABBREVIATIONS or (len(stem) == 1 and stem.isalpha()))

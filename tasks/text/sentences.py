"""Split running text into sentences.

In: the text of one paragraph. Out: its sentences, which joined by single spaces give it
back. One expression and a list of abbreviations: the libraries for this either need
downloaded models or have not been kept for years, and prose in books is regular.
"""

import re

BOUNDARY = re.compile(r"([.!?…]+[\"'”’)\]»]*|[。！？؟।])\s+(?=[\"'“‘(\[«¿¡]*([^\W_a-zà-öø-ÿ]\w*)|[-•])")
TITLES = re.compile(
    r"dr|mr|mrs|ms|prof|st|jr|sr|rev|gen|col|sgt|hon|vs|cf|al|approx|inc|ltd|co|corp|dept|e\.g|i\.e|z\.b|bzw|d\.h"
)
BEFORE_NUMBERS = re.compile(
    r"figs?|eqs?|refs?|nos?|nr|vols?|ch|chap|sec|pp?|art|par|ca|ed"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
STARTERS = re.compile(
    r"the|its?|this|that|these|those|they|s?he|we|you|i|[io]n|at|an?|if|for|but|and|or|so|there|when|while|as"
    r"|people|some|many|most|others?|however|although|because|not?"
)
"""Words that open a sentence rather than continue after an abbreviation such as U.S. or p.m."""
DOTTED = re.compile(r"^(\w\.)+\w$")
INITIAL = re.compile(r"(?:^|[\s(.])[^\W\d_a-z]$")
LOOK_BACK = 200
"""Characters before a full stop that decide what it ends."""
LONGEST_SENTENCE = 300
"""Words; what is longer is a table or text without punctuation, and is cut between words."""


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph in order, none longer than LONGEST_SENTENCE words."""
    sentences: list[str] = []
    start = 0
    for match in BOUNDARY.finditer(text):
        before = text[max(start, match.start() - LOOK_BACK) : match.start()]
        if match[1] != "." or not _is_abbreviation(before, match[2] or ""):
            sentences.append(text[start : match.end(1)])
            start = match.end()
    sentences.append(text[start:])
    return [piece for sentence in sentences if sentence.strip() for piece in _cut(sentence.strip())]


def _is_abbreviation(before: str, following: str) -> bool:
    words = before.split()
    name_before = not words[:-1] or words[-2][0].isupper()
    last = words[-1].lstrip("(\"'“‘[").lower() if words else ""
    if following[:1].isdigit() and BEFORE_NUMBERS.fullmatch(last):
        return True
    if TITLES.fullmatch(last):
        return True
    if STARTERS.fullmatch(following.lower()):
        return False
    return bool(DOTTED.match(last)) or bool(INITIAL.search(before) and name_before)


def _cut(sentence: str) -> list[str]:
    words = sentence.split(" ")
    return [" ".join(words[at : at + LONGEST_SENTENCE]) for at in range(0, len(words), LONGEST_SENTENCE)]

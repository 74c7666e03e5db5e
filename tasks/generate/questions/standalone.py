"""Choose the sentences that can stand alone as an answer.

In: a sentence. Out: the reason why it is unfit, or none. The answer is chosen before the question is asked,
so everything that a pair states was in the document.
"""

import re

from tasks.text.segments import mostly_unspaced
from tasks.text.words import find_words

_DANGLING = re.compile(
    r"(?:it|its|they|their|them|this|these|that|those|he|she|his|her|such|here|there|another|others|either"
    r"|both(?! [\w-]+ and )"
    r"|neither|some of|each of|one of|and|but|or|so|also|then|thus|therefore|hence|however|instead|otherwise"
    r"|meanwhile|moreover|furthermore|additionally|similarly|likewise|finally|nevertheless|still|yet|rather"
    r"|for (?:example|instance)|in (?:addition|contrast|other words)|as a result|on the other hand|to do so"
    r"|by doing|the (?:same|other|others|latter|former|second|third|following|above|rest)|first|second|third"
    r"|what follows)\b",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"https?://|www\.|@|\.(?:gov|org|com|edu)\b|\d{3}[-.–]\d{3,4}[-.–]\d{4}|[|\t©]| {3,}|\.{4,}"
    r"|\b(?:brochure|fact ?sheet|booklet|leaflet|handout|chapter|page \d|figure \d|table \d|the following"
    r"|this|these|(?:see|listed|shown|described) (?:above|below)|last (?:updated|reviewed)"
    r"|(?:no|not) (?:a )?(?:medical|professional|legal) advice)\b"
    r"|^the (?:\w+ )?(?:table|figure|list|diagram|overview|sample|example)\b",
    re.IGNORECASE,
)
_UNNAMED = re.compile(
    r"\b(?:people|individuals?|person|those|anyone|someone|child|children"
    r"|patients?) with the (?:disorder|illness"
    r"|condition|disease)\b|^(?!.*\b(?:a|each|every) (?:\w+ )?person\b.*the person).*\bthe person[’']s\b",
    re.IGNORECASE,
)


_NO_STATEMENT = ("?", "？", ":", "：")


def unfit(sentence: str, min_words: int, max_words: int) -> str | None:
    """Return why `sentence` cannot stand alone as an answer, or None where it can."""
    words = find_words(sentence)
    if len(words) < min_words:
        return "too_short"
    if len(words) > max_words:
        return "too_long"
    if not _is_statement(sentence, words):
        return "not_a_statement"
    if _DANGLING.match(sentence) or _unowned(sentence):
        return "dangling_start"
    return "pointer" if _POINTER.search(sentence) else None


def _unowned(sentence: str) -> bool:
    """Tell whether `them` stands in the sentence before anything that it could mean."""
    before, found, _ = sentence.partition(" them ")
    unnamed = found and not re.search(r"\w{3,}s\b|people|children|person|relative|friend|one\b", before)
    return bool(unnamed) or bool(_UNNAMED.search(sentence))


def _is_statement(sentence: str, words: list[str]) -> bool:
    """Tell a statement from questions, headings, list items and halves of sentences."""
    if mostly_unspaced(sentence):
        # Such scripts have no capitals, and Thai has no full stop.
        return not sentence.endswith(_NO_STATEMENT)
    capitals = sum(word[0].isupper() for word in words)
    ends = sentence.endswith((".", ".”", '."', ".)"))
    return ends and sentence[0].isupper() and capitals <= len(words) / 2

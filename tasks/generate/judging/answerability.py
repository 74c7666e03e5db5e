"""Tell whether a question can be understood without its passage.

In: a question. Out: the words that point at something which is not there. A pronoun or `the disorder` is
fine where the question has already named what it means.
"""

import re

from tasks.text.words import FUNCTION_WORDS, lowered

_SOURCE = (
    "passage|text|sentence|article|statement|author|paragraph|excerpt|document|speaker|writer|narrator|booklet"
    "|brochure|leaflet|chapter|section|context|figure|table|snippet"
)
_POINTER = re.compile(
    rf"\b(?:(?:the|that)(?: (?:given|following|provided|above|whole|original))?|given|following|provided)"
    rf" (?:{_SOURCE})s?\b(?! of (?!the (?:{_SOURCE})))"
    r"|\b(?:mentioned|described|stated|listed|discussed|noted|shown|given|explained)"
    r" (?:above|below|earlier|here|previously|in it)\b"
    r"|\bthe (?:above|former|latter)\b"
    r"|\b(?:this|these|those(?! (?:who|with|in|of)))\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:he|him|his|she|hers?|it|its|they|them|their|theirs)\b", re.IGNORECASE)
_EMPTY_IT = re.compile(
    r"\bit (?:is |was |be |feel |feels |seem |seems )?(?:\w+ ){0,3}?"
    r"(?:to|that|for|when|if|like|take|takes|mean|means)\b",
    re.IGNORECASE,
)
_GENERAL = (
    "condition|disorder|illness|disease|syndrome|treatment|therapy|medication|medicine|drug|study|survey|trial"
    "|research|researchers|program|programme|method|approach|technique|event|process|patient|patients|company"
    "|organization|person|man|woman|child|group|team|result|results|symptom|symptoms|problem|topic|subject"
)
_DEFINITE = re.compile(rf"\bthe (?P<noun>{_GENERAL})\b(?=(?P<rest>[^?.,;]*))", re.IGNORECASE)
_MODIFIER = re.compile(
    r"\s*(?:of|for|that|which|who|whose|called|named|with|known|in|on|by|from|to|behind)\b", re.IGNORECASE
)
_LIGHT_LIST = """
effect effects role purpose main important like happen happens help helps use used reason name take long mean
means way ways kind type part feel make possible good best
"""
_LIGHT = frozenset(_LIGHT_LIST.split()) | frozenset(_GENERAL.split("|"))
_ASKED_VERB = re.compile(r"\b(?:do|does|did|can|could|will|would|should|may|might|must)\s+$", re.IGNORECASE)


def dangling(question: str) -> str:
    """Return the first words of `question` that point at something outside it, or ""."""
    pointer = _POINTER.search(question)
    if pointer:
        return pointer[0].strip()
    for match in _PRONOUN.finditer(question):
        empty = match[0].lower() == "it" and _EMPTY_IT.match(question, match.start())
        if not empty and not _named_before(question, match.start()):
            return match[0]
    for match in _DEFINITE.finditer(question):
        if not _specified(match, question) and not _named_before(question, match.start()):
            return f"the {match['noun']}"
    return ""


def _named_before(question: str, end: int) -> bool:
    """Tell whether a content word stands before `end` that could be what is meant."""
    return any(word not in FUNCTION_WORDS | _LIGHT for word in lowered(question[:end]))


def _specified(definite: re.Match[str], question: str) -> bool:
    """Tell whether what follows the noun says which one is meant: `of OCD`, or `plan`, which is no verb."""
    if _MODIFIER.match(definite["rest"]):
        return True
    following = lowered(definite["rest"])[:1]
    verb = _ASKED_VERB.search(question[: definite.start()])
    return bool(following) and not verb and following[0] not in FUNCTION_WORDS | _LIGHT

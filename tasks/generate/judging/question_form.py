"""Tell whether a question wants yes or no, a choice, or something that it leaves open.

In: an English question and its answer. Out: its form. The clause that asks decides, whatever introduces
it: `In people with fever, can ...?` wants yes or no, `In people with fever, which ...?` does not. Where only
the meaning tells a list (`a nurse or a doctor`) from a choice, the answer does: it names one of two.
"""

import re
from typing import Literal

from tasks.text.sentences import english_sentences
from tasks.text.words import content, lowered

Form = Literal["yes_no", "choice", "open"]
_PLAIN = (
    "am|is|are|was|were|do|does|did|has|have|had|can|could|may|might|must|shall|should|will|would|need|ought"
)
_DENIED = "is|are|was|were|do|does|did|has|have|had|ca|could|might|must|sha|should|wo|would|need|ai"
_AUXILIARY = rf"(?:(?:{_PLAIN})(?![\w'’])|(?:{_DENIED})n['’]t\b)"
_WANTED = r"(?:what|which|who|whom|whose|why|how)\b"
_BEFORE = (
    "about|above|after|against|along|among|around|as|at|before|behind|below|beneath|beside|besides|between|beyond"
    "|by|despite|during|except|for|from|given|in|inside|into|like|near|of|off|on|onto|out|outside|over|per|since"
    "|through|throughout|to|toward|towards|under|unlike|until|up|upon|via|with|within|without"
)
_NEARLY = "exactly|approximately|roughly|just|only|else"
_SUBORDINATE = "although|because|if|once|though|unless|whenever|while|whereas"
_PERSON = "i|you|he|she|it|we|they|one|there|this|that|these|those"
_PARTS = re.compile(r"[,;:](?=\s)|[()–—]|--+|\s-\s")
_CONNECTIVE = re.compile(r"^(?:(?:and|but|so|or|then|now|well|also|please|yet)\b\W*)+", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?:q(?:uestion)?\W?)?\d*[\W_]+", re.IGNORECASE)
_ASKS_WHETHER = re.compile(_AUXILIARY, re.IGNORECASE)
_ASKS_OPENLY = re.compile(
    rf"(?:(?:{_BEFORE}|{_NEARLY})\s){{0,2}}{_WANTED}"
    rf"|(?:(?:since|until|from)\s)?(?:when|where)(?:\s{_AUXILIARY}|,|\W*$)",
    re.IGNORECASE,
)
_ASKS_PLACE_OR_TIME = re.compile(rf"(?:when|where)\s(?:{_BEFORE}|{_NEARLY}|according)\b", re.IGNORECASE)
_RELATIVE = re.compile(r"(?:who|whom|whose|which|when|where)\b", re.IGNORECASE)
_TAG = re.compile(r"(?:right|correct|true|yes|no)\W*$|true or false\b", re.IGNORECASE)
_INTRODUCED = re.compile(
    rf"(?:(?:{_BEFORE}|{_SUBORDINATE})\s(?P<rest>.*\b{_AUXILIARY}.*)|(?:when|where)\s.*\s{_AUXILIARY}\s(?:{_PERSON})\b)",
    re.IGNORECASE,
)
_ANY_WANTED = re.compile(rf"\b(?:{_WANTED}|when\b|where\b)", re.IGNORECASE)
_REQUEST = re.compile(
    r"(?:can|could|will|would)\s(?:you|we|anyone|somebody|someone)\s(?:please\s|briefly\s|also\s)*"
    r"(?:tell|explain|describe|outline|summari[sz]e|(?:name|list|give|identify)\s"
    r"(?:me|us|one|two|three|four|five|some|any|an?\sexample|examples))\b"
    r"|do(?:es)?\s\w+\sknow\s(?:wh|how)",
    re.IGNORECASE,
)
_ASKS_MORE = re.compile(
    rf"\b(?:and|but|or)[,\s]+(?:if\s(?:so|not|yes)[,\s]+)?(?:why|how)\b|,\s(?:and|but)\s(?:{_WANTED}|when\b|where\b)"
    rf"|\band\s(?:what|which|who|when|where)\s{_AUXILIARY}|,\s(?:if\s(?:so|not)[,\s]+)?(?:why|how)\b"
    rf"|,\s{_WANTED}\W*$|,\sif\s(?:so|not),?\s(?:{_WANTED}|when\b|where\b)",
    re.IGNORECASE,
)
_OR = re.compile(r"\sor\s(?P<other>.*)", re.IGNORECASE | re.DOTALL)
_OR_NOT = re.compile(r",?\s+or\s+(?:not|no)\b", re.IGNORECASE)
_EITHER_CLAUSE = re.compile(rf"\sor\s{_AUXILIARY}|^[^,;–—]*(?:[,;–—]|\s-+)\s*or\s[^,;–—]*$", re.IGNORECASE)


def question_form(question: str, answer: str) -> Form:
    """Return what would answer `question`: yes or no, one of the things that it offers, or something else.

    A text of several sentences wants yes or no where all of its questions do and nothing else is asked for.
    """
    sentences = english_sentences(question)
    ends = [text.rstrip("\"'”’)] ")[-1:] for text in sentences]
    asking = [text for text, end in zip(sentences, ends, strict=True) if end == "?"]
    if not asking and len(sentences) == 1 and ends[0] not in {".", "!"}:
        asking = sentences  # its mark was forgotten
    if not asking or sentences[-1] is not asking[-1]:
        return "open"
    forms = {_form(_NUMBERED.sub("", text), answer) for text in asking}
    return "open" if "open" in forms else "choice" if "choice" in forms else "yes_no"


def verdict(answer: str) -> str:
    """Return the yes or no that `answer` begins with, or ""."""
    return next((word for word in lowered(answer)[:1] if word in {"yes", "no"}), "")


def _form(question: str, answer: str) -> Form:
    clause = _clause(question)
    if not clause or _REQUEST.match(clause) or _ASKS_MORE.search(clause):
        return "open"
    return "choice" if not verdict(answer) and _offers(_OR_NOT.sub("", clause), answer) else "yes_no"


def _clause(question: str) -> str:
    """Return the clause that asks for yes or no, to the end of the question, or ""."""
    starts = [0, *(found.end() for found in _PARTS.finditer(question))]
    parts = [_CONNECTIVE.sub("", question[at:].lstrip(), count=1) for at in starts]
    for number, part in enumerate(parts):
        if _ASKS_WHETHER.match(part):
            return part
        later = any(map(_ASKS_WHETHER.match, parts[number + 1 :]))
        openly = _ASKS_OPENLY.match(part) and not (number and later and _RELATIVE.match(part))
        if openly or (_ASKS_PLACE_OR_TIME.match(part) and not later):
            return ""
    if _TAG.match(parts[-1]) or _TAG.match(parts[0]):
        return parts[-1]
    introduced = _INTRODUCED.match(parts[0])
    return parts[0] if introduced and not _ANY_WANTED.search(introduced["rest"] or "") else ""


def _offers(clause: str, answer: str) -> bool:
    """Tell whether the clause lets one choose: between clauses, or things of which the answer names one."""
    if _EITHER_CLAUSE.search(clause):
        return True
    found = _OR.search(clause)
    named = content(found["other"])[:1] if found else []
    return bool(named and content(answer)) and named[0] not in content(answer)

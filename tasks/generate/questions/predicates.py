"""Ask about what a subject is, and what is done to it.

In: a clause with a form of "be". Out: the beginning of a question. A definition, a list or a value is asked
for by "what", a treatment or a cause by "how", and the rest by whether it holds.
"""

import re

from tasks.generate.questions.clauses import Clause
from tasks.generate.questions.objects import NO_OBJECT, SPAN

ADVERBS = re.compile(r"(?:(?:\w+ly|often|also|sometimes|almost|always|even|only|still|now|therefore|best) )+")
_LIST = re.compile(
    r"(?:[\w'’ -]+, )(?!and|but|so|yet|or|may|might|can|because|since|as)[\w'’ -]+(?:, [\w'’ -]+)*"
    r" (?:and|or) "
)
_NO_DEFINITION = re.compile(
    r"an? (?:relatively|fairly|very)\b|an? (?:[\w-]+ )?(?:part|form|sign|symptom|feature|cause|risk|way|step"
    r"|habit|option|choice|companion|reason)\b"
)
_DEFINITE = re.compile(r"the (?:[\w-]+ ){1,4}?(?=(?:of|in|for|among|between|that|to)\b)")
_QUALITY = re.compile(r"(?:more|most|less|least|very|so|too|as|often)\b|\w+(?:ful|ous|ive|ble|ary)\b")
_CONTENT = re.compile(r"whether\b|when\b|that\b|[\"“]")
NEGATION = re.compile(r"(?:not|never) ")
PARTICIPLE = re.compile(r"(?!often|then|even|open|when|unknown)\w+(?:ed|en|own|ound|ought)$")
_RECEIVED = frozenset({"offered", "given", "told", "asked", "allowed", "required", "taught", "advised"})
_PURPOSE_OF_USE = re.compile(
    r"to (treat|prevent|manage|reduce|relieve|diagnose|control|describe|measure|identify|ease)\b(?! with| by)"
)
_MANNER = re.compile(r"(?:\w+ly )?(?:by|with|through|using|as|from|in (?:\w+ )?(?:ways?|forms?|steps))\b")
_DONE_WITH = frozenset({"treated", "managed", "relieved", "prevented", "helped", "done", "made", "reduced"})
_MAX_DEFINED = 5


def being_opening(clause: Clause, be: str = "") -> str:
    """Ask about what the subject is or what is done to it; `be` follows a modal verb."""
    if NEGATION.match(clause.rest):
        return whether(clause, first_word(positive(clause)))
    first = first_word(clause)
    if PARTICIPLE.match(first):
        asked = f"{clause.verb} {clause.subject} {be}{first}"
        return _from_passive(asked, first, clause.rest.removeprefix(first).strip())
    if not be and _asks_what(clause, first):
        return f"What {clause.verb} {clause.subject}?"
    if match := _DEFINITE.match(clause.rest):
        return f"What {clause.verb} {match[0].strip()}"
    return "" if NO_OBJECT.match(clause.rest) else whether(clause, be + first)


def _asks_what(clause: Clause, first: str) -> bool:
    """Tell whether the statement says what its subject is: by a list, a definition or a value."""
    subject, verb, rest = clause
    if _CONTENT.match(rest):
        return True
    if NO_OBJECT.match(rest):
        return False
    if verb == "are" and _LIST.match(rest):
        return True
    if first in {"a", "an"}:
        return _is_term(subject) and not _NO_DEFINITION.match(rest)
    return subject.startswith("the ") and not _DEFINITE.match(rest) and not _QUALITY.match(rest)


def _from_passive(asked: str, participle: str, rest: str) -> str:
    if SPAN.match(rest):
        return f"How long {asked}?"
    if re.match(r"(?:\w+ )?(?:when|if|before|after|until|unless)\b", rest):
        return f"When {asked}?"
    if participle == "used" and (match := _PURPOSE_OF_USE.match(rest)):
        return f"What {asked} to {match[1]}?"
    if participle in _RECEIVED and not NO_OBJECT.match(rest):
        return f"Who {asked} to?" if rest.startswith("to ") else f"What {asked}?"
    preposition = rest.partition(" ")[0]
    if (preposition == "with" and participle not in _DONE_WITH) or (participle, preposition) == (
        "based",
        "on",
    ):
        return f"What {asked} {preposition}?"
    return f"How {asked}" if _MANNER.match(rest) else ""


def whether(clause: Clause, predicate: str) -> str:
    """Begin a question that asks whether something holds."""
    return f"{clause.verb.capitalize()} {clause.subject} {predicate}"


def positive(clause: Clause) -> Clause:
    """Return the clause without "not" and without the adverbs after it."""
    rest = ADVERBS.sub("", NEGATION.sub("", clause.rest, count=1), count=1)
    return clause._replace(rest=rest)


def _is_term(subject: str) -> bool:
    words = subject.split()
    return len(words) <= _MAX_DEFINED and not words[0].endswith("ing") and "of" not in words


def first_word(clause: Clause) -> str:
    """Return the first word after the verb."""
    return clause.rest.split(maxsplit=1)[0].rstrip(",")

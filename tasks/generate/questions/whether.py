"""Ask whether the first part of a longer statement holds.

In: a statement. Out: a whole yes/no question, for statements that nothing better is asked about.
"""

import re

from tasks.generate.judging.filters import GENERIC, content_words
from tasks.generate.questions.clauses import (
    BEING,
    HAVING,
    MODALS,
    Clause,
    is_infinitive,
    lowered,
    main_clause,
)
from tasks.generate.questions.statements import Statement
from tasks.generate.questions.subjects import predicate, unclear

_PEOPLE = re.compile(
    r"(?:(?:[Mm]any|[Ss]ome|[Mm]ost) )?(?:[Pp]eople|[Ww]omen|[Mm]en|[Cc]hildren|[Pp]atients)"
)
_MIN_OWN = 3
_COMPARED = re.compile(r"\b(?:more|less|better|worse|[a-z]{3,}ier) ")
"""What is easier is so under the condition that would be cut off."""
_ADJUNCT = re.compile(
    r"(?<=\w{3})(?<! than)(?<! even)(?<! or)(?<! and) (?:even )?(?:when|because|if|while|before|after"
    r"|until|by|during|without)\b"
)
_VERB_TOO = re.compile(r"\b(?:and|or) (?:happen|have|can|may|are|is|do|get|go)\b")
_THIRD_PERSON = re.compile(
    r"(?:,|\band|\bor) (\w+?)e?s\b"
    r"(?P<object> (?!(?:of|in|with|from|for|on|by|to|at|about|and|or|that|who)\b)[a-z])?"
)
"""A noun in the plural is seldom followed by another word of its clause but a preposition."""


def about_people(statement: Statement, passage: str) -> list[str]:
    """Ask whether something holds for many people, who are no subject to ask about otherwise."""
    clause = main_clause(statement.asked, named=False)
    if clause is None or not _PEOPLE.fullmatch(clause.subject):
        return []
    return whether(clause, statement.tail, passage)


def whether(clause: Clause, tail: str, passage: str) -> list[str]:
    """Ask whether the first part of a longer statement holds."""
    rest = predicate(clause.rest)
    shorter = _ADJUNCT.split(rest, maxsplit=1)[0]
    own = content_words(f"{clause.subject} {shorter}") - GENERIC
    cut = len(shorter) < len(rest)
    said = len(own) >= _MIN_OWN and not unclear(shorter) and not _COMPARED.search(shorter)
    rest = shorter if said else rest
    more = content_words(clause.rest) - content_words(rest)
    own = content_words(f"{clause.subject} {rest}") - GENERIC
    if (
        _several_verbs(clause, rest)
        or not more
        or len(own) < _MIN_OWN
        or unclear(rest)
        or (clause.verb in BEING and _VERB_TOO.search(rest))
    ):
        return []
    subject = lowered(clause.subject, passage)
    tail = "" if cut and rest == shorter else tail
    if clause.verb in MODALS | BEING and clause.verb != "cannot":
        verb = "Can" if clause.verb == "may" else clause.verb.capitalize()
        return [f"{verb} {subject} {rest}{tail}?"]
    return (
        []
        if clause.verb in HAVING
        else [f"{clause.do.capitalize()} {subject} {clause.infinitive} {rest}{tail}?"]
    )


def _several_verbs(clause: Clause, rest: str) -> bool:
    """Tell whether verbs after the first would have to lose their ending too."""
    return clause.infinitive != clause.verb and any(
        match["object"] or is_infinitive(match[1]) for match in _THIRD_PERSON.finditer(rest)
    )

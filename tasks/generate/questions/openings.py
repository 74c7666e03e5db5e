"""Begin a question so that a small model can only end it well.

In: a statement. Out: the beginning of a question that it answers; some are already whole. A
model of 135 million parameters asks "What is a person?" to almost any sentence, but finishes
"Why is clomipramine" sensibly: grammar that a few rules can read off the statement (subject,
verb, reason, name) is not left to it. English only; anything else gets no beginning.
"""

import re

from tasks.generate.questions.clauses import (
    BEING,
    HAVING,
    MODALS,
    Clause,
    is_infinitive,
    lowered,
    main_clause,
)
from tasks.generate.questions.objects import SPAN, object_opening, perfect_opening, verb_opening
from tasks.generate.questions.predicates import (
    ADVERBS,
    NEGATION,
    PARTICIPLE,
    being_opening,
    first_word,
    positive,
    whether,
)

_POINTING = re.compile(r"\b(?:they|it|this|he|she|that|these|those|them|their|his|her)\b")
_NAMED = re.compile(
    r"\b(?:is|are) (?:often |also )?(?:known as|called|termed|named) “?((?:[\w'’-]+ ?){1,5})”?$"
)
_REASON = re.compile(r"\bbecause (?!of\b)|, since\b|, as\b(?! (?:well|if|though|long|much))")
_PURPOSE = re.compile(r"\bso that\b")


def opening(statement: str, passage: str) -> str:
    """Return the beginning of a question that `statement` answers, or an empty text where none is found.

    `passage` tells names, which keep their capital, from plain words.
    """
    if (cue := _from_condition(statement)) is not None:
        return cue
    if match := _NAMED.search(statement.rstrip(".")):
        return f"What is {match[1]}?"
    clause = main_clause(statement)
    if clause is None:
        return ""
    clause = clause._replace(
        subject=lowered(clause.subject, passage), rest=ADVERBS.sub("", clause.rest, count=1)
    )
    return _from_reason(clause) or _from_clause(clause)


def _from_condition(statement: str) -> str | None:
    match = re.match(r"(?:If|When) ([^,]+), ", statement)
    if match is None:
        return None
    condition, follows = match[1], statement[match.end() :]
    if _POINTING.search(condition) or _POINTING.match(follows):
        return ""
    if re.match(r"you (?:may|might|could) (?:be|have)\b", follows):
        return f"What might it mean if {condition}?"
    if re.match(r"you (?:can|could|may)\b", follows):
        return f"What can you do if {condition}?"
    if follows.startswith(("you should", "the first thing")) or is_infinitive(follows):
        return f"What should you do if {condition}?"
    return "" if re.search(r"\byour?\b|\w{3}ed\b", condition) else f"What happens when {condition}?"


def _from_reason(clause: Clause) -> str:
    before = _PURPOSE.split(clause.rest)[0]
    purpose = clause.verb in {"should", "must"} and before != clause.rest and " that " not in before
    if clause.verb in {"mean", "means"} or not (purpose or _REASON.search(clause.rest)):
        return ""
    if clause.verb in MODALS | BEING:
        negation = "not " if NEGATION.match(clause.rest) else ""
        return f"Why {clause.verb} {clause.subject} {negation}{first_word(positive(clause))}"
    if clause.verb in HAVING and PARTICIPLE.match(first_word(clause)):
        return ""
    return f"Why {clause.do} {clause.subject} {clause.infinitive}"


def _from_clause(clause: Clause) -> str:
    if clause.verb in MODALS:
        return _from_modal(clause)
    if clause.verb in BEING:
        return being_opening(clause)
    if clause.verb in HAVING and (
        PARTICIPLE.match(first_word(clause)) or first_word(clause) in {"been", "had", "no", "not"}
    ):
        return perfect_opening(clause)
    return verb_opening(clause)


def _from_modal(clause: Clause) -> str:
    modal = "can" if clause.verb == "cannot" else clause.verb
    if clause.rest.startswith("not be "):
        return whether(clause, "be " + first_word(clause._replace(rest=clause.rest.removeprefix("not be "))))
    verb, _, rest = clause.rest.partition(" ")
    if verb == "be":
        return being_opening(clause._replace(verb=modal, rest=ADVERBS.sub("", rest, count=1)), "be ")
    if clause.verb == "cannot" or not rest or NEGATION.match(clause.rest):
        return ""
    if verb in {"take", "last"} and (span := SPAN.match(rest)):
        purpose = re.match(r" to [^,.;]+", rest[span.end() :])
        return f"How long {modal} {clause.subject} {verb}{purpose[0] if purpose else ''}?"
    if verb == "make":
        return f"What effect {modal} {clause.subject} have on"
    return object_opening(clause._replace(verb=verb, rest=rest), f"{modal} {clause.subject} {verb}")

"""Begin a question so that a small model can only end it well.

In: a statement. Out: the beginning of a question that it answers; some are already whole. A
model of 135 million parameters asks "What is a person?" to almost any sentence, but finishes
"Why is clomipramine" sensibly: grammar that a few rules can read off the statement (subject,
verb, reason, name) is not left to it. English only; anything else gets no beginning.
"""

import re

from tasks.generate.clauses import BEING, HAVING, MODALS, Clause, main_clause

_NUMBER = r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|several)"
_ADVERBS = re.compile(
    r"(?:(?:\w+ly|often|also|sometimes|almost|always|even|only|still|now|therefore|best) )+"
)
_PRONOUN = re.compile(r"(?:they|it|this|he|she)\b")
_NAMED = re.compile(r"\b(?:is|are) (?:often |also )?(?:known as|called|termed|named) ((?:[\w'’-]+ ?){1,5})$")
_REASON = re.compile(r"\bbecause (?!of\b)|, since\b|, as\b")
_PURPOSE = re.compile(r"\bso that\b")
_UNIT = r"\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b"
_SPAN = re.compile(
    rf"(?:for )?(?:(?:at least|about|up to|roughly|only) )?{_NUMBER}.{{0,30}}?{_UNIT}"
    r"|(?:for )?(?:longer|until)\b|for life\b"
)
_COUNTED = re.compile(rf"{_NUMBER} ((?:[a-z-]+ )?[a-z-]+s)\b")
_WITH_OBJECT = re.compile(r"(?:with|from|on|of|into|to|against|for)\b")
_NO_OBJECT = re.compile(
    r"(?:in|at|over|about|during|between|through|after|before|when|while|until|if|as|by|toward|towards|among"
    r"|under|because|more|less|longer|better|worse|earlier|later|together|so|and|or|back|away|along|itself"
    r"|themselves|not|apart|around|again|too|out|up|off)\b"
)
_TO_SOMEONE = re.compile(
    r"(?:many |some |most )?(?:people|patients|a person|the person|someone|somebody|\w+ people) to \w+"
)
_LIST = re.compile(
    r"(?:[\w'’ -]+, )(?!and|but|so|yet|or|may|might|can|because|since|as)[\w'’ -]+(?:, [\w'’ -]+)*"
    r" (?:and|or) "
)
_NO_DEFINITION = re.compile(
    r"an? (?:[\w-]+ )?(?:part|form|sign|symptom|feature|cause|risk|way|step|habit|option|choice|companion"
    r"|reason)\b"
)
_DEFINITE = re.compile(r"the (?:[\w-]+ ){1,4}?(?=(?:of|in|for|among|between|that)\b)")
_CONTENT = re.compile(r"whether\b|that\b|[\"“]")
_NEGATION = re.compile(r"(?:not|never) ")
_PARTICIPLE = re.compile(r"(?!often|then|even|open)\w+(?:ed|en|own|ound|ought)$")
_RECEIVED = frozenset({"offered", "given", "told", "asked", "allowed", "required", "taught", "advised"})
_CHANGE = frozenset(
    {"shift", "vary", "change", "differ", "develop", "work", "help", "feel", "look", "seem", "appear"}
)
_MAX_DEFINED = 5


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
        subject=_lowered(clause.subject, passage), rest=_ADVERBS.sub("", clause.rest, count=1)
    )
    return _from_reason(clause) or _from_clause(clause)


def _from_condition(statement: str) -> str | None:
    match = re.match(r"(?:If|When) ([^,]+), ", statement)
    if match is None:
        return None
    if re.search(r"\byour?\b", match[1]):
        return f"What should you do if {match[1]}?"
    return "" if _PRONOUN.match(match[1]) else f"What happens when {match[1]}?"


def _lowered(text: str, passage: str) -> str:
    """Lower the first letter, unless the passage writes the word with a capital inside a sentence."""
    word = text.split(maxsplit=1)[0]
    if word[1:] != word[1:].lower() or re.search(rf"[a-z,;] {re.escape(word)}\b", passage):
        return text
    return text[0].lower() + text[1:]


def _from_reason(clause: Clause) -> str:
    purpose = clause.verb in {"should", "must"} and _PURPOSE.search(clause.rest)
    if clause.verb in {"mean", "means"} or not (purpose or _REASON.search(clause.rest)):
        return ""
    if clause.verb in MODALS | BEING:
        negation = "not " if _NEGATION.match(clause.rest) else ""
        positive = _positive(clause)
        return f"Why {clause.verb} {clause.subject} {negation}{_first(positive)}"
    if clause.verb in HAVING and _PARTICIPLE.match(_first(clause)):
        return ""
    return f"Why {clause.do} {clause.subject} {clause.infinitive}"


def _from_clause(clause: Clause) -> str:
    if clause.verb in MODALS:
        return _from_modal(clause)
    if clause.verb in BEING:
        return _from_being(clause)
    if clause.verb in HAVING and (
        _PARTICIPLE.match(_first(clause)) or _first(clause) in {"been", "had", "no", "not"}
    ):
        return (
            f"What {clause.verb} {clause.subject} been shown to do?"
            if clause.rest.startswith("been shown to")
            else ""
        )
    return _from_verb(clause)


def _from_verb(clause: Clause) -> str:
    asked = f"{clause.do} {clause.subject} {clause.infinitive}"
    if clause.infinitive == "mean":
        return f"What {asked}?"
    if clause.infinitive == "make":
        return f"What effect {clause.do} {clause.subject} have on"
    if clause.infinitive in {"last", "take", "wait"}:
        return f"How long {asked}?" if _SPAN.search(clause.rest) else ""
    if match := _COUNTED.match(clause.rest):
        return f"How many {match[1]} {asked}?"
    if clause.rest.startswith("to "):
        return "" if clause.rest.startswith("to be") else f"What {asked} to do?"
    return _from_object(clause, asked)


def _from_object(clause: Clause, asked: str) -> str:
    """Ask for the object of a verb whose subject and auxiliary stand in `asked`."""
    if _TO_SOMEONE.match(clause.rest):
        return f"What {asked} people to do?"
    if clause.infinitive == "look" and clause.rest.startswith("for "):
        return f"What {asked} for"
    if clause.infinitive in _CHANGE or re.match(r"\w+ly\b|well\b", clause.rest):
        return f"How {asked}"
    if _NO_OBJECT.match(clause.rest):
        return f"What {asked} at" if clause.infinitive == "aim" else ""
    match = _WITH_OBJECT.match(clause.rest)
    return f"What {asked} {match[0]}" if match else f"What {asked}"


def _from_modal(clause: Clause) -> str:
    modal = "can" if clause.verb == "cannot" else clause.verb
    if clause.rest.startswith("not be "):
        return _whether(clause, "be " + _first(clause._replace(rest=clause.rest.removeprefix("not be "))))
    verb, _, rest = clause.rest.partition(" ")
    if verb == "be":
        return _from_being(clause._replace(verb=modal, rest=_ADVERBS.sub("", rest, count=1)), "be ")
    if clause.verb == "cannot" or not rest or _NEGATION.match(clause.rest):
        return ""
    if verb == "make":
        return f"What effect {modal} {clause.subject} have on"
    return _from_object(clause._replace(verb=verb, rest=rest), f"{modal} {clause.subject} {verb}")


def _from_being(clause: Clause, be: str = "") -> str:
    """Ask about what the subject is or what is done to it; `be` follows a modal verb."""
    if _NEGATION.match(clause.rest):
        return _whether(clause, _first(_positive(clause)))
    first = _first(clause)
    if _PARTICIPLE.match(first):
        asked = f"{clause.verb} {clause.subject} {be}{first}"
        return _from_passive(asked, first, clause.rest.removeprefix(first).strip())
    if not be and _asks_what(clause, first):
        return f"What {clause.verb} {clause.subject}?"
    if match := _DEFINITE.match(clause.rest):
        return f"What {clause.verb} {match[0].strip()}"
    return "" if _NO_OBJECT.match(clause.rest) else _whether(clause, be + first)


def _asks_what(clause: Clause, first: str) -> bool:
    """Tell whether the statement says what its subject is: by a list, a definition or a value."""
    subject, verb, rest = clause
    if (verb == "are" and _LIST.match(rest)) or _CONTENT.match(rest):
        return True
    if first in {"a", "an"}:
        return _is_term(subject) and not _NO_DEFINITION.match(rest)
    return subject.startswith("the ") and not _DEFINITE.match(rest)


def _from_passive(asked: str, participle: str, rest: str) -> str:
    if _SPAN.match(rest):
        return f"How long {asked}?"
    if re.match(r"(?:\w+ )?(?:when|if|before|after|until|unless)\b", rest):
        return f"When {asked}?"
    if participle in _RECEIVED and not _NO_OBJECT.match(rest):
        return f"Who {asked} to?" if rest.startswith("to ") else f"What {asked}?"
    return f"How {asked}"


def _whether(clause: Clause, predicate: str) -> str:
    return f"{clause.verb.capitalize()} {clause.subject} {predicate}"


def _positive(clause: Clause) -> Clause:
    """Return the clause without "not" and without the adverbs after it."""
    rest = _ADVERBS.sub("", _NEGATION.sub("", clause.rest, count=1), count=1)
    return clause._replace(rest=rest)


def _is_term(subject: str) -> bool:
    words = subject.split()
    return len(words) <= _MAX_DEFINED and not words[0].endswith("ing") and "of" not in words


def _first(clause: Clause) -> str:
    return clause.rest.split(maxsplit=1)[0].rstrip(",")

"""Ask for what a verb takes: its object, how long it lasts, what somebody is helped to do.

In: a clause. Out: the beginning of a question, whole where the verb leaves nothing open. The words are the
statement's own; where a preposition or an adverb follows, nothing is asked rather than something odd.
"""

import re

from tasks.generate.questions.clauses import Clause, is_infinitive

_NUMBER = r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|several)"
_UNIT = r"\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b"
SPAN = re.compile(
    rf"(?:for )?(?:(?:at least|about|up to|roughly|only) )?{_NUMBER}.{{0,30}}?{_UNIT}"
    r"|(?:for )?(?:longer|until)\b|for life\b"
)
_COUNTED = re.compile(rf"{_NUMBER} ((?:[a-z-]+ )?[a-z-]+s)\b")
_WITH_OBJECT = re.compile(r"(?:with|from|on|of|into|to|against|for)\b")
NO_OBJECT = re.compile(
    r"(?:in|at|over|about|during|between|through|after|before|when|while|until|if|as|by|toward|towards|among"
    r"|under|because|more|less|longer|better|worse|earlier|later|together|so|and|or|back|away|along|itself"
    r"|themselves|not|much|far|beyond|within|throughout|across|since|near|without|despite|apart|around"
    r"|again|too|out|up"
    r"|off)\b"
)
_TO_SOMEONE = re.compile(
    r"(?:many |some |most )?(?:people|patients|a person|the person|someone|somebody|\w+ people) to \w+"
)
_HELPED = re.compile(
    r"((?:(?:many|some|most|young|older) )?(?:people|patients|you|children|individuals|parents|adults"
    r"|families"
    r"|teens|students|researchers|doctors|a person|the body|the brain)(?: (?:with|who have) [\w-]+)?)"
    r" (?:to )?(?:\w+ly )?([a-z]+)\b"
)
_SOMEBODY = re.compile(
    r"(?:you|people|parents|children|adults|individuals|patients|families|anyone|everyone|someone|men|women|teens"
    r"|students|caregivers)\b(?! (?:to|with))"
)
_TWO_OBJECTS = frozenset(
    {"teach", "give", "offer", "cause", "help", "show", "tell", "allow", "enable", "make", "lead"}
    | {"provide", "send", "ask"}
)
_NO_OBJECTS = frozenset(
    {"work", "aim", "occur", "happen", "remain", "stay", "become", "appear", "seem", "live", "begin", "start"}
    | {"go", "come", "find", "play", "tend"}
)
_IDIOM = re.compile(r"(?:place|part|time|action|care|effect|hold|note|turns)\b")
_ODD = {("work", "by"): "How {}?", ("aim", "at"): "What {} at"}
"""Verbs whose preposition or adverb says what to ask."""
_TO_SOMETHING = frozenset(
    {
        "relate",
        "lead",
        "contribute",
        "respond",
        "refer",
        "belong",
        "return",
        "adapt",
        "adjust",
        "react",
        "add",
    }
)
_STATES = frozenset({"vary", "differ", "feel"})
_CHANGE = frozenset({"shift", "change", "develop", "look", "seem", "appear"})


def perfect_opening(clause: Clause) -> str:
    """Begin a question for what `clause` says was done, or return an empty text."""
    if clause.rest.startswith("been shown to"):
        return f"What {clause.verb} {clause.subject} been shown to do?"
    participle, _, rest = clause.rest.partition(" ")
    if (
        participle in {"been", "had", "no", "not"}
        or NO_OBJECT.match(rest)
        or not rest
        or rest.startswith("to ")
    ):
        return ""
    return f"What {clause.verb} {clause.subject} {participle}?"


def verb_opening(clause: Clause) -> str:
    """Begin a question for what the verb of `clause` does, or return an empty text."""
    asked = f"{clause.do} {clause.subject} {clause.infinitive}"
    if clause.infinitive in {"mean", "make"}:
        effect = f"What effect {clause.do} {clause.subject} have on"
        return f"What {asked}?" if clause.infinitive == "mean" else effect
    if clause.infinitive in {"last", "take", "wait"}:
        return f"How long {asked}?" if SPAN.search(clause.rest) else ""
    if match := _COUNTED.match(clause.rest):
        return f"How many {match[1]} {asked}?"
    if clause.rest.startswith("to "):
        does = is_infinitive(clause.rest[3:]) and not clause.rest.startswith("to be")
        done = f"What {asked} to do?" if does and clause.infinitive not in _NO_OBJECTS else ""
        return f"What {asked} to?" if clause.infinitive in _TO_SOMETHING else done
    return object_opening(clause, asked)


def object_opening(clause: Clause, asked: str) -> str:
    """Ask for the object of a verb whose subject and auxiliary stand in `asked`."""
    if clause.infinitive == "help" or _TO_SOMEONE.match(clause.rest):
        return _from_help(clause, asked)
    if clause.infinitive in _STATES or (clause.infinitive in _CHANGE and NO_OBJECT.match(clause.rest)):
        return f"How {asked}"
    if clause.infinitive in _NO_OBJECTS or _IDIOM.match(clause.rest) or NO_OBJECT.match(clause.rest):
        return _ODD.get((clause.infinitive, clause.rest.split(maxsplit=1)[0]), "").format(asked)
    if clause.infinitive not in _TWO_OBJECTS and (somebody := _SOMEBODY.match(clause.rest)):
        return "" if somebody[0] == "you" else f"Who {asked}?"
    match = _WITH_OBJECT.match(clause.rest)
    return f"What {asked} {match[0]}" if match else f"What {asked}"


def _from_help(clause: Clause, asked: str) -> str:
    """Ask what somebody is helped to do, or what is helped to happen."""
    if _TO_SOMEONE.match(clause.rest):
        return f"What {asked} people to do?"
    if (match := _HELPED.match(clause.rest)) and is_infinitive(match[2]):
        return f"What {asked} {match[1]} do?"
    verb = clause.rest.removeprefix("to ").split(maxsplit=1)[0]
    if is_infinitive(verb) and verb not in {"make", "keep", "to"}:
        return f"What {asked} {verb}?"
    return f"How {asked}?"

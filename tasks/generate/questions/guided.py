"""Begin every question that a statement answers, each asking for something else.

In: a statement. Out: beginnings, some of them whole questions, and the type of a question by its
beginning. Subject, object, reason, time and examples are asked for separately, because a small model
that is asked twice about one sentence says the same thing twice.
"""

import re

from tasks.generate.judging.filters import FUNCTION_WORDS, content_words, vague
from tasks.generate.questions.clauses import (
    HAVING,
    MODALS,
    Clause,
    is_infinitive,
    is_plural,
    lowered,
    main_clause,
)
from tasks.generate.questions.layout import Topics, is_anchored
from tasks.generate.questions.openings import opening
from tasks.generate.questions.statements import Statement
from tasks.generate.questions.subjects import subject_question
from tasks.generate.questions.whether import about_people, whether
from tasks.records.dataset import QuestionType

_RESEARCH = re.compile(r"(?:\w+ )?[Rr]esearch (?:also )?(show|suggest|indicate|find)s that ")
_SUCH_AS = re.compile(r"((?:[\w’-]+ ){0,3}[\w’-]+s),? (?:such as|including) [^.]*\b(?:and|or)\b")
_QUANTITIES = frozenset(
    [
        "few",
        "several",
        "many",
        "certain",
        "other",
        "specific",
        "more",
        "various",
        "different",
        "some",
        "common",
        "additional",
        "key",
    ]
)
_QUALIFIED = 2
"""Words of a noun with an adjective."""
_OWNED = re.compile(r"[’']s |\bof\b")
_CONSULT = re.compile(
    r"(?:Talk|Speak) (to|with) (?:your |a )[^.]*? about ([^.]*?)(?:, their| and (?:whether|follow|which)|\.$)"
)
_PURPOSE = re.compile(
    r"(?<!how) to ((?:help )?(?:manage|reduce|recognize|understand|improve|avoid|prevent|relieve|cope"
    r"|ease|protect"
    r"|calm|control|lower|track|express|ensure)\b [^.,;]{8,})"
)
_WARNING = re.compile(r"(?:Do not|Don’t|Don't|Never) ((?!be |worry |let |.*\btheir\b)[a-z]+ [^;]{12,}?)\.$")
_NO_ADVICE = re.compile(
    r"(?:Do|Don|Learn|Find|Read|Visit|Call|Please|Use|Try|Expect|Remember|Make|Cause|Help|Offer|Lead|Ask"
    r"|Get|See)\b"
)
_BARE_HELP = re.compile(r"How (?:can|could|may|might|do|does) .* help\??")
_OPEN = re.compile(r"(?:W|How)")
_SECOND = re.compile(
    r",? (?:and|but) (?:(?P<pronoun>they|it) )?(?:also )?"
    r"(?P<verb>can|may|might|could|should|must|will|is|are|has|have)(?: also)? (?=[a-z]+ [a-z])"
)
_STARTS = re.compile(
    r"(?:to )?(?:begin|start|occur|happen|emerge|appear|develop|begins|starts|occurs|happens|emerges|appears"
    r"|develops)$"
)
_WHEN = re.compile(
    r"(?:usually |often |typically |most often )?(?:when|during|within|before|after|between|in (?:late"
    r"|early|young|the (?:late|early|fall|spring|winter|summer|evening|morning)))\b"
)
_TYPES: tuple[tuple[str, QuestionType], ...] = (
    (r"Why\b", "why"),
    (r"What (?:should you do|happens) (?:if|when)\b", "scenario"),
    (r"How (?!many|long|much|often|old|common)\b", "how"),
)


def begin_questions(statement: Statement, passage: str, known: Topics = frozenset()) -> list[str]:
    """Return the beginnings of different questions that `statement` answers, in a document on `known`."""
    start = opening(statement.asked, passage) or _advice(statement.asked)
    if statement.tail and start.endswith("?"):
        start = start[:-1] + statement.tail + "?"
    elif statement.tail and start:
        start = ""
    clause = main_clause(statement.asked)
    if clause is None:
        return [start] if start else about_people(statement, passage)
    about = _anchored(subject_question(clause, statement.tail), known)
    time = _anchored(_time(clause, passage), known)
    if time or (about and _given_up(start, clause, passage)):
        start = ""
    asked = [
        start,
        time,
        about,
        _which_object(clause, passage),
        _examples(statement.asked),
        _reported(statement, clause, passage),
    ]
    if (further := _further(clause)) is not None:
        more = opening(f"{further.subject} {further.verb} {further.rest}.", passage)
        asked += [more if _OPEN.match(more) else "", _anchored(subject_question(further), known)]
    found = [
        question
        for question in dict.fromkeys(asked)
        if question and not vague(question) and not _BARE_HELP.fullmatch(question)
    ]
    return found if len(found) > 1 else [*found, *whether(clause, statement.tail, passage)]


def _anchored(question: str, known: Topics) -> str:
    return question if question and is_anchored(question, known) else ""


def _advice(sentence: str) -> str:
    """Ask for the advice that serves the purpose which it names."""
    if match := _WARNING.match(sentence):
        return f"Should you {match[1]}?"
    if not is_infinitive(sentence) or _NO_ADVICE.match(sentence):
        return ""
    if match := _CONSULT.match(sentence):
        return f"Who should you talk {match[1]} about {match[2]}?"
    match = _PURPOSE.search(sentence)
    vague = re.compile(r"\b(?:it|they|them|these|this)\b")
    return f"What can you do to {match[1]}?" if match and not vague.search(match[1]) else ""


def _which_object(clause: Clause, passage: str) -> str:
    """Ask what kind of things somebody has: `What symptoms may people with fever have?`"""
    modal = clause.verb in MODALS and clause.verb != "cannot" and clause.rest.startswith("have ")
    if not modal and clause.verb not in HAVING:
        return ""
    words = re.split(
        r"[,;:]| (?:of|in|to|that|which|with|when|for|about|from|and|or|than|who|as|on|at)\b",
        clause.rest.removeprefix("have "),
    )[0].split()
    if len(words) == 1 and words[0] in {"trouble", "difficulty", "problems"}:
        words.insert(0, "some")
    if (
        len(words) < _QUALIFIED
        or not re.fullmatch(r"(?!.*(?:ss|ous|us)$)[a-z-]{4,}s|trouble|difficulty", words[-1])
        or is_infinitive(words[0])
    ):
        return ""
    if re.match(r"(?:\w+ed|been|no|not|the|had|shown|found)$", words[0]):
        return ""
    asked = clause.verb if modal else clause.do
    kind = words[-1] if words[-1].endswith("s") else f"kind of {words[-1]}"
    return f"What {kind} {asked} {lowered(clause.subject, passage)} have?"


def _given_up(start: str, clause: Clause, passage: str) -> bool:
    """Tell whether a beginning is worse than the question for the subject, asks for it too or for yes."""
    named = lowered(clause.subject, passage) in start or start.startswith("What might it mean")
    return (
        not _OPEN.match(start)
        or not named
        or clause.infinitive == "have"
        or clause.subject.split()[0].lower() in _QUANTITIES
        or clause.verb in HAVING
        or start[-5:] == " have"
    )


def _examples(sentence: str) -> str:
    """Ask for the examples that the statement gives of a kind of things."""
    match = _SUCH_AS.search(sentence)
    if match is None:
        return ""
    words: list[str] = []
    for word in reversed(match[1].split()):
        if word.lower() in FUNCTION_WORDS or is_infinitive(word) or not re.fullmatch(r"[\w’-]+", word):
            break
        if words and word.endswith("s"):
            return ""
        words.insert(0, word)
    while words and words[0].lower() in _QUANTITIES:
        words.pop(0)
    kind = " ".join(words)
    kind = lowered(kind, "") if words else ""
    return f"What are some examples of {kind}?" if len(words) > 1 and is_plural(kind) else ""


def _reported(statement: Statement, clause: Clause, passage: str) -> str:
    """Ask what research says about the subject."""
    match = _RESEARCH.match(statement.answer)
    if match is None or statement.tail or len(content_words(clause.subject)) < 1:
        return ""
    return f"What does research {match[1]} about {lowered(clause.subject, passage)}?"


def _further(clause: Clause) -> Clause | None:
    """Return what a second verb says of the same subject: `it lowers fever, but it can also cause a rash`."""
    match = _SECOND.search(clause.rest)
    if match is None or clause.rest.startswith("when "):
        return None
    plural = is_plural(clause.subject)
    if match["pronoun"] and ((match["pronoun"] == "they") != plural or _OWNED.search(clause.subject)):
        return None
    if (match["verb"] in {"are", "have", "were"} and not plural) or (
        match["verb"] in {"is", "has", "was"} and plural
    ):
        return None
    return Clause(clause.subject, match["verb"], clause.rest[match.end() :])


def question_type(beginning: str) -> QuestionType:
    """Return what kind of question begins so."""
    return next((kind for pattern, kind in _TYPES if re.match(pattern, beginning)), "factual")


def _time(clause: Clause, passage: str) -> str:
    if _STARTS.match(clause.verb) and _WHEN.match(clause.rest):
        return f"When {clause.do} {lowered(clause.subject, passage)} {clause.infinitive}?"
    return ""

"""Ask for the subject of a statement: `What can cause frost damage?`, `Who may need a rope?`

In: a clause. Out: a whole question whose words after the first are the statement's own, or none where
the predicate says too little to be asked about alone.
"""

import re

from tasks.generate.judging.filters import GENERIC, content_words
from tasks.generate.questions.clauses import (
    BEING,
    HAVING,
    MODALS,
    Clause,
    is_infinitive,
    is_plural,
    main_clause,
)

_MIN_CONTENT = 3
_MIN_OWN = 2
_MIN_DEFINITION = 5
_STATE = re.compile(
    r"(?:\w+ly |often |sometimes |most |also |more |less |at )*(?:\w+(?:ed|en|wn|nt|al|ble|ly|ful|ive)"
    r"|more|less|at|used|thought)\b"
)
_VAGUE = re.compile(
    r"\b(?:certain|some|several|various|many) [\w-]+$|\bthe [\w-]+$|\b(?:and|or|to|of|with|in|that)$"
    r"|\bthat [\w-]+$|\b(?:find|finds|think|know|believe) that\b"
)
_CUT = re.compile(
    r"(?:, (?:so|since|unless|which|although|while|because|whereas|including|such as|especially|though|who"
    r"|with|like"
    r"|or (?:it|they)"
    r"|particularly|rather|as|usually|often|typically|where|when|for example|known as|called|also called"
    r"|meaning|(?:further |thus |thereby )?[a-z]+ing)\b|[;—]|:(?!\d)| [–-] | such as\b| because\b| although\b"
    r"| whereas\b).*$"
)
_CONSEQUENCE = re.compile(r"(?:therefore|thus|hence|consequently)\b")
_NEXT_CLAUSE = re.compile(r", (?:and|but|yet|so|or) (.*)$")
_SECOND_VERB = re.compile(
    r",? (?:and|but) (?:also )?(?:is|are|has|can|may|might|usually|often|was|will)\b.*$"
)
_COORDINATED = re.compile(r"\b(?:and|or|but) (?:also |usually |often )?(\w+)")
_FINITE = re.compile(
    rf"\b(?:{'|'.join(sorted(MODALS | BEING | HAVING))}|do|does|did|don’t|doesn’t|it|they|you|we|this"
    rf"|that|not|usually|often)\b"
)
_PERSON = re.compile(
    r"\b(?:people|person|women|men|woman|man|child|children|parents?|caregivers?|individuals?|patients?"
    r"|providers?"
    r"|professionals?|researchers?|scientists?|adults?|adolescents|teenagers|teens|friends?|relatives|family"
    r"|families|doctors?|therapists?|psychiatrists?|psychologists?|pediatricians?|teachers?|students|veterans"
    r"|americans|clinicians?|counselors?|experts|partners?|siblings|youth|girls|boys|males|females|employers?"
    r"|employees|specialists?|teams?|relative|someone|anyone|nurses?|pharmacists?|supporters?|helpers?"
    r"|volunteers?|carers?|users|readers|owners?|managers?|workers?|leaders?|neighbors?|visitors?|engineers?"
    r"|lawyers?|farmers?|drivers|pupils?|citizens?|residents?|customers?)$",
    re.IGNORECASE,
)
_ORGANIZATION = re.compile(
    r"\b(?:Administration|Institute|Agency|Center|Association|Department|Federation|Alliance)\b"
)
_OWN = re.compile(r"\b(?:it|its|itself|they|their|them|themselves|he|she|his|her|these|this|those|do so)\b")
_OWNER = re.compile(
    r"\b(?:people|person|person’s|person's|individuals|patients|children|someone|parents|women|men"
    r"|adults|teens"
    r"|families|caregivers|child|providers|doctors|researchers|relatives|friends|members|employees"
    r"|someone’s)\b"
)
_AFTER_HEAD = re.compile(
    r" (?:of|in|with|from|for|on|by|to|at|between|after|before|among|about|through|under|over|aged|who|that"
    r"|without|during"
    r"|against|like|such|as|taking|living|experiencing)\b"
)
_NOT_ASKED = re.compile(
    r"(?:you|we|i|one|there|each|every|another|other|others|all|both|such|what|how|no|not|none|neither"
    r"|either|few"
    r"|nobody|nothing|everyone|everybody|anyone|here|people|most people|many people|some people|this|these|it"
    r"|they|that|those|your|our|my|their|its|his|her|more|only|even|just)\b",
    re.IGNORECASE,
)
_QUALIFIED = re.compile(r"\b(?:with|who|without|taking|living|experiencing|in|from)\b")
_EMPTY = re.compile(
    r"(?:(?:can|may|might|could|should|will|would|is|are|do|does) )?(?:not |also |often |usually "
    r"|sometimes )*"
    r"(?:be )?(?:common|important|different|available|helpful|rare|possible|needed|likely|part of"
    r"|an? (?:\w+ )?"
    r"(?:part|form|way|sign|step|reason|example)|vary|range|differ|not|no|includes?|involves?|consists?"
    r"|means?|refers?)\b"
)


def subject_question(clause: Clause, tail: str = "") -> str:
    """Return a whole question for the subject of `clause`, or an empty text."""
    rest = predicate(clause.rest)
    subject = clause.subject
    if not rest or rest.startswith("to "):
        return ""
    generic = _NOT_ASKED.match(subject) and not (_QUALIFIED.search(subject) and _person(subject))
    if generic or not _clear(rest) or _EMPTY.match(f"{clause.verb} {rest}"):
        return ""
    least = (
        _MIN_DEFINITION if re.match(r"(?:is|was) (?:an?|the)\b", f"{clause.verb} {rest}") else _MIN_CONTENT
    )
    if rest.startswith("when ") or (clause.verb in {"are", "were"} and not _STATE.match(rest)):
        return ""
    if (
        len(content_words(rest + tail)) < least
        or _VAGUE.search(rest)
        or content_words(subject) <= content_words(rest)
    ):
        return ""
    rest = re.sub(r"^(?:also|therefore|thus|still|even|then) ", "", rest)
    asked, singular = _asked_word(clause)
    if singular and _disagrees(clause, rest):
        return ""
    quote = "”" if rest.count("“") > rest.count("”") else ""
    return f"{asked} {_singular(clause) if singular else clause.verb} {rest}{quote}{tail}?"


def _goes_on(text: str) -> bool:
    """Tell whether what follows a comma and a conjunction is a clause and no end of a list."""
    if _CONSEQUENCE.search(text):
        return True
    finite = _FINITE.search(re.split(r" (?:that|who|which) ", text)[0])
    return bool(finite or main_clause(text[0].upper() + text[1:] + " so.", named=False))


def unclear(rest: str) -> bool:
    """Tell whether a predicate says too little, or is cut short."""
    own = content_words(rest) - GENERIC
    return len(own) < _MIN_OWN or bool(_VAGUE.search(rest) or re.match(r"(?:not|no|when)\b", rest))


def _disagrees(clause: Clause, rest: str) -> bool:
    """Tell whether a second verb of the predicate would have to change with the first."""
    if (
        clause.verb in MODALS
        or _singular(clause) == clause.verb
        or re.search(r"\bto\b|\bhelp", f"{clause.verb} {rest}")
    ):
        return False
    return any(
        is_infinitive(match[1]) or match[1] in {"have", "are"} for match in _COORDINATED.finditer(rest)
    )


def predicate(rest: str) -> str:
    """Return what a clause says of its subject after the verb, without further clauses and examples."""
    cut = _SECOND_VERB.sub("", _CUT.sub("", rest))
    match = _NEXT_CLAUSE.search(cut)
    while match and _goes_on(match[1]):
        cut = cut[: match.start()]
        if "," in cut:  # the end of a list is lost with the clause
            return ""
        match = _NEXT_CLAUSE.search(cut)
    return cut.rstrip(" ,.")


def _asked_word(clause: Clause) -> tuple[str, bool]:
    """Return the question word, and whether the verb must agree with a singular."""
    subject = clause.subject
    head = _AFTER_HEAD.split(subject, maxsplit=1)[0]
    if _person(subject):
        return "Who", True
    if _ORGANIZATION.search(subject):
        return "Which organization", True
    words = head.split()
    modified = len(words) > 1 and head == subject and " and " not in head and "," not in head
    plural = is_plural(subject) and clause.verb not in {"is", "was", "has"}
    if modified and plural and words[0].lower() != "the":
        return f"Which {words[-1]}", False
    return "What", True


def _person(subject: str) -> bool:
    return bool(_PERSON.search(_AFTER_HEAD.split(subject, maxsplit=1)[0]))


def _clear(rest: str) -> bool:
    """Tell whether every pronoun of the predicate has its owner in the predicate."""
    return all(
        match[0] in {"their", "they", "them", "themselves"} and _OWNER.search(rest[: match.start()])
        for match in _OWN.finditer(rest)
    )


def _singular(clause: Clause) -> str:
    if clause.verb in MODALS:
        return clause.verb
    if clause.verb in BEING | HAVING:
        return {"are": "is", "were": "was", "have": "has"}.get(clause.verb, clause.verb)
    if clause.infinitive != clause.verb:
        return clause.verb
    if re.search(r"(?:s|sh|ch|x|z|o)$", clause.verb):
        return clause.verb + "es"
    return clause.verb[:-1] + "ies" if re.search(r"[^aeiou]y$", clause.verb) else clause.verb + "s"

"""Find the subject and the verb with which an English statement opens.

In: a statement. Out: its main clause cut after the verb, or nothing where the verb is not
certain. A closed list of common verbs and agreement in number do without a parser: a missed
statement costs one pair, a wrong cut costs a nonsensical question.
"""

import re
from typing import NamedTuple

MODALS = frozenset({"can", "could", "may", "might", "should", "must", "will", "would", "cannot"})
BEING = frozenset({"is", "are", "was", "were"})
HAVING = frozenset({"has", "have"})
MAX_SUBJECT_WORDS = 10
_COMMON_VERBS = """
accelerate accept accompany accuse achieve acknowledge acquire activate adapt add adjust adopt advise
affect aggravate agree aim allow alter amplify analyze anticipate appear apply argue arise arouse arrange
ask assess assign assist assume assure attach attract attribute avoid balance become begin believe belong
benefit block blunt bother break breed bring build burden calculate call calm carry catch cause cease
center choose clarify clash climb cling coincide collect combine come comfort communicate compare
compel compensate compete complain complete complicate comprehend comprise conceal concede concentrate
concern conclude conduct confess confirm confront confuse connect conserve consider consist consult
consume contain continue contribute control convince cope copy correct cost count counter cover create
criticize damage dampen deal decide decline decorate decrease deepen define deliver demand demonstrate
deny depend deprive derive describe deserve detach detect determine develop devote diagnose differ
disappear discourage discover discuss dissolve distinguish distract disturb divide dominate double drain
draw drown dull earn ease eat elicit eliminate embrace emerge emphasize employ enable encourage endanger
enhance enrich ensure entail enter erase erode escape establish evaluate evoke evolve exaggerate examine
exceed excite exclude exhaust exist expand expect experience explain exploit explore expose express extend
face facilitate fade fail fall feed feel fight find finish flourish focus follow forbid foresee forget
forgive form foster free frighten fulfil fulfill gain generate get give go govern grant grasp greet grow
guarantee halve handle happen harm heal help hesitate hide hinder hold hurry hurt identify ignore
illustrate imagine imitate impair imply impose improve include increase indicate induce influence inform
inherit inhibit initiate inspire install integrate intensify interact interfere interpret interrupt
introduce invite involve irritate isolate join judge jump justify keep kill kindle know lack last lead
learn leave lend lengthen lessen let liberate license lie lift link listen live look loosen lose lower
magnify maintain make mask master mean measure meet mention migrate mimic miss mix modify monitor motivate
move name narrate need neglect notice nourish obey oblige obtain occur offend operate oppose organize
originate outnumber outweigh overcome overestimate overlook oversee owe pair participate pass pay
penetrate perceive perform permit perpetuate persist pervade pick pose possess postpone pour praise
precede predict prefer prepare prescribe present preserve presuppose prevent proceed proclaim produce
profit prohibit prolong promise promote prompt propose protect prove provide publish pull punish pursue
push put quicken quiet quote raise range rate reach react realize reappear reassure reawaken rebound
rebuild recall receive recite recognize recommend reconcile recover recruit reduce refer refine reflect
refresh refuse regain register regulate rehearse reinforce reject rejoin relapse relate relax release
relieve rely remain remedy remember remind remove renew reopen repair repay repeat replace require
resemble reshape resist respect respond rest restore resume retain retell retire return reunite reveal
reverse review revive revolve rise rob rotate ruin rule run rush sacrifice satisfy save say scatter see
seek seem seize select sell send separate serve settle sever shape share sharpen shorten show shrink
signify simplify simulate sink situate sleep slow smell soften solve soothe spare speak specify speed
spend spoil spread spring stabilize stand standardize start state stay steady steer stimulate stir stop
strengthen stretch strike struggle submit subside substitute succeed suffer suggest suit summarize supply
support suppress surpass surround survive suspect sustain sweeten sympathize tackle take talk teach tell
tempt tend think threaten thrive throw tighten tire tolerate touch track train transfer transform
translate transmit travel traverse treat trigger trust tuck turn underestimate undergo underlie undermine
understand undertake unfold unite uphold upset use utter validate vanish vary violate wait wake wane want
warn warrant watch weaken wear weave weigh welcome widen win wish withdraw wither withstand wonder work
worry worsen write accommodate avert boost breathe brighten cherish contradict disrupt engage exacerbate
favor fit gather hear intrude manage match minimize observe offset prefer quit resolve restrict ride shun sit
skip stick target visit volunteer join refer fund occur play try
"""
_NOUNS_TOO = """
address answer attack blame challenge check contact cure cut change cycle display drive guide hand label list
map mark note offer order place plan point process protest purchase question reason record report result
reward risk score screen set shield signal sort span spark stress switch test trace trail trick value
voice waste yield
"""
_VERBS = frozenset(_COMMON_VERBS.split())
_AMBIGUOUS = frozenset(_NOUNS_TOO.split())
_ADVICE = frozenset({"do", "don’t", "don't", "be", "go", "try", "get", "make", "let", "set", "schedule"})
_NOUNS_ALONE = frozenset(
    {"sleep", "work", "rest", "exercise", "stress", "change", "experience", "contact", "travel", "focus"}
    | {"talk", "support", "worry", "help", "feel"}
)
_AFTER_ADVICE = frozenset(
    ["to", "with", "about", "for", "a", "an", "the", "your", "at", "on", "any", "out", "up"]
)
_VERBS_WITH_OF = frozenset({"consist", "think", "speak", "complain", "approve", "remind"})
_PREPOSITIONS = (
    "of|in|with|from|for|on|by|to|at|between|after|before|among|about|through|under|over|into|without|during"
    "|against|like|unlike|besides|despite|beyond|within|per"
)
_SUBJECT_ENDS = re.compile(
    r"\b(?:that|which|who|whose|whether|when|where|if|because|since|although|though|while|as|than|not"
    r"|what|how|why)\b"
    r"|[,;:(\"“]",
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(
    rf"(?:{_PREPOSITIONS}|nobody|no|everyone|everybody|anyone|anybody|someone|somebody|nothing)\b"
    r"|the [\w-]+$|each [\w-]+$|(?:many|most|some|others|all|both|few|more)$"
    r"|(?:(?:many|most|some|other|healthy|a|one) )?(?:people|person|patients|women|men)$"
    r"|(?:further|another|other|more|less|much|little|additional) |(?:even|only) "
    r"|(?:less|much|little|symptoms|episodes|attacks)$"
    r"|(?:its|their"
    r"|his|her)\b|there$|\w+ly$"
    r"|(?:often|sometimes|always|never|currently)\b"
    r"|(?:\w+ ){0,3}(?:research|studies|study|experts|scientists|researchers|evidence)$",
    re.IGNORECASE,
)
_NOT_BEFORE_VERB = re.compile(rf"(?:a|an|the|own|my|your|his|her|its|our|their|and|or|{_PREPOSITIONS})$")
_APPOSITION = re.compile(
    r"^([^,]{3,60}), (?:in which|which|who|a|an|the|also|often|known|called|described|formerly|or|such as"
    r"|for example) [^,]+, "
)
_SUCH_AS = re.compile(
    rf"^([A-Z][^,]{{3,40}}) such as [^,.]{{3,60}}? (?=(?:{'|'.join(sorted(MODALS | BEING))})\b)"
)
_LISTED = re.compile(r"[^\s,]+(?: [\w'’-]+){0,2}(?:, [\w'’-]+(?: [\w'’-]+){0,2}){1,4},? and [\w'’-]+")
_RELATIVE = re.compile(r" (?:who|that) ")
_FILLERS = re.compile(
    r"(?: (?:therefore|also|even|only|still|then|too|thus|either|just|often|sometimes|never|always|all|soon"
    r"|(?!family|early|supply|reply|elderly|daily|weekly|monthly|yearly)\w+ly))+$"
)
_PLURALS = frozenset({"people", "children", "men", "women", "families", "teeth", "feet", "mice", "police"})


class Clause(NamedTuple):
    """A main clause cut after its verb: `people with OCD | may | stay silent`."""

    subject: str
    verb: str
    rest: str

    @property
    def do(self) -> str:
        """Return the form of "do" that a question with this subject takes."""
        return "do" if self.infinitive == self.verb else "does"

    @property
    def infinitive(self) -> str:
        """Return the verb without ending."""
        return "have" if self.verb in HAVING else _infinitive(self.verb)


def main_clause(statement: str, *, named: bool = True) -> Clause | None:
    """Return the clause of a statement that opens with its subject, else None.

    `named`: only a subject that tells what the statement is about, so not `many people`.
    """
    text = _without_apposition(statement.rstrip('."”) '))
    listed = _LISTED.match(text)
    words = text.split(" ")
    first = len(listed[0].split()) if listed else 1
    for at in range(first, min(len(words) - 1, first + MAX_SUBJECT_WORDS)):
        subject = _FILLERS.sub("", " ".join(words[:at]))
        if _SUBJECT_ENDS.search(subject.replace(",", "") if listed else _RELATIVE.sub(" ", subject + " ")):
            return None
        if _RELATIVE.search(subject + " ") and (words[at] not in MODALS | BEING or _relative_open(subject)):
            continue
        if at == 1 and _is_advice(words):
            return None
        if _is_verb(words, at):
            rest = " ".join(words[at + 1 :])
            return None if named and _NO_SUBJECT.match(subject) else Clause(subject, words[at], rest)
    return None


def _without_apposition(text: str) -> str:
    match = _APPOSITION.match(text) or _SUCH_AS.match(text)
    if match is None or any(word in MODALS | BEING | HAVING for word in match[1].split()):
        return text
    words = match[1].split()
    verbs = any(_is_verb([*words, "so"], at) for at in range(1, len(words)))
    return text if verbs else f"{match[1]} {text[match.end() :]}"


def _is_advice(words: list[str]) -> bool:
    """Tell whether the sentence opens with a verb: `Talk to`, `Keep a`."""
    word, following = words[0].lower(), words[1].lower()
    if word in _VERBS - _NOUNS_ALONE or word in _ADVICE:
        return True
    return word in _VERBS | _AMBIGUOUS and following in _AFTER_ADVICE


def _relative_open(subject: str) -> bool:
    """Tell whether a relative clause in `subject` still waits for its verb, or ends with one."""
    words = _RELATIVE.split(subject + " ")[-1].split()
    verbs = [at for at, word in enumerate(words) if _infinitive(word) in _VERBS or word in BEING | HAVING]
    return not verbs or verbs[-1] == len(words) - 1 or words[0] in MODALS


def _is_verb(words: list[str], at: int) -> bool:
    word = words[at]
    if words[at - 1] == "to":
        return False
    if word in MODALS | BEING | HAVING:
        return True
    infinitive = _infinitive(word)
    following = words[at + 1]
    if (
        _NOT_BEFORE_VERB.match(words[at - 1].lower())
        or (infinitive != "help" and following in _VERBS)
        or following in MODALS | BEING | HAVING
    ):
        return False
    if following == "of" and infinitive not in _VERBS_WITH_OF:
        return False
    if infinitive in _AMBIGUOUS:
        # After "a worry log" only the verb can end in s; after "honest" it may be a noun.
        return at > 1 and words[0].lower() in {"a", "an"} and word != infinitive
    return infinitive in _VERBS and (word == infinitive) == is_plural(" ".join(words[:at]))


def _infinitive(verb: str) -> str:
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    stem = verb.removesuffix("s")
    return stem if stem in _VERBS | _AMBIGUOUS else verb.removesuffix("es")


def is_plural(subject: str) -> bool:
    """Tell whether a subject takes a verb without ending."""
    lowered = subject.lower()
    head = re.split(
        rf" (?:{_PREPOSITIONS}|that|who) ", re.sub(r" (?:\w+ly|often|sometimes|also)$", "", lowered)
    )[0]
    if " and " in head and not re.match(r"(?:a|an|each|every)\b", head):
        return True
    last = (head.split() or [""])[-1]
    return last in _PLURALS or (last.endswith("s") and not last.endswith(("ss", "us", "is")))


def is_infinitive(text: str) -> bool:
    """Tell whether `text` opens with a verb without ending, as an advice does."""
    word = text.split(maxsplit=1)[0].lower().rstrip(",")
    return word in _VERBS | _AMBIGUOUS | _ADVICE


def lowered(text: str, passage: str) -> str:
    """Lower the first letter, unless the passage writes the word with a capital inside a sentence."""
    word = text.split(maxsplit=1)[0]
    named = re.search(rf"[a-z,;] {re.escape(word)}\b", passage) and f" {word.lower()} " not in passage
    if named or word[1:] != word[1:].lower():
        return text
    return text[0].lower() + text[1:]

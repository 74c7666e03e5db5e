"""Turn replies into questions and refuse those that are not worth learning from.

In: drafts. Out: a question or nothing, and a reason code for each refusal. The checks are
plain rules over words, because the teacher is too small to be asked for a judgement.
"""

import re
from collections import Counter
from itertools import pairwise

from tasks.generate.judging.question_form import question_form, verdict
from tasks.generate.pairs import Draft
from tasks.text.words import PLAIN_FUNCTION_WORDS, WORD, find_words

MIN_WORDS = 3
MAX_WORDS = 30
MAX_COPIED = 0.95
"""Share of the answer's content words in the question from which on it asks nothing."""
MAX_NOVEL = 0.3
"""Share of the question's content words that the answer does not contain."""
_STEM = 4
"""Letters by which words count as the same: move, moves, moving."""
_ASKING_LIST = """
effect example examples happen happens kind known learn like long make makes many mean
"""
FUNCTION_WORDS = PLAIN_FUNCTION_WORDS | frozenset(_ASKING_LIST.split())
"""Here what questions are asked with says nothing either: `What is an example of`."""
_GENERIC_WORD_LIST = """
treatment treatments provider providers person professional professionals mental health care help helps
ask child children family families friend friends work works use used take main different certain
therapies therapy medication medications symptoms support need needs people patient patients doctor
doctors recommend condition disorder illness feel feelings form forms type types start best important
good better well way ways thing things find talk know get make options option plan plans factors factor
current person's someone others two three often usually give given come study studies research learn
information experience prescribe
clinician clinicians therapist therapists early effects side appear
decide show base based training include includes involve involves case cases severe
"""
_LEAKED = re.compile(
    r"<\||\b(?:write one question|sentence answers|question:|answer:|user:|assistant:|example \d)",
    re.IGNORECASE,
)
GENERIC = frozenset(word[:_STEM] for word in _GENERIC_WORD_LIST.split())
"""Of these alone, a question could be about any illness."""
_DANGLING = re.compile(
    r"\b(?:this|these|those)\b|\b(?:the|that|a given|following) (?:passage|text|sentence|article|statement"
    r"|author|paragraph|example|table|excerpt|document|speaker|above)\b"
    r"|\bthe (?:person|individual|child|patient)[’']s\b",
    re.IGNORECASE,
)
_ADDED = frozenset({"be", "a", "an", "the", "or", "and", "any", "not", "have", "do"})
_COMPLEMENT = frozenset({"by", "of", "than", "that", "to"})
_MIN_OWN = 2
"""Words of its own that a question for an object needs, where the answer is what is missing."""
_AUXILIARY = r"(?:can|could|may|might|should|must|will|would|do|does|has|have)\b"
_NEGATED = re.compile(r"(?:Do not|Don’t|Don't|Never)\b")
_OBJECT_WANTED = re.compile(rf"What {_AUXILIARY}")
_LEFT_OPEN = re.compile(rf"(?:What|When) {_AUXILIARY}")
_MANNER_WANTED = re.compile(rf"How (?:{_AUXILIARY}|(?:is|are|was|were)\b)")
_GOES_ON = frozenset(
    {
        "about",
        "after",
        "against",
        "as",
        "at",
        "by",
        "do",
        "during",
        "for",
        "from",
        "if",
        "in",
        "into",
        "of",
        "on",
    }
    | {"to", "when", "with"}
)


def question_of(draft: Draft) -> str | None:
    """Return the question in a draft, or None where the reply holds none."""
    line = (draft.ask.opening + draft.reply.text).strip().split("\n")[0]
    question, mark, _ = line.partition("?")
    question = " ".join(question.split())
    if _answers_itself(draft):
        return draft.ask.opening.strip() + "?"
    return question + "?" if mark and question else None


def rejection(question: str, answer: str) -> str | None:
    """Return why the pair is refused, or None where it is kept."""
    words = find_words(question)
    checks = (
        (not MIN_WORDS <= len(words) <= MAX_WORDS, "length"),
        (_LEAKED.search(question), "leaked_prompt"),
        (_DANGLING.search(question), "dangling_reference"),
        (_repeats(words), "repeats_itself"),
    )
    return next((reason for broken, reason in checks if broken), None) or _worth(question, answer)


def _worth(question: str, answer: str) -> str | None:
    """Return why a well-formed question is not worth its answer, or None where it is."""
    asked, told = content_words(question), content_words(answer)
    listed = "\n" in answer
    if not asked or (not listed and len(asked - told) > MAX_NOVEL * len(asked)):
        return "ungrounded"
    form = question_form(question, answer)
    if form == "open" and told <= asked:
        return "copies_answer"
    if form == "yes_no" and not verdict(answer) and not _NEGATED.match(answer):
        if len(told & asked) >= MAX_COPIED * len(told):
            return "copies_answer"
        if not _holds(question, answer):
            return "says_something_else"
    return "vague" if vague(question) or _too_open(question) else None


def _holds(question: str, answer: str) -> bool:
    """Tell whether a yes/no question is made of its answer's words in their order, and ends where it may."""
    told, at = [_stem(word) for word in find_words(answer.lower())], 0
    for word in [_stem(word) for word in find_words(question.lower())[1:]]:
        if word in told[at:]:
            at = told.index(word, at) + 1
        elif word not in _ADDED:
            return False
    return at == len(told) or told[at] not in _COMPLEMENT


def _too_open(question: str) -> bool:
    """Tell whether a question for an object names nothing but its subject, as in `What does fever need?`"""
    return bool(_LEFT_OPEN.match(question)) and len(content_words(question) - GENERIC) < _MIN_OWN


def _stem(word: str) -> str:
    return word[:_STEM]


def vague(question: str) -> bool:
    """Tell whether a question, or its beginning, names nothing of its own."""
    return content_words(question) <= GENERIC


def _answers_itself(draft: Draft) -> bool:
    """Tell whether the model went on with an answer, as in `What does a stove need | wood`.

    The beginning asks for that very thing, so it is the whole question.
    """
    added = WORD.search(draft.reply.text)
    if added is None:
        return False
    word = added[0].lower()
    if _OBJECT_WANTED.match(draft.ask.opening) and word not in _GOES_ON:
        return True
    return bool(
        _OBJECT_WANTED.match(draft.ask.opening) or _MANNER_WANTED.match(draft.ask.opening)
    ) and _follows(draft.ask.opening.split()[-1], word, draft.ask.answer)


def _follows(word: str, following: str, text: str) -> bool:
    """Tell whether `text` has the two words side by side, the first with any ending."""
    stem = re.escape(word[:-1] or word)
    return bool(re.search(rf"\b{stem}\w*\W+{re.escape(following)}\b", text, re.IGNORECASE))


def _repeats(words: list[str]) -> bool:
    lowered = [word.lower() for word in words]
    pairs = Counter(pairwise(lowered))
    again = (pair for pair, count in pairs.items() if count > 1)
    return any(FUNCTION_WORDS.isdisjoint(pair) for pair in again) or any(one == two for one, two in pairs)


def content_words(text: str) -> set[str]:
    """Return the beginnings of the words of `text` that carry meaning."""
    return {word[:_STEM] for word in find_words(text.lower()) if word not in FUNCTION_WORDS}

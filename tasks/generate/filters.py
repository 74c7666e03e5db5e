"""Turn replies into questions and refuse those that are not worth learning from.

In: drafts. Out: a question or nothing, and a reason code for each refusal. The checks are
plain rules over words, because the teacher is too small to be asked for a judgement.
"""

import re
from collections import Counter
from itertools import pairwise

from tasks.generate.pairs import Draft
from tasks.generate.sentences import WORD

MIN_WORDS = 3
MAX_WORDS = 30
MAX_COPIED = 0.8
"""Share of the answer's content words in the question from which on it asks nothing."""
MAX_NOVEL = 0.3
"""Share of the question's content words that the answer does not contain."""
_STEM = 4
"""Letters by which words count as the same: move, moves, moving."""
_FUNCTION_WORD_LIST = """
a about after all also an and are as at be been before being between but by can could did do does
during each for from had has have how if in into is it its like long make makes many may mean might
more most much must no not of often on one or other should so some such than that the their them
there these they this those to was we were what when where which while who whom whose why will with
would you your effect happen happens known
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())
_LEAKED = re.compile(
    r"<\||\b(?:write one question|sentence answers|question:|answer:|user:|assistant:|example \d)",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"\b(?:this|these|those)\b|\b(?:the|that|a given|following) (?:passage|text|sentence|article|statement"
    r"|author|paragraph|example|table|excerpt|document|speaker|above)\b",
    re.IGNORECASE,
)
_AUXILIARY = r"(?:can|could|may|might|should|must|will|would|do|does|has|have)\b"
_OBJECT_WANTED = re.compile(rf"What {_AUXILIARY}")
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
    words = WORD.findall(question)
    if not MIN_WORDS <= len(words) <= MAX_WORDS:
        return "length"
    if _LEAKED.search(question):
        return "leaked_prompt"
    if _DANGLING.search(question):
        return "dangling_reference"
    if _repeats(words):
        return "repeats_itself"
    asked, told = _content(question), _content(answer)
    if not asked or len(asked - told) > MAX_NOVEL * len(asked):
        return "ungrounded"
    return "copies_answer" if len(told & asked) >= MAX_COPIED * len(told) else None


def _answers_itself(draft: Draft) -> bool:
    """Tell whether the model went on with an answer, as in `What does a stove need | wood`.

    What was begun asks for that very thing, so the beginning is the whole question.
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
    return max(pairs.values(), default=0) > 1 or any(one == two for one, two in pairs)


def _content(text: str) -> set[str]:
    return {word[:_STEM] for word in WORD.findall(text.lower()) if word not in _FUNCTION_WORDS}

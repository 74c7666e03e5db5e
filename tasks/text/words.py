"""The words of a text, and which of them carry its content.

In: text. Out: words, sets of words, stems. A word is what a reader calls one (`don't`, `follow-up`), save
where a router matches or counts words: there it is a run of letters and digits, so that no mark decides.
"""

import re

from tasks.text.segments import runs as script_runs
from tasks.text.segments import unspaced, unspaced_words

WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
RUN = re.compile(r"\w+")
_PLAIN_LIST = """
a about after all also an and are as at be been before being between but by can could did do does during
each for from had has have how if in into is it its may might more most much must no not of often on one
or other should so some such than that the their them there these they this those to was we were what
when where which while who whom whose why will with would you your
"""
_OTHER_LIST = """
above again although am another any because below both cannot doing done down either else ever every few
further having he her here hers herself him himself his i itself just me my myself neither nor now off
once only others ought our ours out over own per perhaps rather same shall she theirs themselves then
through too under until up upon us very whether within without yes yet yours
don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't hasn't haven't
hadn't mustn't it's that's what's there's
"""
PLAIN_FUNCTION_WORDS = frozenset(_PLAIN_LIST.split())
"""The most frequent ones; the rules for generated questions were set with these alone."""
FUNCTION_WORDS = PLAIN_FUNCTION_WORDS | frozenset(_OTHER_LIST.split())
_ENDING = re.compile(r"(?<=\w\w\w)(?:ingly|edly|ings|ing|ies|ied|es|ed|(?<!i)ly|(?<![sui])s)$")
_DOUBLED = frozenset("bdfgmnprt")


def find_words(text: str) -> list[str]:
    """Return the words of `text`; those of scripts without spaces as a dictionary finds them."""
    if not unspaced(text):
        return WORD.findall(text)
    return [text[start:end] for start, end in word_places(text)]


def word_places(text: str) -> list[tuple[int, int]]:
    """Return where the words of `text` begin and end."""
    if not unspaced(text):
        return [found.span() for found in WORD.finditer(text)]
    places: list[tuple[int, int]] = []
    for start, run, without_spaces in script_runs(text):
        if not without_spaces:
            places += [
                (start + at, start + end) for at, end in (found.span() for found in WORD.finditer(run))
            ]
            continue
        at = start
        for word in unspaced_words(run):
            at = text.index(word, at)
            places.append((at, at + len(word)))
            at += len(word)
    return places


def runs(text: str) -> list[str]:
    """Return the runs of letters and digits, without case."""
    return RUN.findall(text.casefold())


def word_set(text: str) -> frozenset[str]:
    """Return the words of `text` in lower case; a text without any is its own word."""
    return frozenset(find_words(text.lower())) or frozenset({text.strip()})


def lowered(text: str) -> list[str]:
    """Return the words of `text` in lower case, with one kind of apostrophe."""
    return find_words(text.lower().replace("’", "'"))


def content(text: str) -> list[str]:
    """Return the stems of the words of `text` that carry its content, in order."""
    return [stem(word) for word in lowered(text) if word not in FUNCTION_WORDS]


def stem(word: str) -> str:
    """Return `word`, in lower case, without its usual English endings.

    Move, moves and moving have one stem, while part and partner stay two words.
    """
    word = word.removesuffix("'s").removesuffix("'")
    found = _ENDING.search(word)
    cut = word[: found.start()] if found else word
    if found and found[0] in {"ies", "ied"}:
        return cut + "i"
    if found and cut[-1] == cut[-2] and cut[-1] in _DOUBLED:
        return cut[:-1]
    return cut[:-1] + "i" if cut.endswith("y") else cut.removesuffix("e")

"""Reduce a text to what it says: the stems of its content words.

In: English text. Out: stems. A stem cuts the usual endings, so that move, moves and moving count as
one word while part and partner stay two.
"""

import re

from tasks.text.near import WORD

_FUNCTION_WORD_LIST = """
a about above after again all also although am an and another any are as at be because been before being
below between both but by can cannot could did do does doing done down during each either else ever every
few for from further had has have having he her here hers herself him himself his how i if in into is it
its itself just may me might more most much must my myself neither no nor not now of off often on once one
only or other others ought our ours out over own per perhaps rather same shall she should so some such than
that the their theirs them themselves then there these they this those through to too under until up upon us
very was we were what when where whether which while who whom whose why will with within without would yes
yet you your yours don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't
hasn't haven't hadn't mustn't it's that's what's there's
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())
_ENDING = re.compile(r"(?<=\w\w\w)(?:ingly|edly|ings|ing|ies|ied|es|ed|(?<!i)ly|(?<![sui])s)$")
_DOUBLED = frozenset("bdfgmnprt")


def content(text: str) -> list[str]:
    """Return the stems of the words of `text` that carry its content, in order."""
    return [stem(word) for word in lowered(text) if word not in FUNCTION_WORDS]


def lowered(text: str) -> list[str]:
    """Return the words of `text` in lower case, with one kind of apostrophe."""
    return WORD.findall(text.lower().replace("’", "'"))


def stem(word: str) -> str:
    """Return `word`, in lower case, without its usual English endings."""
    word = word.removesuffix("'s").removesuffix("'")
    found = _ENDING.search(word)
    cut = word[: found.start()] if found else word
    if found and found[0] in {"ies", "ied"}:
        return cut + "i"
    if found and cut[-1] == cut[-2] and cut[-1] in _DOUBLED:
        return cut[:-1]
    return cut[:-1] + "i" if cut.endswith("y") else cut.removesuffix("e")

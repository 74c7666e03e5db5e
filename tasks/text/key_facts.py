"""The key fact of an answer: the few words that its question asks for.

In: a question and its answer. Out: the first stretch of the answer that the question does not say itself
(`What balances duties and rest?` - `A weekly plan balances duties and rest.`: `A weekly plan`), or nothing,
where it does not end as cleanly. English only, and of questions for things, people, times, places and numbers
alone: why and how ask for whole sentences, and yes or no for none.
"""

import re

from tasks.text.words import FUNCTION_WORDS, find_words, stem, word_places

_FACTUAL = re.compile(
    r"(?:.{0,60}, )?(?:what|which|who|whom|when|where|how (?:many|much|long|often|old|far|big|large|high))\b",
    re.IGNORECASE,
)
_PASSED = frozenset({"often", "sometimes", "always", "never", "still", "even", "just", "most"})
_ADVERB = re.compile(r"(?!family|assembly|anomaly|butterfly|supply|reply)\w{3,}ly", re.IGNORECASE)
_BE = {"is", "are", "was", "were", "be", "been"}
_MODAL = {"can", "could", "may", "might", "must", "shall", "should", "will", "would"}
_DO = {"do", "does", "did"}
_VERBS = frozenset({*_BE, *_MODAL, *_DO, "has", "have", "had"})
_DETERMINERS = frozenset({"a", "an", "the"})


def key_fact(question: str, answer: str) -> str:
    """Return the words of `answer` that `question` asks for; empty where it asks for more than a fact."""
    if not _FACTUAL.match(question):
        return ""
    asked = {_root(word) for word in find_words(question)}
    places = word_places(answer)
    words = [answer[start:end] for start, end in places]
    said = [_root(word) in asked for word in words]
    own = [not given and not _passed(word) for given, word in zip(said, words, strict=True)]
    if True not in own:
        return ""
    first = last = own.index(True)
    for place in range(first, len(words)):
        given = said[place] and not _passed(words[place])
        if given or words[place].lower() in _VERBS or _breaks(answer[places[last][1] : places[place][0]]):
            break
        last = place if own[place] else last
    if first and words[first - 1].lower() in _DETERMINERS:
        first -= 1
    behind = answer[places[last][1] :].strip()
    clean = not behind or not (behind[0].isalnum() or behind[0] in "'’(")
    whole = (first == 0 and not asked & _DO) or (clean and last > first)
    return answer[places[first][0] : places[last][1]] if whole else ""


def says(text: str, key: str) -> bool:
    """Tell whether `text` says the key fact: its content words in a row, whatever their endings."""
    wanted = [_root(word) for word in find_words(key) if not _passed(word)]
    found = [_root(word) for word in find_words(text) if not _passed(word)]
    starts = range(len(found) - len(wanted) + 1)
    return bool(wanted) and any(found[start : start + len(wanted)] == wanted for start in starts)


def _root(word: str) -> str:
    return stem(word.lower().replace("’", "'"))


def _passed(word: str) -> bool:
    """Tell words that say nothing of the fact itself."""
    return word.lower() in FUNCTION_WORDS | _PASSED or bool(_ADVERB.fullmatch(word))


def _breaks(between: str) -> bool:
    return any(mark in between for mark in ";:.!?—")

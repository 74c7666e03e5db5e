"""Tell whether a statement says the opposite of what a text says.

In: English sentences. Out: the words in which they differ. What stands behind a negation, up to the next
clause, is its scope (as in NegEx, Chapman et al. 2001); a scope that only one side has is a contradiction,
and so is `increases` where the other side has `decreases`.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.text.words import FUNCTION_WORDS, WORD, stem

_SCOPE = 3
_CUE_LIST = (
    "not no never neither nor none nobody nothing cannot without hardly rarely seldom scarcely unlikely"
)
_CUES = frozenset(_CUE_LIST.split())
_ONLY = frozenset({"only", "just", "merely", "simply", "solely"})
_CLAUSE_WORDS = frozenset({"but", "because", "although", "while", "whereas"})
_OPPOSITE_LIST = """
increase/decrease increase/reduce raise/lower rise/fall grow/shrink more/less more/fewer higher/lower high/low
better/worse improve/worsen strengthen/weaken stronger/weaker always/never often/rarely before/after
above/below longer/shorter larger/smaller bigger/smaller common/rare safe/dangerous positive/negative
with/without most/few gain/loss faster/slower early/late earlier/later allow/forbid possible/impossible
likely/unlikely start/stop begin/end cause/prevent encourage/discourage effective/ineffective
healthy/unhealthy helpful/harmful
"""
_TOKEN = re.compile(rf"{WORD.pattern}|[,;:.()–—]")


def _pole(word: str) -> str:
    return word if word in FUNCTION_WORDS else stem(word)


def _opposites() -> dict[str, list[str]]:
    """Return for each pole those on the other side."""
    found: dict[str, list[str]] = defaultdict(list)
    for pair in _OPPOSITE_LIST.split():
        one, other = map(_pole, pair.split("/"))
        found[one].append(other)
        found[other].append(one)
    return dict(found)


_OPPOSITES = _opposites()
_WORDS = {_pole(word): word for word in WORD.findall(_OPPOSITE_LIST)}


@dataclass(frozen=True)
class Claim:
    """What a sentence asserts and what it denies."""

    asserted: frozenset[str]
    denied: tuple[frozenset[str], ...]
    """The stems in the scope of each negation; empty for one that stands alone."""
    poles: frozenset[str]
    """Its words that have an opposite."""

    @property
    def stems(self) -> frozenset[str]:
        """Return all stems."""
        return self.asserted.union(*self.denied)


def claim(sentence: str) -> Claim:
    """Return what `sentence` asserts and denies."""
    tokens = [token.lower().replace("’", "'") for token in _TOKEN.findall(sentence)]
    asserted: set[str] = set()
    scopes: list[set[str]] = []
    left = 0
    for token, following in zip(tokens, [*tokens, ""][1:], strict=True):
        if _is_cue(token) and following not in _ONLY and (token, following) != ("no", "."):
            scopes.append(set())
            left = _SCOPE
        elif not token[0].isalnum() or token in _CLAUSE_WORDS:
            left = 0
        elif token not in FUNCTION_WORDS:
            (scopes[-1] if left else asserted).add(stem(token))
            left = max(0, left - 1)
    poles = frozenset(pole for token in tokens if (pole := _pole(token)) in _OPPOSITES)
    return Claim(frozenset(asserted), tuple(map(frozenset, scopes)), poles)


def opposed(told: Claim, source: Sequence[Claim], asked: Claim) -> str:
    """Return the words in which `told` says the opposite of the sentence of `source` nearest to it, or "".

    A negation that the question already has may be missing in the answer.
    """
    nearest = max(source, key=lambda one: len(one.stems & told.stems), default=None)
    if nearest is None or not nearest.stems & told.stems:
        return ""
    added = next((scope for scope in told.denied if scope and not _denied_by(scope, source)), None)
    if added:
        return f"not {', '.join(sorted(added))}"
    dropped = None if asked.denied or told.denied else _asserted_instead(told, nearest)
    return f"without not: {', '.join(sorted(dropped))}" if dropped else opposite(told, nearest)


def opposite(told: Claim, nearest: Claim) -> str:
    """Return which word of `told` stands for its opposite in `nearest`, as in `more for less`, or ""."""
    for pole in sorted(told.poles - nearest.poles):
        for other in _OPPOSITES[pole]:
            if other in nearest.poles and other not in told.poles:
                return f"{_WORDS[pole]} for {_WORDS[other]}"
    return ""


def _is_cue(word: str) -> bool:
    return word in _CUES or word.endswith("n't")


def _denied_by(scope: frozenset[str], source: Sequence[Claim]) -> bool:
    return any(2 * len(scope & denied) > len(scope) for one in source for denied in one.denied)


def _asserted_instead(told: Claim, nearest: Claim) -> frozenset[str] | None:
    scopes = (scope - nearest.asserted for scope in nearest.denied)
    return next((scope for scope in scopes if scope and scope <= told.asserted), None)

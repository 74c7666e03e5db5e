"""Keep the share of yes/no questions among the pairs that a teacher wrote.

In: candidates with splits. Out: the same, with `too_many_yes_no` for those above the share, split by split,
so that it holds in each and therefore in all together. Ready-made examples are not counted; pairs that people
have read come first and stay. Of the others those stay that alone tell their fact, then those that say most
of what they ask about; a seeded draw decides between equals. Other languages than English are not limited.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from typing import Literal

from tasks.generate.config import GenerateConfig
from tasks.generate.judging.judge import language_check
from tasks.generate.judging.question_form import question_form
from tasks.generate.selection.precedence import REVIEWED, precedence
from tasks.records.dataset import Candidate, Example, Split
from tasks.text.words import content, word_set

TOO_MANY = "too_many_yes_no"
Kind = Literal["ready", "other", "yes_no"]
_SAYS_ENOUGH = 5
"""Content words from which on more of them make a question longer and not clearer."""


def limit_yes_no(
    candidates: Sequence[Candidate], config: GenerateConfig, splits: Iterable[Split]
) -> list[Candidate]:
    """Refuse yes/no questions of each of `splits` until the others leave room for them."""
    judged, kind = list(candidates), kind_of(config)
    for split in splits:
        here = [at for at, one in enumerate(judged) if not one.reason and one.example.split == split]
        kinds = {at: kind(judged[at].example) for at in here}
        asked = [at for at in here if kinds[at] == "yes_no"]
        room = allowed(Counter(kinds.values()), config)
        told = Counter(word_set(judged[at].example.answer) for at in here)
        ranked = sorted(asked, key=lambda at: _rank(judged[at], told, config.seed))
        for at in ranked[room:]:
            if precedence(judged[at]) != REVIEWED:
                detail = f"more than {config.judging.max_yes_no_share:.0%} of {split}"
                judged[at] = judged[at].model_copy(update={"reason": TOO_MANY, "detail": detail})
    return judged


def kind_of(config: GenerateConfig) -> Callable[[Example], Kind]:
    """Return a function that tells ready-made examples, yes/no questions and others apart."""
    language = config.judging.language

    def is_english(text: str) -> bool:
        return language == "en" or (language is None and not _english()(text))

    def kind(example: Example) -> Kind:
        if not example.passage:
            return "ready"
        asked = question_form(example.question, example.answer) == "yes_no"
        return "yes_no" if asked and is_english(f"{example.question} {example.answer}") else "other"

    return kind


@cache
def _english() -> Callable[[str], str]:
    return language_check("en")


def allowed(kinds: Counter[Kind], config: GenerateConfig) -> int:
    """Return how many of the yes/no questions may stay beside the others."""
    share = Fraction(str(config.judging.max_yes_no_share))
    return min(kinds["yes_no"], int(share * kinds["other"] / (1 - share))) if share < 1 else kinds["yes_no"]


def remaining(kinds: Counter[Kind], config: GenerateConfig) -> int:
    """Return how many pairs are left of a split of these kinds; more where people have read some."""
    return kinds["ready"] + kinds["other"] + allowed(kinds, config)


def _rank(candidate: Candidate, told: Counter[frozenset[str]], seed: int) -> tuple[int, bool, int, bytes]:
    example = candidate.example
    drawn = hashlib.sha256(f"{seed}:{example.id}".encode()).digest()
    says = min(_SAYS_ENOUGH, len(set(content(example.question))))
    return -precedence(candidate), told[word_set(example.answer)] > 1, -says, drawn

"""What a group of passages has cost and yielded, and the first limit of a budget that this reaches.

In: answered groups, prices and a budget. Out: sums, and a limit in words. Pairs are counted as
the rules alone see them, because the other checks compare pairs that are not asked for yet.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Self

from tasks.generate.config import Budget
from tasks.generate.drafting.groups import AnsweredGroup
from tasks.generate.judging.filters import rejection
from tasks.generate.pairs import kept
from tasks.generate.teacher_config import Prices, Teacher
from tasks.generate.teachers.parsing import parse_drafts
from tasks.records.corpus import Passage

_SECONDS_A_MINUTE = 60
_MILLION = 1_000_000


@dataclass(frozen=True)
class Spent:
    """Sums over groups."""

    asks: int = 0
    passages: int = 0
    pairs: int = 0
    """Pairs that the rules let through."""
    seconds: float = 0.0
    money: float = 0.0

    def __add__(self, other: Self) -> "Spent":
        """Return both together."""
        return Spent(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


def spent_on(group: AnsweredGroup, teacher: Teacher, passages: Mapping[str, Passage]) -> Spent:
    """Return what one group has cost and yielded."""
    found = kept(parse_drafts(group.drafts, passages, teacher).candidates)
    return Spent(
        asks=len(group.drafts),
        passages=len({draft.ask.passage for draft in group.drafts}),
        pairs=sum(rejection(pair.question, pair.answer) is None for pair in found),
        seconds=group.seconds,
        money=_money(group, teacher.prices),
    )


def reached(budget: Budget, spent: Spent) -> str:
    """Return the limit that is reached, such as `30 minutes`; empty where none is."""
    if budget.pairs is not None and spent.pairs >= budget.pairs:
        return f"{budget.pairs} pairs"
    if budget.minutes is not None and spent.seconds >= budget.minutes * _SECONDS_A_MINUTE:
        return f"{budget.minutes:g} minutes"
    if budget.money is not None and spent.money >= budget.money:
        return f"{budget.money:g} of money"
    return ""


def _money(group: AnsweredGroup, prices: Prices) -> float:
    read = sum(draft.reply.input_tokens for draft in group.drafts)
    written = sum(draft.reply.output_tokens for draft in group.drafts)
    return (read * prices.input_per_million + written * prices.output_per_million) / _MILLION

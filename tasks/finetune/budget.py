"""Decide which examples a run sees, and in which order.

In: encoded examples by domain. Out: one sequence, drawn by seed. Expert and generalist go
through the same rule, so that a comparison between them compares data and not compute.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from tasks.finetune.encoding import Encoded
from tasks.kernel.errors import DataError


@dataclass(frozen=True)
class Plan:
    """The examples of one run in training order, and the tokens it was allowed."""

    sequence: tuple[Encoded, ...]
    budget: int

    @property
    def tokens(self) -> int:
        """Tokens the run will see: below the budget by less than one example."""
        return sum(example.tokens for example in self.sequence)

    def tokens_by_domain(self) -> dict[str, int]:
        """Return the tokens that each domain contributes."""
        domains = sorted({example.domain for example in self.sequence})
        return {
            domain: sum(example.tokens for example in self.sequence if example.domain == domain)
            for domain in domains
        }

    def until(self, examples: int) -> "Plan":
        """Return what is seen of it when training stops after so many examples."""
        return Plan(self.sequence[:examples], self.budget)


def plan_examples(
    pools: Mapping[str, Sequence[Encoded]], epochs: int, token_budget: int | None, seed: int
) -> Plan:
    """Draw examples until the next one would not fit into the budget.

    The next example comes from the domain with the fewest tokens so far, so that all domains
    have equal shares; a domain that runs out is shuffled again. Without `token_budget` the
    budget is `epochs` passes, averaged over the domains.
    """
    budget = token_budget or round(mean(epochs * _tokens(pool) for pool in pools.values()))
    streams = {domain: _passes(pool, f"{seed}/{domain}") for domain, pool in sorted(pools.items())}
    spent = dict.fromkeys(streams, 0)
    sequence: list[Encoded] = []
    while True:
        domain = min(spent, key=lambda name: (spent[name], name))
        example = next(streams[domain])
        if sum(spent.values()) + example.tokens > budget:
            break
        sequence.append(example)
        spent[domain] += example.tokens
    if not sequence:
        raise DataError(f"`token_budget`: {budget} tokens hold no example; raise it")
    return Plan(tuple(sequence), budget)


def sorted_within_steps(sequence: Sequence[Encoded], step_size: int) -> list[Encoded]:
    """Sort each optimizer step's examples by length: less padding, and the same gradient."""
    return [
        example
        for start in range(0, len(sequence), step_size)
        for example in sorted(sequence[start : start + step_size], key=lambda one: -one.tokens)
    ]


def tokens_by_step(sequence: Sequence[Encoded], step_size: int) -> list[int]:
    """Return the tokens seen after each optimizer step."""
    starts = range(0, len(sequence), step_size)
    return [_tokens(sequence[: start + step_size]) for start in starts]


def _passes(pool: Sequence[Encoded], seed: str) -> Iterator[Encoded]:
    """Yield the pool again and again, shuffled anew for each pass."""
    generator = random.Random(seed)  # noqa: S311  an order of examples, not a secret
    while True:
        order = list(pool)
        generator.shuffle(order)
        yield from order


def _tokens(examples: Sequence[Encoded]) -> int:
    return sum(example.tokens for example in examples)

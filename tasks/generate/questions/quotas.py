"""Spread question types, personas and difficulties over what is asked.

In: asks and the shares that a config wants. Out: the asks with what each of them is to be. A passage's quotas
are filled by its own seed alone, so that other passages change nothing; what does not divide evenly is
drawn in proportion to the remainders, because cutting it off everywhere would starve the smaller shares.
"""

import random
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import Ask
from tasks.records.dataset import QuestionType

N = TypeVar("N", bound=Hashable)


def assign(asks: Sequence[Ask], config: GenerateConfig) -> list[Ask]:
    """Return the asks with types, personas and difficulties in the configured shares, passage by passage.

    An ask whose type is set keeps it, because a question with an opening is what it is; one for several pairs
    of a passage becomes one for each type that it is to hold.
    """
    if not (config.question_types or config.personas or config.difficulties):
        return list(asks)
    by_passage: dict[str, list[Ask]] = {}
    for ask in asks:
        by_passage.setdefault(ask.passage, []).append(ask)
    return [
        ask for name, group in by_passage.items() for ask in _assigned(group, config, _draw(config, name))
    ]


def choose(asks: Sequence[Ask], limit: int, config: GenerateConfig) -> list[Ask]:
    """Return at most `limit` asks of one passage, in their order, by the shares of the types that they have.

    What a type cannot fill falls to the others; types with no share are left out. Asks without a type
    are drawn alike, as all are where no shares are configured.
    """
    draw = random.Random(f"{config.seed}:{asks[0].passage if asks else ''}")  # noqa: S311  # no secret
    shares = config.question_types
    pools: dict[QuestionType | None, list[int]] = {}
    for number, ask in enumerate(asks):
        if not shares or ask.question_type is None or shares.get(ask.question_type, 0) > 0:
            pools.setdefault(ask.question_type if shares else None, []).append(number)
    counts = _capped({kind: shares[kind] if kind else 1.0 for kind in pools}, pools, limit, draw)
    chosen = [number for kind, pool in pools.items() for number in draw.sample(pool, counts[kind])]
    return [asks[number] for number in sorted(chosen)]


def quotas(shares: Mapping[N, float], count: int, draw: random.Random) -> Counter[N]:
    """Return how many of `count` go to each name: its share rounded down or up, and on average the share."""
    total = sum(shares.values())
    exact = {name: count * share / total for name, share in shares.items() if share > 0}
    found = Counter({name: int(value) for name, value in exact.items()})
    names = list(exact)
    if len(names) == 1:
        return Counter({names[0]: count})
    draw.shuffle(names)
    mark, passed = draw.random(), 0.0
    for name in names[:-1]:
        passed += exact[name] - int(exact[name])
        if passed > mark:
            found[name] += 1
            mark += 1
    # Rounding errors of the running sum must neither lose a place nor make one up.
    found[names[-1]] += count - found.total()
    return found


def _assigned(asks: Sequence[Ask], config: GenerateConfig, draw: random.Random) -> Iterator[Ask]:
    typed = list(_typed(asks, config.question_types, draw)) if config.question_types else list(asks)
    # A question that is whole already is nobody's in particular, and as hard as it is.
    open_ = [number for number, ask in enumerate(typed) if not ask.opening.endswith("?")]
    personas = dict(zip(open_, _spread(dict.fromkeys(config.personas, 1.0), len(open_), draw), strict=False))
    levels = dict(zip(open_, _spread(config.difficulties, len(open_), draw), strict=False))
    for number, ask in enumerate(typed):
        yield ask.model_copy(
            update={"persona": personas.get(number, ""), "difficulty": levels.get(number, "")}
        )


def _typed(asks: Sequence[Ask], shares: Mapping[QuestionType, float], draw: random.Random) -> Iterator[Ask]:
    """Yield the asks with types; one for several pairs falls into one for each type among its pairs."""
    kinds = iter(_spread(shares, sum(ask.count for ask in asks if ask.question_type is None), draw))
    for ask in asks:
        if ask.question_type is not None:
            yield ask
            continue
        own = Counter(next(kinds) for _ in range(ask.count))
        for kind in sorted(own):
            yield ask.model_copy(update={"question_type": kind, "count": own[kind]})


def _spread(shares: Mapping[N, float], count: int, draw: random.Random) -> list[N]:
    """Return `count` names in the shares, in an order drawn; none where no shares are given."""
    if not shares:
        return []
    names = list(quotas(shares, count, draw).elements())
    draw.shuffle(names)
    return names


def _capped(
    shares: Mapping[QuestionType | None, float],
    pools: Mapping[QuestionType | None, Sequence[int]],
    limit: int,
    draw: random.Random,
) -> Counter[QuestionType | None]:
    """Return how many to take from each pool: by shares, and where a pool is too small from the others."""
    counts: Counter[QuestionType | None] = Counter()
    left = min(limit, sum(map(len, pools.values())))
    while left:
        open_ = {kind: share for kind, share in shares.items() if counts[kind] < len(pools[kind])}
        for kind, more in quotas(open_, left, draw).items():
            counts[kind] += min(more, len(pools[kind]) - counts[kind])
        left = min(limit, sum(map(len, pools.values()))) - counts.total()
    return counts


def _draw(config: GenerateConfig, passage: str) -> random.Random:
    return random.Random(f"quotas:{config.seed}:{passage}")  # noqa: S311  # a sample, no secret

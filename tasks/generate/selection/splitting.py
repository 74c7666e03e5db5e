"""Split a domain's pairs into train, validation and test.

In: pairs. Out: pairs with their split. Whole passages or whole documents are drawn, never single pairs,
because pairs of one passage tell of each other. What neighbouring passages share belongs to one of them.
What other domains have as well comes with its side. Shares are of all pairs; the least to test is of those
that the limit of yes/no questions will leave.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tasks.generate.config import GenerateConfig
from tasks.generate.selection.yes_no_share import Kind, kind_of, remaining
from tasks.kernel.errors import DataError
from tasks.records.dataset import DRAWN, Example, Split

PLACES = len(DRAWN)
HELD_OUT: tuple[Split, ...] = ("test", "validation")
"""In the order of drawing."""
Unit = list[Example]
"""Pairs that stay together."""


def draw_splits(
    examples: Sequence[Example], config: GenerateConfig, sides: Mapping[str, Split] | None = None
) -> list[Example]:
    """Return the examples with a split each; one that a data set has fixed stays as it is.

    `sides` are the splits of passages and examples that other domains have as well, by id. Where a data set
    names training examples alone, held-out ones are drawn from those. Raises DataError where there are fewer
    than three passages, documents or questions to draw from.
    """
    units = _units(examples, config)
    random.Random(config.seed).shuffle(units)  # noqa: S311  # a sample, no secret
    drawn: dict[str, Split] = {unit[0].id: unit[0].split for unit in units if unit[0].split in HELD_OUT}
    fixed = set(drawn.values())
    drawn |= _shared(units, drawn, sides or {})
    wanted = {
        "test": max(config.min_test_pairs, round(config.test_share * len(examples))),
        "validation": max(1, round(config.validation_share * len(examples))),
    }
    for split in HELD_OUT:
        if split not in fixed:
            _fill(units, drawn, split, wanted[split], config)
    _require_places(units, drawn, config)
    place = {example.id: drawn.get(unit[0].id, "train") for unit in units for example in unit}
    return [example.model_copy(update={"split": place[example.id]}) for example in examples]


def _units(examples: Iterable[Example], config: GenerateConfig) -> list[Unit]:
    """Group what must stay together: the pairs of a passage or document, or one example of a data set."""
    units: dict[str, Unit] = {}
    for example in examples:
        whole = example.document if config.split_by == "document" and example.passage else example.passage
        units.setdefault(whole or example.id, []).append(example)
    return [units[key] for key in sorted(units)]


def _shared(units: Sequence[Unit], drawn: dict[str, Split], sides: Mapping[str, Split]) -> dict[str, Split]:
    """Return the splits of the units that other domains have as well."""
    first = (unit[0] for unit in units if unit[0].id not in drawn)
    return {one.id: sides[key] for one in first if (key := one.passage or one.id) in sides}


def _fill(
    units: Sequence[Unit], drawn: dict[str, Split], split: Split, wanted: int, config: GenerateConfig
) -> None:
    """Draw units for `split` until it holds `wanted` pairs, and enough are left without yes/no questions.

    A unit that would more than double what is wanted is taken only where no smaller one is left, and none
    that another side needs to have any.
    """
    open_units = [unit for unit in units if unit[0].id not in drawn]
    free = [unit for unit in open_units if unit[0].split is None] or open_units
    others = len(set(HELD_OUT) - {split, *drawn.values()}) + (len(free) == len(open_units))
    kind = kind_of(config)
    held = Counter(kind(one) for unit in units if drawn.get(unit[0].id) == split for one in unit)
    least = config.min_test_pairs if split == "test" else 1
    while len(free) > others and (held.total() < wanted or _short(held, free, least, config)):
        fitting = (unit for unit in free if held.total() + len(unit) <= 2 * wanted)
        unit = next(fitting, min(free, key=len))
        free = [other for other in free if other is not unit]
        drawn[unit[0].id] = split
        held.update(map(kind, unit))


def _short(held: Counter[Kind], free: Sequence[Unit], least: int, config: GenerateConfig) -> bool:
    """Tell whether fewer than `least` pairs would be left, and further units could add some."""
    if remaining(held, config) >= least:
        return False
    kind = kind_of(config)
    return any(kind(one) != "yes_no" for unit in free for one in unit)


def _require_places(units: Sequence[Unit], drawn: dict[str, Split], config: GenerateConfig) -> None:
    places = {drawn.get(unit[0].id, "train") for unit in units}
    if len(places) < PLACES:
        missing = ", ".join(split for split in DRAWN if split not in places)
        by_document = config.split_by == "document"
        remedy = "set `split_by: passage`, " if by_document else ""
        remedy += "leave out what other domains have as well, " if config.shared else ""
        raise DataError(
            f"no pairs are left for {missing}: {len(units)} {'documents' if by_document else 'passages'} with"
            f" pairs are too few to split; {remedy}add documents, or lower `min_test_pairs`, `test_share` or"
            " `validation_share`"
        )

"""Keep the most sensitive layers exact until a recipe is within the bound.

In: a recipe that is not. Out: the recipes that were tried on the way. How sensitive a layer is is measured:
only that layer is rounded. Layers come in the order of what they win for a byte, and the number of them is
halved in, because more exact layers lose less.
"""

from collections.abc import Callable, Iterator, Sequence

from tasks.convert.recipe.answers import Answer, distributions, divergence
from tasks.convert.recipe.candidates import Candidate, Shapes, with_exact
from tasks.convert.recipe.sizes import stored_bytes
from tasks.convert.recipe.trials import Trials
from tasks.models.int4 import ROWS
from tasks.records.recipe import LayerSensitivity

Tick = Callable[[int, int], None]
STEPS = 32
"""The number of exact layers is found to such a part of all layers."""


def sensitivities(
    trials: Trials, start: Candidate, answers: Sequence[Answer], tick: Tick
) -> list[LayerSensitivity]:
    """Return what each layer in blocks costs when it alone is rounded, the best to keep exact first."""
    model = trials.model
    model.take({})
    expected = list(distributions(model.model, answers))
    layers = body_in_blocks(start)
    found = []
    for done, name in enumerate(layers, 1):
        model.take({name: start.grids[name]})
        kl = divergence(model.model, answers, expected)
        extra = _bytes(trials, name, exact=True, start=start) - _bytes(trials, name, exact=False, start=start)
        layer = name.removesuffix(".weight")
        found.append(LayerSensitivity(layer=layer, mean_kl=kl, extra_bytes=extra))
        tick(done, len(layers))
    return sorted(found, key=lambda one: (-one.mean_kl / one.extra_bytes, one.layer))


def mix(trials: Trials, start: Candidate, order: Sequence[str]) -> None:
    """Score mixed recipes that could be smaller than the best so far, until the smallest within is known."""
    counts = list(_affordable(trials, start, order))
    if not counts or not trials.score(_mixed(trials.shapes, start, order, counts[-1])).within:
        return
    low, high, step = 0, counts[-1], max(1, len(order) // STEPS)
    while high - low > step:
        middle = (low + high) // 2
        if trials.score(_mixed(trials.shapes, start, order, middle)).within:
            high = middle
        else:
            low = middle


def body_in_blocks(start: Candidate) -> list[str]:
    """Return the layers of the body that the recipe stores in blocks."""
    return [name for name, grid in start.grids.items() if grid.block and ".layers." in name]


def _affordable(trials: Trials, start: Candidate, order: Sequence[str]) -> Iterator[int]:
    """Yield how many layers may be exact without the recipe being larger than the best so far."""
    for count in range(1, len(order) + 1):
        best = trials.best
        if best and trials.bytes(_mixed(trials.shapes, start, order, count)) >= best.bytes:
            return
        yield count


def _mixed(shapes: Shapes, start: Candidate, order: Sequence[str], count: int) -> Candidate:
    return with_exact(shapes, start, order[:count])


def _bytes(trials: Trials, name: str, *, exact: bool, start: Candidate) -> int:
    grid = ROWS if exact else start.grids[name]
    return stored_bytes(trials.shapes, {name: grid}, "", trials.config.signatures)

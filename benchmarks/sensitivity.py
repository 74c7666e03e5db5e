"""What rounding each layer of the embedded base costs, all others in float: which ones are worth 8 bits.

Writes `results/sensitivity.json`: divergence on held-back text of no domain, and the bytes that 8 bits add.
"""

from collections.abc import Sequence

import torch

from benchmarks.machine import save
from benchmarks.readme import update_readme
from tasks.convert.recipe.candidates import candidate
from tasks.convert.recipe.sizes import stored_bytes
from tasks.heal.config import NEUTRAL
from tasks.heal.distillation import Pair, divergence
from tasks.heal.grid_model import load_float
from tasks.heal.texts import Text, file_pieces, held_back
from tasks.models.embedded import embedded_model_folder
from tasks.models.grid import on_grid
from tasks.models.int4 import ROWS, BlockSize, Int4
from tasks.models.loading import load_tokenizer

BLOCK: BlockSize = 32
TOKENS, PIECES, SEED = 128, 4, 42
SIGNATURES = 2
"""Graphs in a bundle of the demo: each has scales of its own."""


def main() -> None:
    """Measure every layer, and write the results."""
    base = embedded_model_folder()
    pieces = held_back(file_pieces(load_tokenizer(base), NEUTRAL, TOKENS), PIECES, SEED)[1]
    pair = Pair(load_float(base), load_float(base))
    shapes = {name: tuple(weight.shape) for name, weight in pair.student.named_parameters()}
    grids = candidate(shapes, Int4(block_size=BLOCK), BLOCK).grids
    layers = [name for name, grid in grids.items() if grid.block]

    def extra(name: str) -> int:
        exact, coarse = (stored_bytes(shapes, {name: grid}, "", SIGNATURES) for grid in (ROWS, grids[name]))
        return exact - coarse

    def measured(names: Sequence[str]) -> dict[str, object]:
        floats = {name: pair.student.get_parameter(name).data for name in names}
        for name, weight in floats.items():
            pair.student.get_parameter(name).data = on_grid(weight, grids[name])
        apart = _mean(pair, pieces)
        for name, weight in floats.items():
            pair.student.get_parameter(name).data = weight
        return {"divergence": round(apart, 5), "extra_bytes": sum(map(extra, names))}

    kinds = sorted({name.split(".")[-2] for name in layers})
    by_kind = {kind: measured([name for name in layers if f".{kind}." in name]) for kind in kinds}
    alone = {name.removesuffix(".weight"): measured([name]) for name in layers}
    save("sensitivity", {"all": measured(layers), "kinds": by_kind, "layers": alone})
    update_readme()


@torch.no_grad()
def _mean(pair: Pair, pieces: Sequence[Text]) -> float:
    apart, count = divergence(pair, pieces, bfloat16=False)
    return apart.item() / count


if __name__ == "__main__":
    main()

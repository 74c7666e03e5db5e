"""Bytes that a bundle stores for the matrices of a model: shapes and grids in, a sum out.

It is exact for numbers and scales, but for 8-bit rows of the last layer, whose scales a prompt's graph does
not need: they are counted once too often. The rest of a bundle (norms, tokenizer, the graph around them) has
the same size to a few kilobytes whatever the recipe.
"""

from collections.abc import Mapping

from tasks.models.int4 import Grid

BLOCK_SCALE_BYTES = 2
ROW_SCALE_BYTES = 12
"""A float32 scale and a 64-bit zero point, which every graph that reads the matrix stores again."""


def stored_bytes(
    shapes: Mapping[str, tuple[int, ...]], grids: Mapping[str, Grid], head: str, signatures: int
) -> int:
    """Return the bytes of all matrices that have a grid.

    `head` is an untied head's name: only the last graph reads it.
    """
    found = 0
    for name, grid in grids.items():
        rows, width = shapes[name]
        found += rows * width * grid.bits // 8
        if grid.block:
            found += rows * width // grid.block * BLOCK_SCALE_BYTES
        else:
            found += rows * ROW_SCALE_BYTES * (1 if name == head else signatures)
    return found

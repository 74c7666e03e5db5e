"""Hand on the recipe that a search chose, without the figures that led to it.

In: `recipe`, a search. Out: `recipe.json`. A new domain searches anew, and where the choice stays the same,
this is the same artifact, and neither the healed base nor what is made of it is touched.
"""

from tasks.kernel.config import Slice
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.records.recipe import read_search, write_choice


def run(inputs: Inputs, config: Slice, work: Workspace) -> Metrics:  # noqa: ARG001  # as every child's
    """Write the recipe alone, and return what it takes."""
    best = read_search(inputs["recipe"]).choice()
    write_choice(work.out, best)
    return {"weight_bytes": best.bytes}

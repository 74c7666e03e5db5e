"""The recipe of bundles, where it is searched: a configuration in, the nodes of the search out."""

from collections.abc import Mapping
from dataclasses import dataclass

from flows.calls import Call
from flows.config import Config
from tasks.convert.task import choose_recipe, search_recipe
from tasks.kernel.artifacts import QADataset, Recipe, RecipeSearch


@dataclass(frozen=True)
class Searched:
    """What was searched; nothing where the recipe is given."""

    search: RecipeSearch | None = None
    recipe: Recipe | None = None
    """Of the base, and of every expert without one of its own."""

    def of(self, config: Config, domain: str) -> Recipe | None:
        """Return what the domain's bundle takes from the search."""
        return self.recipe if config.convert_of(domain).given() is None else None

    def nodes(self) -> dict[str, RecipeSearch | Recipe]:
        """Return both by name: `recipe` is the search, and `grid` what it chose."""
        found = {"recipe": self.search, "grid": self.recipe}
        return {name: node for name, node in found.items() if node is not None}


def searched(config: Config, datasets: Mapping[str, QADataset], call: Call) -> Searched:
    """Search once for the base: healing it needs the grid before there is an expert."""
    wanted = config.convert.search()
    if wanted is None:
        return Searched()
    search = call(search_recipe, config.base_model, datasets, wanted)
    return Searched(search, call(choose_recipe, search))

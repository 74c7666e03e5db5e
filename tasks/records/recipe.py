"""What a search for a recipe found: every recipe tried in `search.json`, the one chosen alone in
`recipe.json`.

They are apart because what follows depends on the choice, and not on the figures that led to it.
"""

from pathlib import Path

from pydantic import JsonValue

from tasks.records.estimate import Estimate
from tasks.records.files import Figures, read_json, write_json

SEARCH = "search.json"
CHOICE = "recipe.json"


class TriedRecipe(Figures):
    """One recipe, and what rounding to it costs."""

    name: str
    quantization: dict[str, JsonValue]
    """As `convert.quantization` takes it."""
    bytes: int
    """Of all matrices and their scales; norms, tokenizer and graph come on top, alike for all."""
    perplexity_ratio: Estimate
    """Perplexity of the validation answers, rounded over float, on the same resampled answers."""
    within: bool
    """Whether the whole interval keeps the bound."""


class LayerSensitivity(Figures):
    """What it costs to round one layer alone, and to keep it exact."""

    layer: str
    mean_kl: float
    """Divergence from the float model where only this layer is rounded, in nats a token."""
    extra_bytes: int
    """That the layer takes more with 8 bits."""


class RecipeSearch(Figures):
    """Everything that a search measured."""

    max_loss: float
    confidence: float
    answers: int
    tokens: int
    float_perplexity: float
    tried: list[TriedRecipe]
    """In the order in which they were scored."""
    left_out: list[str] = []
    """What was not tried, and why."""
    sensitivities: list[LayerSensitivity] = []
    """The layers that are kept exact first come first; empty: no mixed recipe was needed or allowed."""
    chosen: str
    """The name of the smallest recipe within the bound."""

    def choice(self) -> TriedRecipe:
        """Return the recipe that was chosen."""
        return next(one for one in self.tried if one.name == self.chosen)


class ChosenRecipe(Figures):
    """The recipe alone."""

    quantization: dict[str, JsonValue]


def write_search(folder: Path, search: RecipeSearch) -> None:
    """Write `search.json`."""
    write_json(folder / SEARCH, search.model_dump(mode="json"))


def read_search(folder: Path) -> RecipeSearch:
    """Return what a search measured; raise DataError with file and field where the record is damaged."""
    return read_json(folder / SEARCH, RecipeSearch)


def write_choice(folder: Path, recipe: TriedRecipe) -> None:
    """Write `recipe.json`."""
    write_json(folder / CHOICE, ChosenRecipe(quantization=recipe.quantization).model_dump(mode="json"))


def read_choice(folder: Path) -> dict[str, JsonValue]:
    """Return the recipe that was chosen, as `convert.quantization` takes it."""
    return read_json(folder / CHOICE, ChosenRecipe).quantization

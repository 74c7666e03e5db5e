"""Score one recipe after the other on the same answers: candidates in, what each costs out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks.convert.recipe.answers import Answer, losses
from tasks.convert.recipe.candidates import Candidate, Shapes
from tasks.convert.recipe.config import RecipeCheck
from tasks.convert.recipe.rounding import Roundable
from tasks.convert.recipe.sizes import stored_bytes
from tasks.models.int4 import table_names
from tasks.records.recipe import TriedRecipe
from tasks.statistics.bootstrap import Bootstrap, Loss, perplexity


@dataclass
class Trials:
    """A base, its answers in float, and every recipe that was tried."""

    model: Roundable
    shapes: Shapes
    answers: Sequence[Answer]
    config: RecipeCheck
    tried: list[TriedRecipe] = field(default_factory=list)
    _expected: list[Loss] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let the float model answer first."""
        self.model.take({})
        self._expected = losses(self.model.model, self.answers)

    @property
    def float_perplexity(self) -> float:
        """Of the base as it is."""
        return perplexity(self._expected)

    @property
    def best(self) -> TriedRecipe | None:
        """The smallest recipe within the bound so far."""
        return min((one for one in self.tried if one.within), key=lambda one: one.bytes, default=None)

    def score(self, candidate: Candidate) -> TriedRecipe:
        """Round the base to the recipe, let it answer, and note what that costs."""
        config = self.config
        bootstrap = Bootstrap(config.bootstrap_samples, config.confidence, config.seed)
        self.model.take(candidate.grids)
        ratio = bootstrap.perplexity_ratio(losses(self.model.model, self.answers), self._expected)
        found = TriedRecipe(
            name=candidate.name,
            quantization=candidate.quantization.model_dump(mode="json"),
            bytes=self.bytes(candidate),
            perplexity_ratio=ratio,
            within=ratio.ends[1] <= 1 + config.max_loss,
        )
        self.tried.append(found)
        return found

    def bytes(self, candidate: Candidate) -> int:
        """Return what the recipe's matrices take in a bundle."""
        _, heads = table_names(self.shapes)
        return stored_bytes(self.shapes, candidate.grids, "".join(heads), self.config.signatures)

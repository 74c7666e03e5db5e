"""How closely a merged model must follow the adapter that it replaces.

In: YAML. Out: frozen values. The tolerance is a divergence of next-token distributions and
not a difference of logits, because logits have another scale in every model.
"""

from pydantic import Field

from tasks.kernel.config import Slice

PROBES: tuple[str, ...] = (
    "Water boils at a lower temperature on a mountain because the air pressure is lower there.",
    "The library opens at nine in the morning and closes at six, except on Sundays.",
    "To plant a tree, dig a hole twice as wide as its roots and water it well afterwards.",
    "She asked how the engine worked, and he explained it with a drawing of two gears.",
    "A good night's sleep, regular meals and some exercise help most people to feel better.",
    "def area(width, height):\n    return width * height",
)
"""Plain texts of no domain, so that the check does not depend on the data."""


class MergeConfig(Slice):
    """Folding an adapter into its base."""

    max_mean_kl: float = Field(default=0.01, gt=0, le=1)
    """Tolerance: mean Kullback-Leibler divergence in nats a token between adapter and merged model."""
    probes: tuple[str, ...] = Field(default=PROBES, min_length=1)
    """Texts on which the two are compared."""

    def refusals(self) -> list[str]:
        """Return nothing: every valid value can be served."""
        return []

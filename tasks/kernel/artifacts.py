"""What stages hand each other: typed references that hold only the digest of an artifact's bytes.

Signatures read as the DAG, and the type checker refuses to merge a `QADataset`. The bytes are in
`tasks.kernel.storage.store`, which stage modules never see.
"""

from pydantic import BaseModel, ConfigDict, Field


class Artifact(BaseModel):
    """A reference to immutable bytes in the store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")

    def identity(self) -> str:
        """Return kind and digest, as they enter cache keys."""
        return f"{type(self).__name__}:{self.digest}"


class Corpus(Artifact):
    """Passages and ready-made examples of one domain."""


class QADataset(Artifact):
    """Question-answer pairs of one domain, split into train, validation and test."""


class Router(Artifact):
    """A classifier from question to domain."""


class RouterComparison(Artifact):
    """Figures of several kinds of router on the same questions."""


class Adapter(Artifact):
    """A PEFT adapter: a domain's expert, or the generalist."""


class MergedModel(Artifact):
    """A base model with one adapter folded in."""


class RecipeSearch(Artifact):
    """What each recipe of a bundle costs in bytes and in quality."""


class Recipe(Artifact):
    """The recipe that was chosen, and nothing else."""


class HealedModel(Artifact):
    """A model whose weights are on the grid of its bundle."""


class FloatGraph(Artifact):
    """The float graph of an architecture, without weights."""


class EdgeModel(Artifact):
    """An INT4 bundle for phones."""


class EquivalenceChain(Artifact):
    """How far the forms of an expert are from one another on the way to the phone."""


class EdgeBase(Artifact):
    """A converted base for all experts, whose layers take an adapter as inputs."""


class EdgeAdapter(Artifact):
    """An adapter as the phone's runtime reads it, for an `EdgeBase`."""


class EvalReport(Artifact):
    """Held-out measurements of the whole system."""

"""What router.json holds of a router: everything but its arrays.

A composite holds the parts of its routers; their files are in folders that the part's place names.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from tasks.router_runtime.confidence import Calibration, ScopeModel
from tasks.router_runtime.keywords import KeywordPart
from tasks.router_runtime.linear import LinearPart
from tasks.router_runtime.neural import NeuralPart
from tasks.router_runtime.policy import Policy
from tasks.router_runtime.policy_network import NetworkPart


class RouterPart(BaseModel):
    """A router without its arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...] = Field(min_length=1)
    calibration: Calibration
    scope: ScopeModel | None
    policy: Policy
    scorer: "ScorerPart"
    notes: dict[str, JsonValue] = {}
    """What its training left for the reader, such as the candidates of `best`."""


class CascadePart(BaseModel):
    """A cascade; the files of its stages are in `stage-0`, `stage-1`, and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["cascade"] = "cascade"
    stages: tuple[RouterPart, ...] = Field(min_length=1)
    names: tuple[str, ...]
    thresholds: tuple[Annotated[float, Field(ge=0, le=1)], ...]
    network: NetworkPart | None

    @model_validator(mode="after")
    def one_each(self) -> "CascadePart":
        """Refuse another number of names or thresholds than the stages need."""
        if len(self.names) != len(self.stages) or len(self.thresholds) != len(self.stages) - 1:
            raise ValueError("give every stage a name, and all but the last a threshold")
        return self


class HierarchyPart(BaseModel):
    """A hierarchy; its files are in `coarse` and in `fine-0`, `fine-1`, and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["hierarchy"] = "hierarchy"
    coarse: RouterPart
    fine: tuple[RouterPart, ...]

    @model_validator(mode="after")
    def one_each(self) -> "HierarchyPart":
        """Refuse another number of groups than there are routers inside groups."""
        if len(self.fine) != len(self.coarse.labels):
            raise ValueError("give every group of the coarse router one fine router")
        return self


ScorerPart = Annotated[
    LinearPart | NeuralPart | KeywordPart | CascadePart | HierarchyPart, Field(discriminator="form")
]
for _part in (RouterPart, CascadePart, HierarchyPart):
    _part.model_rebuild()

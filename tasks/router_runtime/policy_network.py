"""The policy network of a cascade: the evidence of all stages in, the final probabilities out.

One hidden layer on top of a weighted sum of the stages' log-probabilities, so that it starts from what the
stages agree on and learns where that is wrong. Plain arrays: no training library serves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import log_softmax

from tasks.router_runtime.arrays import read_arrays, write_arrays
from tasks.router_runtime.question_scores import Floats
from tasks.router_runtime.stage_evidence import StageEvidence

NETWORK = "network.npz"


class NetworkPart(BaseModel):
    """What router.json holds of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(ge=0)
    """Numbers in the last stage's embedding."""
    hidden: int = Field(ge=1)
    """Units of the hidden layer."""


@dataclass(frozen=True)
class PolicyNetwork:
    """A multilayer perceptron (rectified linear units) and a weight for each stage."""

    mean: Floats
    deviation: Floats
    """(inputs,): standardise the inputs."""
    inner: Floats
    """(inputs, hidden)."""
    inner_bias: Floats
    outer: Floats
    """(hidden, labels)."""
    outer_bias: Floats
    trust: Floats
    """(stages,): weight of each stage's log-probabilities."""

    def log_probabilities(self, evidence: Sequence[StageEvidence]) -> Floats:
        """Return the log-probabilities (questions, labels) by the evidence of every stage."""
        inputs = (network_inputs(evidence) - self.mean) / self.deviation
        hidden = np.maximum(inputs @ self.inner + self.inner_bias, 0)
        agreed = sum(trust * one.log_probabilities for trust, one in zip(self.trust, evidence, strict=True))
        found: Floats = log_softmax(agreed + hidden @ self.outer + self.outer_bias, axis=1)
        return found

    def store(self, folder: Path) -> NetworkPart:
        """Write `network.npz`."""
        write_arrays(folder / NETWORK, **vars(self))
        inputs, hidden = self.inner.shape
        return NetworkPart(width=inputs - len(self.trust) * len(self.outer_bias), hidden=hidden)

    @classmethod
    def open(cls, part: NetworkPart, folder: Path, labels: int, stages: int) -> "PolicyNetwork":
        """Read `network.npz`; raise DataError where it does not fit."""
        inputs = part.width + stages * labels
        shapes = {
            "mean": (inputs,),
            "deviation": (inputs,),
            "inner": (inputs, part.hidden),
            "inner_bias": (part.hidden,),
            "outer": (part.hidden, labels),
            "outer_bias": (labels,),
            "trust": (stages,),
        }
        return cls(**read_arrays(folder / NETWORK, shapes))


def network_inputs(evidence: Sequence[StageEvidence]) -> Floats:
    """Return the last stage's embeddings and every stage's log-probabilities, side by side."""
    return np.column_stack([evidence[-1].embeddings, *(one.log_probabilities for one in evidence)])

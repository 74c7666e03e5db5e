"""Which encoders a router needs: its settings in, models or their folders out.

An input is named by its place among them, which the stage's config alone decides, so that the child finds the
folder of each; parts of a router that read with the same encoder share one.
"""

from pathlib import Path
from typing import assert_never

from tasks.kernel.workspace import Inputs
from tasks.models.sources import Model
from tasks.route.composite_config import BestRouter, CascadeRouter, HierarchicalRouter, KeywordRouter
from tasks.route.config import RouteConfig, RouterKind
from tasks.route.single_config import (
    Encoder,
    EncoderRouter,
    SemanticRouter,
    TfidfReferenceRouter,
    TfidfRouter,
)

Reading = RouteConfig | RouterKind | KeywordRouter


def encoder_inputs(*kinds: Reading) -> dict[str, Encoder]:
    """Return each encoder that these routers or stages need, also inside composites, by input name."""
    models = dict.fromkeys(model for kind in kinds for model in _encoders(kind))
    return {f"encoder/{place}": model for place, model in enumerate(models)}


def given_encoders(inputs: Inputs, *kinds: Reading) -> dict[Model, Path]:
    """Return the folders of these encoders among a stage's inputs."""
    return {model: inputs[name] for name, model in encoder_inputs(*kinds).items()}


def encoder_folders(*kinds: Reading) -> dict[Model, Path]:
    """Return their folders, for callers outside a stage; raise ModelError where a model is missing."""
    return {model: model.folder() for model in encoder_inputs(*kinds).values()}


def _encoders(kind: Reading) -> list[Encoder]:
    match kind:
        case RouteConfig():
            return _encoders(kind.router) + ([] if kind.ambiguous == "unmarked" else [kind.nearness])
        case SemanticRouter() | EncoderRouter():
            return [kind.model]
        case CascadeRouter():
            return [model for stage in kind.stages for model in _encoders(stage.router)]
        case HierarchicalRouter():
            return _encoders(kind.coarse) + _encoders(kind.fine)
        case BestRouter():
            return [model for candidate in kind.candidates for model in _encoders(candidate)]
        case TfidfRouter() | TfidfReferenceRouter() | KeywordRouter():
            return []
        case _:
            assert_never(kind)

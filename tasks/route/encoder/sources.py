"""Which encoders a router needs: its settings in, models or their folders by input name out.

Names rest on what a model is, not on its place in the settings, so that two parts of a router share one.
"""

from pathlib import Path
from typing import assert_never

from tasks.kernel.fingerprint import model_identity, recipe_key
from tasks.route.composite_config import BestRouter, CascadeRouter, HierarchicalRouter, KeywordRouter
from tasks.route.config import RouterKind
from tasks.route.single_config import (
    Encoder,
    EncoderRouter,
    SemanticRouter,
    TfidfReferenceRouter,
    TfidfRouter,
)


def encoder_inputs(kind: RouterKind | KeywordRouter) -> dict[str, Encoder]:
    """Return each encoder that a router of this kind needs, also inside a composite, by input name."""
    return {input_name(model): model for model in _encoders(kind)}


def encoder_folders(kind: RouterKind | KeywordRouter) -> dict[str, Path]:
    """Return their folders, for callers outside a stage; raise ModelError where a model is missing."""
    wanted = encoder_inputs(kind)
    if not wanted:
        return {}
    from tasks.models.loading import model_folder

    return {name: model_folder(model) for name, model in wanted.items()}


def input_name(model: Encoder) -> str:
    """Return the name under which the stage finds the folder of `model`."""
    return f"encoder/{model.source}-{recipe_key({'model': model_identity(model)})[:16]}"


def _encoders(kind: RouterKind | KeywordRouter) -> list[Encoder]:
    match kind:
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

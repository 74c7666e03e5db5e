"""A router's arrays in a folder, and its part for router.json; and back.

A composite's routers lie in folders that their place names, never a name from the file.
"""

from pathlib import Path
from typing import assert_never

from tasks.errors import DataError
from tasks.routing.arrays import REMEDY
from tasks.routing.cascade import CascadeScorer, Handover
from tasks.routing.hierarchy import HierarchyScorer
from tasks.routing.keywords import KeywordPart, KeywordScorer
from tasks.routing.linear import LinearPart, LinearScorer
from tasks.routing.network import PolicyNetwork
from tasks.routing.neural import NeuralPart, NeuralScorer
from tasks.routing.parts import CascadePart, HierarchyPart, RouterPart, ScorerPart
from tasks.routing.router import Router
from tasks.routing.scored import Scorer


def store(router: Router, folder: Path) -> RouterPart:
    """Write a router's arrays to `folder` and return its part."""
    folder.mkdir(exist_ok=True)
    return RouterPart(
        labels=router.labels,
        calibration=router.calibration,
        scope=router.scope,
        policy=router.policy,
        scorer=_store_scorer(router.scorer, folder),
        notes=dict(router.notes),
    )


def open_part(part: RouterPart, folder: Path) -> Router:
    """Return the router; raise DataError where a file is missing or does not fit the part."""
    scorer = _open_scorer(part.scorer, folder, part.labels)
    return Router(part.labels, scorer, part.calibration, part.scope, part.policy, part.notes)


def _store_scorer(scorer: Scorer, folder: Path) -> ScorerPart:
    match scorer:
        case LinearScorer() | NeuralScorer():
            return scorer.store(folder)
        case KeywordScorer():
            return scorer.part
        case CascadeScorer():
            return _store_cascade(scorer, folder)
        case HierarchyScorer():
            coarse = store(scorer.coarse, folder / "coarse")
            return HierarchyPart(coarse=coarse, fine=_store_each(scorer.fine, folder, "fine"))
        case _:
            raise TypeError(f"{type(scorer).__name__}: no form of file for it")


def _store_cascade(scorer: CascadeScorer, folder: Path) -> CascadePart:
    network = scorer.handover.network
    return CascadePart(
        stages=_store_each(scorer.stages, folder, "stage"),
        names=scorer.stage_names,
        thresholds=scorer.handover.thresholds,
        network=network.store(folder) if network else None,
    )


def _store_each(routers: tuple[Router, ...], folder: Path, name: str) -> tuple[RouterPart, ...]:
    return tuple(store(router, folder / f"{name}-{place}") for place, router in enumerate(routers))


def _open_scorer(part: ScorerPart, folder: Path, labels: tuple[str, ...]) -> Scorer:
    match part:
        case LinearPart():
            return LinearScorer.open(part, folder, len(labels))
        case NeuralPart():
            return NeuralScorer.open(part, folder, len(labels))
        case KeywordPart():
            return KeywordScorer.open(part, len(labels))
        case CascadePart():
            return _open_cascade(part, folder, labels)
        case HierarchyPart():
            return _open_hierarchy(part, folder, labels)
        case _:
            assert_never(part)


def _open_cascade(part: CascadePart, folder: Path, labels: tuple[str, ...]) -> CascadeScorer:
    stages = _open_each(part.stages, folder, "stage")
    if any(stage.labels != labels for stage in stages):
        raise DataError(f"{folder}: a stage's labels are not the cascade's; {REMEDY}")
    network = PolicyNetwork.open(part.network, folder, len(labels), len(stages)) if part.network else None
    return CascadeScorer(labels, stages, Handover(part.thresholds, network), part.names)


def _open_hierarchy(part: HierarchyPart, folder: Path, labels: tuple[str, ...]) -> HierarchyScorer:
    if sorted(label for fine in part.fine for label in fine.labels) != sorted(labels):
        raise DataError(f"{folder}: the groups' labels are not the hierarchy's; {REMEDY}")
    coarse = open_part(part.coarse, folder / "coarse")
    return HierarchyScorer(labels, coarse, _open_each(part.fine, folder, "fine"))


def _open_each(parts: tuple[RouterPart, ...], folder: Path, name: str) -> tuple[Router, ...]:
    return tuple(open_part(part, folder / f"{name}-{place}") for place, part in enumerate(parts))

"""Write a router to a folder and read it back.

`router.json` describes it and names the SHA-256 of every other file and of itself, so that a file that was
changed or belongs to another router is refused before it is read. No file is a pickle.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints, ValidationError

from tasks.kernel.errors import DataError
from tasks.records.files import write_json
from tasks.router_runtime.arrays import REMEDY
from tasks.router_runtime.composite import CascadeScorer, Handover, HierarchyScorer
from tasks.router_runtime.keywords import KeywordPart, KeywordScorer
from tasks.router_runtime.linear import LinearPart, LinearScorer
from tasks.router_runtime.neural import NeuralPart, NeuralScorer
from tasks.router_runtime.parts import CascadePart, HierarchyPart, RouterPart, ScorerPart
from tasks.router_runtime.policy_network import PolicyNetwork
from tasks.router_runtime.question_scores import Scorer
from tasks.router_runtime.router import Router

FORMAT: Literal["pocketmoe-router-3"] = "pocketmoe-router-3"
NAME = "router.json"
_PLAIN = r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$"
FileName = Annotated[str, StringConstraints(pattern=_PLAIN)]
"""A path inside the folder: no `..`, no root, no hidden file."""


class RouterFile(BaseModel):
    """What router.json holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["pocketmoe-router-3"] = FORMAT
    kind: str
    router: RouterPart
    files: dict[FileName, str]
    """SHA-256 by path in the folder: files of another router are refused."""
    settings: dict[str, JsonValue]
    """What it was trained with, for the reader."""
    sha256: str = ""
    """Of this file's own content without this field."""

    def digest(self) -> str:
        """Return the SHA-256 of the content without `sha256`."""
        content = self.model_dump(mode="json", exclude={"sha256"})
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def save_router(router: Router, kind: str, settings: Mapping[str, JsonValue], folder: Path) -> None:
    """Write `router.json` and the files beside it, which `load_router` reads; nothing else is there."""
    part = store(router, folder)
    written = (path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / NAME)
    files = {path.relative_to(folder).as_posix(): path for path in written}
    stored = RouterFile(
        kind="constant" if len(router.labels) == 1 else kind,
        router=part,
        files={name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()},
        settings=dict(settings),
    )
    write_json(folder / NAME, stored.model_copy(update={"sha256": stored.digest()}).model_dump(mode="json"))


def load_router(folder: Path) -> Router:
    """Load the router in `folder`; raise DataError where a file is missing, changed or of another format."""
    stored = read_router_file(folder)
    for name, digest in stored.files.items():
        _verify(folder, name, digest)
    return open_part(stored.router, folder)


def read_router_file(folder: Path) -> RouterFile:
    """Return what router.json holds; raise DataError where it is missing, changed or of another format."""
    path = folder / NAME
    try:
        stored = RouterFile.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise DataError(f"{path}: {field}: {problem['msg']}; {REMEDY}") from error
    if stored.sha256 != stored.digest():
        raise DataError(f"{path}: changed since it was written (SHA-256 differs); {REMEDY}")
    return stored


def _verify(folder: Path, name: str, digest: str) -> None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{folder / NAME}: {name} lies outside the folder; {REMEDY}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    if sha256(content).hexdigest() != digest:
        raise DataError(f"{path}: not the file that {NAME} names (SHA-256 differs); {REMEDY}")


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

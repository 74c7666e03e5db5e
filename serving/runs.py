"""Open a finished run: its folder in, the folders of its router, experts and bundles out.

A run's folder lists digests, not paths, so it stays true when the artifacts move, and a
part counts as there only when the store still holds its files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.kernel.artifacts import (
    Adapter,
    Artifact,
    Corpus,
    EdgeAdapter,
    EdgeBase,
    EdgeModel,
    EquivalenceChain,
    EvalReport,
    FloatGraph,
    HealedModel,
    MergedModel,
    QADataset,
    Recipe,
    RecipeSearch,
    Router,
)
from tasks.kernel.errors import StoreError
from tasks.kernel.settings import Settings
from tasks.kernel.storage.store import Store
from tasks.models.sources import ModelSource

PARTS_FILE = "artifacts.json"
_KINDS: Mapping[str, type[Artifact]] = {
    kind.__name__: kind
    for kind in (
        *(Corpus, QADataset, Router, Adapter, MergedModel, RecipeSearch, Recipe, HealedModel, FloatGraph),
        *(EdgeModel, EdgeBase, EdgeAdapter, EquivalenceChain, EvalReport),
    )
}


class Reference(Artifact):
    """An artifact and its kind, as a run's folder lists it."""

    kind: str

    def artifact(self) -> Artifact:
        """Return the typed reference; raise KeyError for an unknown kind."""
        return _KINDS[self.kind](digest=self.digest)


class Parts(BaseModel):
    """What artifacts.json holds: the base model, and a reference for each of the run's parts."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Reference] = Field(init=False)

    base_model: ModelSource


@dataclass(frozen=True)
class FinishedRun:
    """The parts of one run: `router`, `adapter/<domain>`, `edge/<domain>` and so on."""

    folder: Path
    base_model: ModelSource
    artifacts: Mapping[str, Artifact]
    settings: Settings

    def part(self, name: str) -> Path:
        """Return the local folder of one part, downloaded where a remote store has it.

        Raises StoreError where the run or the store has it not.
        """
        if name not in self.artifacts:
            raise StoreError(f"{self.folder}: this run has no {name}; run `pocketmoe run` again to build it")
        store = Store(self.settings.store, self.settings.store_url)
        if damage := store.damage(self.artifacts[name], deep=False):
            raise StoreError(f"{self.folder}: {name}: {damage}; run `pocketmoe run` again to rebuild it")
        return store.fetch(self.artifacts[name])

    def domains(self, kind: str) -> dict[str, Path]:
        """Return the folders of the parts named `kind/<domain>`; raise StoreError where there is none."""
        prefix = f"{kind}/"
        names = sorted(name for name in self.artifacts if name.startswith(prefix))
        if not names:
            raise StoreError(f"{self.folder}: this run has no {kind}; run `pocketmoe run` again to build it")
        return {name.removeprefix(prefix): self.part(name) for name in names}


def open_run(folder: Path | None, settings: Settings) -> FinishedRun:
    """Open the run in `folder`, or the newest; raise StoreError where there is none or it is damaged."""
    chosen = (folder or settings.runs / "latest").resolve()
    path = chosen / PARTS_FILE
    try:
        parts = Parts.model_validate_json(path.read_bytes())
        artifacts = {name: part.artifact() for name, part in (parts.__pydantic_extra__ or {}).items()}
    except FileNotFoundError as error:
        raise StoreError(_no_run(path, newest=folder is None)) from error
    except KeyError as error:
        raise StoreError(f"{path}: unknown kind {error}; run `pocketmoe run` again") from error
    except (OSError, ValidationError) as error:
        raise StoreError(f"{path}: {_reason(error)}; run `pocketmoe run` again") from error
    return FinishedRun(chosen, parts.base_model, artifacts, settings)


def _no_run(path: Path, *, newest: bool) -> str:
    if newest:
        return f"{path}: no finished run yet; run `pocketmoe run configs/demo.yaml` first"
    return f"{path}: no such file; give `--run` the folder of a finished run, such as artifacts/runs/latest"


def _reason(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return f"it cannot be read ({error.strerror})"
    problem = error.errors()[0]
    return ": ".join([*(str(part) for part in problem["loc"]), problem["msg"]])

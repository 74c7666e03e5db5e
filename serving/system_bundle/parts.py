"""Which files of a finished run go where in a system bundle.

In: a run and a form. Out: for every domain its bundle and adapter, with their places. What the run lacks is
refused by name here, before anything is written.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from serving.experts import SHARED_PART
from serving.runs import FinishedRun
from tasks.kernel.errors import ConfigError, ModelError, StoreError
from tasks.models.edge_files import ADAPTER, BUNDLE
from tasks.records.shared import NO_ADAPTER
from tasks.router_runtime.router_files import load_router

Form = Literal["merged", "shared"]
APART = "edge-adapter"


@dataclass(frozen=True)
class Placed:
    """A file of the run, and its path in the bundle."""

    source: Path
    path: str


@dataclass(frozen=True)
class ExpertParts:
    """What an expert is made of."""

    bundle: Placed
    adapter: Placed | None = None


@dataclass(frozen=True)
class Parts:
    """Everything of a run that goes into its bundle."""

    experts: dict[str, ExpertParts]
    no_adapter: Placed | None
    router: Path | None
    """None: one expert answers everything."""

    def files(self) -> dict[str, Path]:
        """Return by path what is copied; what several experts share, once."""
        placed = [self.no_adapter, *(one for expert in self.experts.values() for one in _both(expert))]
        return {one.path: one.source for one in placed if one}


def parts_of(run: FinishedRun, form: Form) -> Parts:
    """Return the parts; raise PipelineError where the run lacks one, or router and experts do not match."""
    bundles = run.domains("edge")
    router, labels = run.part("router"), load_router(run.part("router")).labels
    _check(run, labels, list(bundles))
    base = _base(run) if form == "shared" else None
    experts = {}
    for domain, folder in bundles.items():
        apart = run.part(f"{APART}/{domain}") if f"{APART}/{domain}" in run.artifacts else folder
        if base and (apart / ADAPTER).is_file():
            bundle = Placed(_file(base / BUNDLE, SHARED_PART), "base.litertlm")
            experts[domain] = ExpertParts(bundle, Placed(apart / ADAPTER, f"adapters/{domain}.tflite"))
        elif (folder / ADAPTER).is_file():
            raise ConfigError(f"{run.folder}: edge/{domain} is an adapter; use `--form shared`")
        else:
            own = _file(folder / BUNDLE, f"edge/{domain}")
            experts[domain] = ExpertParts(Placed(own, f"experts/{domain}.litertlm"))
    nothing = Placed(_file(base / NO_ADAPTER, SHARED_PART), NO_ADAPTER) if base else None
    return Parts(experts, nothing, router if len(labels) > 1 else None)


def _base(run: FinishedRun) -> Path:
    if SHARED_PART not in run.artifacts:
        raise StoreError(
            f"{run.folder}: this run has no {SHARED_PART}; set `convert.form: both` and run"
            " `pocketmoe run` again"
        )
    return run.part(SHARED_PART)


def _check(run: FinishedRun, labels: tuple[str, ...], bundles: list[str]) -> None:
    if lacking := sorted(set(labels) - set(bundles)):
        raise ConfigError(
            f"{run.folder}: the router sends questions to {lacking[0]}, but the run has no edge/{lacking[0]};"
            " run `pocketmoe run` again to build it"
        )
    if extra := sorted(set(bundles) - set(labels)):
        raise ConfigError(
            f"{run.folder}: the run has edge/{extra[0]}, but its router knows no {extra[0]};"
            " run `pocketmoe run` again to train it"
        )


def _file(path: Path, part: str) -> Path:
    if not path.is_file():
        raise ModelError(f"{path}: the run's {part} holds no such file; run the convert stage again")
    return path


def _both(expert: ExpertParts) -> tuple[Placed | None, ...]:
    return expert.bundle, expert.adapter

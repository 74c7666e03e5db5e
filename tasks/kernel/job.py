"""A job: what one stage consumes and produces, and the recipe that identifies it.

In: artifacts, base models, the user's own files and a config slice. Out: a recipe of plain
JSON values. Where and how the job runs is not part of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar, cast

from tasks.kernel.artifacts import Artifact
from tasks.kernel.config import Slice
from tasks.kernel.fingerprint import Recipe, canonical, code_identity, recipe_key, source_identity

A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True)
class Reuse:
    """What decides a part of a stage's work, so that recipes that agree in it share the work."""

    config: Slice
    module: str
    """The code that does it, with all that it imports."""
    without: frozenset[str] = frozenset()
    """Fields of `config` that decide nothing of it."""


@dataclass(frozen=True)
class Job(Generic[A]):
    """What one run of a stage consumes and produces."""

    produces: type[A]
    config: Slice
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    models: Mapping[str, Slice] = field(default_factory=dict)
    """Base models by input name."""
    sources: Mapping[str, Path] = field(default_factory=dict)
    """The user's own files and folders by input name."""
    reuse: Reuse | None = None
    """None: no part of the work is worth anything to another recipe."""
    converter: bool = False
    """Runs in the converter's environment."""
    alone: bool = False
    """Runs when no other stage can: it may use every processor."""
    module: str = ""
    """The module whose `run` does it; empty: that of the stage's package."""

    def runs(self, stage: str) -> str:
        """Return the module whose `run` does this job of `stage`."""
        return self.module or f"tasks.{stage}.run"


def job_recipe(stage: str, job: Job[A]) -> Recipe:
    """Return the identity of `job`; raise FingerprintError or DocumentError."""
    return {
        "stage": stage,
        "config": canonical(job.config),
        "artifacts": canonical(dict(job.artifacts)),
        "models": canonical(dict(job.models), "models"),
        "sources": {name: source_identity(path, name) for name, path in job.sources.items()},
        "code": _code(job.runs(stage), *(type(model).__module__ for model in job.models.values())),
    }


def reuse_key(stage: str, part: Reuse) -> str:
    """Return the identity of work that recipes share."""
    fields = cast("dict[str, object]", canonical(part.config))
    config = {name: value for name, value in fields.items() if name not in part.without}
    return recipe_key({"stage": stage, "config": config, "code": code_identity(part.module)})


def _code(*modules: str) -> dict[str, str]:
    """Return the identity of the stage's code and of the code that makes or unpacks its models."""
    return {name: digest for module in modules for name, digest in code_identity(module).items()}

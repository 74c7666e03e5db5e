"""A store in which everything that a configuration describes is built: small files under the real keys."""

from typing import ParamSpec, TypeVar

from flows.config import Config
from flows.dag import dag
from tasks.kernel.artifacts import Artifact
from tasks.kernel.fingerprint import recipe_key
from tasks.kernel.job import job_recipe
from tasks.kernel.settings import Settings
from tasks.kernel.stage import Stage
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")


def fill(config: Config, settings: Settings, packages: dict[str, str] | None = None) -> dict[str, Artifact]:
    """Publish an artifact for every stage and domain, and remember it; return them by label."""
    store, known, built = Store(settings.store), Cache(settings.cache), {}

    def call(stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        label = stage.label(*args, **kwargs)
        job = stage.describe(*args, **kwargs)
        recipe = job_recipe(stage.name, job)
        with store.staging() as data:
            (data / "file.txt").write_text(label)
            artifact = store.publish(job.produces, data, _provenance(recipe, packages or {}))
        known.remember(recipe_key(recipe), artifact)
        known.note_last(label, recipe)
        built[label] = artifact
        return artifact

    dag(config, call)
    return built


def _provenance(recipe: dict[str, object], packages: dict[str, str]) -> Provenance:
    return Provenance(
        key=recipe_key(recipe),
        recipe=recipe,
        metrics={},
        seconds=1.0,
        peak_memory_bytes=1,
        packages=packages,
        git_commit="",
    )

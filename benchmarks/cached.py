"""A configuration of many domains whose every stage is cached, made of one small run that was built for real.

In: a finished run of the smoke configuration, and a number of domains. Out: the configuration's file; the
cache and the store hold a copy of a real artifact for each of its stages, told apart by one small file,
so that a run of it reads, verifies and reports on real bytes.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

import yaml

from flows.config import load_config
from flows.dag import dag
from tasks.kernel.artifacts import Artifact, EvalReport
from tasks.kernel.fingerprint import recipe_key
from tasks.kernel.job import Job, job_recipe
from tasks.kernel.settings import PROJECT, Settings
from tasks.kernel.stage import Stage
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.records.files import write_json

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")

SMOKE = PROJECT / "configs" / "smoke.yaml"


def config_of(domains: int, folder: Path) -> Path:
    """Write the smoke configuration with `domains` domains, all of which read the same document."""
    content = yaml.safe_load(SMOKE.read_text(encoding="utf-8"))
    first = next(iter(content["domains"].values()))
    # A field of each domain's own, so that no two of them share a cache key.
    fields = {
        f"domain-{place}": {**first, "ingest": {"min_passage_words": place}} for place in range(domains)
    }
    path = folder / f"domains-{domains}.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, {**content, "name": path.stem, "domains": fields})
    return path


def remember_all(config: Path, run: Path, settings: Settings) -> int:
    """Put a result of every stage of `config` into the cache, made of those of `run`; return how many."""
    listed = json.loads((run / "artifacts.json").read_text(encoding="utf-8"))
    models = {part["kind"]: part["digest"] for part in listed.values() if "kind" in part}
    wanted = load_config([config])
    store, known, names = Store(settings.store), Cache(settings.cache), list(wanted.domains)

    def call(stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        job = stage.describe(*args, **kwargs)
        label, recipe = stage.label(*args, **kwargs), job_recipe(stage.name, job)
        model = job.produces(digest=models[job.produces.__name__])
        artifact = _copy(store, job, model, label, recipe_key(recipe), names)
        known.note_last(label, recipe)
        known.remember(recipe_key(recipe), artifact)
        return artifact

    return len(dag(wanted, call))


def _copy(store: Store, job: Job[A], model: A, label: str, key: str, domains: list[str]) -> A:
    made = Provenance.model_validate({**store.manifest(model).model_dump(), "key": key})
    with store.staging() as out:
        shutil.copytree(store.folder(model), out, copy_function=os.link, dirs_exist_ok=True)
        write_json(out / "copy.json", {"label": label})
        if job.produces is EvalReport:
            _repeat(out / "evaluation.json", domains)
        return store.publish(job.produces, out, made)


def _repeat(path: Path, domains: list[str]) -> None:
    """Give every domain the measurements of the first."""
    content: Mapping[str, Mapping[str, object]] = json.loads(path.read_text(encoding="utf-8"))
    first = next(iter(content["domains"].values()))
    path.unlink()  # a link to the model's own file
    write_json(path, {**content, "domains": dict.fromkeys(domains, first)})

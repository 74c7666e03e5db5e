"""What a run would do: every key, computed without running anything.

In: a configuration. Out: one row per stage and domain: hit, miss or refused, and why.
"""

import importlib.metadata
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

from flows.calls import stand_in
from flows.config import GENERALIST, Config
from flows.dag import dag
from flows.report.shared_documents import near_copies
from flows.runs.selection import Rebuild, chosen, nested, order_of
from flows.shared_form import not_apart
from flows.shared_sources import file_warnings
from tasks.kernel.artifacts import Artifact, Corpus
from tasks.kernel.errors import ConfigError, DocumentError, ModelError, StoreError
from tasks.kernel.execution.attempt import Order
from tasks.kernel.fingerprint import Recipe, differences, recipe_key
from tasks.kernel.job import Job, job_recipe
from tasks.kernel.settings import Settings
from tasks.kernel.stage import Stage
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.store import Store

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")


@dataclass(frozen=True)
class Row:
    """What a run would do with one stage of one domain."""

    stage: str
    domain: str
    key: str
    """The cache key; empty while an input is not built."""
    status: Literal["hit", "miss", "left", "refused"]
    """`left`: not built, and not asked for."""
    reason: str
    drift: tuple[str, ...] = ()
    """Libraries whose versions differ from those that built the artifact, such as `peft 0.20 -> 0.21`."""
    warnings: tuple[str, ...] = ()
    """What a reader must know of the stage's inputs: a document that another domain has too."""

    def as_dict(self) -> dict[str, object]:
        """Return the row for `plan --json`."""
        return asdict(self)


@dataclass(frozen=True)
class _Pending:
    """Stands for an artifact that a run would have to build first."""

    label: str


def plan(config: Config, settings: Settings, rebuild: Rebuild | None = None) -> list[Row]:
    """Return a row for each stage and domain, in the order of the DAG."""
    rebuild = rebuild or Rebuild()
    refused, warned = refusals(config), file_warnings(config)
    again = chosen(config, rebuild)
    order = order_of(rebuild, again)
    rows: list[Row] = []

    def call(stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        label = stage.label(*args, **kwargs)
        waits = sorted({pending.label for pending in nested([*args, *kwargs.values()], _Pending)})
        row, node = _plan_one(
            lambda: stage.describe(*args, **kwargs), stage.name, order(label), settings, waits
        )
        if label in again and rebuild.since is None and not waits:
            row, node = replace(row, status="miss", reason="asked for again"), None
        if label in refused:
            row, node = replace(row, status="refused", reason="; ".join(refused[label])), None
        rows.append(replace(row, warnings=tuple(warned.get(label, ()))))
        return stand_in(node or _Pending(label), stage)

    return _with_near_copies(rows, dag(config, call), config, Store(settings.store, settings.store_url))


def _with_near_copies(
    rows: list[Row], nodes: Mapping[str, Artifact], config: Config, store: Store
) -> list[Row]:
    """Return the rows, those of corpora that are built with what these say of near copies."""
    built = {name: node for name, node in nodes.items() if isinstance(node, Corpus)}
    told = near_copies({name: store.folder(node) for name, node in built.items()}, list(config.domains))
    return [
        replace(row, warnings=(*row.warnings, *told.get(row.domain, ()))) if row.stage == "ingest" else row
        for row in rows
    ]


def refusals(config: Config) -> dict[str, list[str]]:
    """Return by `stage:domain` what cannot be done yet, and what to use meanwhile."""
    found: dict[str, list[str]] = {
        "route": config.route.refusals(),
        "evaluate": config.evaluate.refusals(),
        f"finetune:{GENERALIST}": [*_baseline(config), *config.finetune_of(GENERALIST).refusals()],
        f"merge:{GENERALIST}": config.merge.refusals(),
        "heal": config.heal.refusals(),
    }
    for name in config.domains:
        found |= {
            f"ingest:{name}": config.ingest_of(name).refusals(),
            f"generate:{name}": config.generate_of(name).refusals(),
            f"finetune:{name}": [*_whole_model(config, name), *config.finetune_of(name).refusals()],
            f"merge:{name}": config.merge_of(name).refusals(),
            f"heal:{name}": config.heal_of(name).refusals(),
            f"convert:{name}": config.convert_of(name).refusals(),
            f"share:{name}": not_apart(config, name),
        }
    return {label: sentences for label, sentences in found.items() if sentences}


def _plan_one(
    describe: Callable[[], Job[A]], stage: str, order: Order, settings: Settings, waits: list[str]
) -> tuple[Row, A | None]:
    domain = order.label.partition(":")[2]
    missing: Literal["miss", "left"] = "miss" if order.build else "left"
    if waits:
        return Row(stage, domain, "", missing, f"waits for {', '.join(waits)}"), None
    try:
        job = describe()
        recipe = job_recipe(stage, job)
    except (DocumentError, ModelError, ConfigError) as error:
        return Row(stage, domain, "", missing, str(error)), None
    key = recipe_key(recipe)
    known = Cache(settings.cache, settings.store_url)
    artifact = known.recall(job.produces, key, order.since)
    store = Store(settings.store, settings.store_url)
    problem = store.damage(artifact, deep=False) if artifact else ""
    if artifact is None or problem:
        return Row(stage, domain, key, missing, problem or reason(known.last(order.label), recipe)), None
    drift = _drift(store, artifact, settings.convert_python if job.converter else None)
    return Row(stage, domain, key, "hit", f"built: {artifact.digest[:12]}", drift), artifact


def _drift(store: Store, artifact: Artifact, python: Path | None) -> tuple[str, ...]:
    """Name the libraries whose versions differ from those that built the artifact."""
    try:
        recorded = store.manifest(artifact).packages
    except StoreError:
        return ()
    return tuple(
        f"{name} {version} -> {now}"
        for name, version in recorded.items()
        if (now := _installed(name, python)) != version
    )


@cache
def _installed(name: str, python: Path | None) -> str:
    """Return the version of a library in this environment, or in that of another interpreter."""
    folders = (
        [str(path) for path in python.parents[1].glob("lib/python*/site-packages")] if python else sys.path
    )
    found = next(iter(importlib.metadata.distributions(name=name, path=folders)), None)
    return found.version if found else "none"


def _whole_model(config: Config, name: str) -> list[str]:
    if config.domains[name].model is None:
        return []
    sentence = (
        f"`domains.{name}.model`: whole models as experts are not built yet;"
        " remove it to train an adapter on `base_model` meanwhile"
    )
    return [sentence]


def _baseline(config: Config) -> list[str]:
    if config.generalist.model is None:
        return []
    sentence = (
        "`generalist.model`: a whole model as baseline is not built yet;"
        " remove it to train the generalist on the mix meanwhile"
    )
    return [sentence]


_SHOWN = 5


def reason(last: Recipe | None, now: Recipe) -> str:
    """Return why what `now` asks for is not there, given the recipe of the last build."""
    if last is None:
        return "never built"
    found = changes(last, now)
    if not found:
        return "its cache record is gone"
    hidden = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"changed: {'; '.join(found[:_SHOWN])}{hidden}"


def changes(last: Recipe, now: Recipe) -> list[str]:
    """Return a clause for each difference between two recipes."""
    return [
        *differences(last.get("config"), now.get("config"), "config"),
        *differences(last.get("models"), now.get("models"), "model"),
        *_inputs(last, now),
        *_files(last, now),
        *[f"source file {name.replace('.', '/')}.py" for name in _changed(last.get("code"), now.get("code"))],
    ]


def _inputs(last: Recipe, now: Recipe) -> list[str]:
    old, new = _mapping(last.get("artifacts")), _mapping(now.get("artifacts"))
    return [f"input {name} {_how(old, new, name)}" for name in _changed(old, new)]


def _files(last: Recipe, now: Recipe) -> list[str]:
    old, new = _mapping(last.get("sources")), _mapping(now.get("sources"))
    return [
        f"{source} file {name} {_how(_mapping(old.get(source)), _mapping(new.get(source)), name)}"
        for source in sorted(old.keys() | new.keys())
        for name in _changed(old.get(source), new.get(source))
    ]


def _changed(old: object, new: object) -> list[str]:
    before, after = _mapping(old), _mapping(new)
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _how(old: Mapping[str, object], new: Mapping[str, object], name: str) -> str:
    if name not in old:
        return "is new"
    if name not in new:
        return "is gone"
    return f"{_digest(old[name])} -> {_digest(new[name])}"


def _digest(value: object) -> str:
    return str(value).rpartition(":")[2][:12]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}

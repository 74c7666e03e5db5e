"""What a run would do: every key, computed without running anything.

In: a configuration. Out: one row per stage and domain: hit, miss or refused, and why.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, ParamSpec, TypeVar, cast

from flows.config import GENERALIST, Config
from flows.dag import dag
from tasks.artifacts import Artifact, Store
from tasks.errors import ConfigError, DocumentError, ModelError
from tasks.execute import last_recipe
from tasks.fingerprint import Recipe, differences, recipe_key
from tasks.settings import Settings
from tasks.stage import Stage, cached

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")

_SHOWN_DIFFERENCES = 3


@dataclass(frozen=True)
class Row:
    """What a run would do with one stage of one domain."""

    stage: str
    domain: str
    key: str
    """The cache key; empty while an input is not built."""
    status: Literal["hit", "miss", "refused"]
    reason: str

    def as_dict(self) -> dict[str, str]:
        """Return the row for `plan --json`."""
        return asdict(self)


@dataclass(frozen=True)
class _Pending:
    """Stands for an artifact that a run would have to build first."""

    label: str


def plan(config: Config, settings: Settings) -> list[Row]:
    """Return a row for each stage and domain, in the order of the DAG."""
    refused = refusals(config)
    rows: list[Row] = []

    def call(stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        label = stage.label(*args, **kwargs)
        row, node = _plan_one(stage, label, settings, *args, **kwargs)
        if label in refused:
            row = Row(row.stage, row.domain, row.key, "refused", "; ".join(refused[label]))
            node = _Pending(label)
        rows.append(row)
        return cast("A", node)

    dag(config, call)
    return rows


def refusals(config: Config) -> dict[str, list[str]]:
    """Return by `stage:domain` what cannot be done yet, and what to use meanwhile."""
    found: dict[str, list[str]] = {
        "route": config.route.refusals(),
        "evaluate": config.evaluate.refusals(),
        f"finetune:{GENERALIST}": [*_baseline(config), *config.finetune_of(GENERALIST).refusals()],
        f"merge:{GENERALIST}": config.merge.refusals(),
    }
    for name in config.domains:
        found |= {
            f"ingest:{name}": config.ingest_of(name).refusals(),
            f"generate:{name}": config.generate_of(name).refusals(),
            f"finetune:{name}": [*_whole_model(config, name), *config.finetune_of(name).refusals()],
            f"merge:{name}": config.merge_of(name).refusals(),
            f"convert:{name}": config.convert_of(name).refusals(),
        }
    return {label: sentences for label, sentences in found.items() if sentences}


def _plan_one(
    stage: Stage[P, A], label: str, settings: Settings, *args: P.args, **kwargs: P.kwargs
) -> tuple[Row, Artifact | _Pending]:
    name, _, domain = label.partition(":")
    waits = sorted({pending.label for pending in _pending([*args, *kwargs.values()])})
    if waits:
        return Row(name, domain, "", "miss", f"waits for {', '.join(waits)}"), _Pending(label)
    try:
        recipe = stage.recipe(*args, **kwargs)
    except (DocumentError, ModelError, ConfigError) as error:
        return Row(name, domain, "", "miss", str(error)), _Pending(label)
    key = recipe_key(recipe)
    artifact = cached(key, settings)
    problem = Store(settings.store).damage(artifact, deep=False) if artifact else ""
    if artifact and not problem:
        return Row(name, domain, key, "hit", f"built: {artifact.digest[:12]}"), artifact
    return Row(name, domain, key, "miss", problem or _why(settings, label, recipe)), _Pending(label)


def _why(settings: Settings, label: str, recipe: Recipe) -> str:
    last = last_recipe(settings, label)
    if last is None:
        return "never built"
    changes = differences(last, recipe)
    if not changes:
        return "its cache record is gone"
    shown = "; ".join(changes[:_SHOWN_DIFFERENCES])
    hidden = len(changes) - _SHOWN_DIFFERENCES
    return f"changed: {shown}" + (f"; and {hidden} more" if hidden > 0 else "")


def _pending(values: object) -> list[_Pending]:
    if isinstance(values, _Pending):
        return [values]
    if isinstance(values, Mapping):
        values = list(values.values())
    return [found for value in values for found in _pending(value)] if isinstance(values, list) else []


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

"""Which stages a run builds again although they are built, and which it leaves alone.

In: labels such as `finetune:anxiety`, or `finetune` for every domain. Out: the labels that
they reach in the DAG, and an order for each stage.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ParamSpec, TypeVar

from pydantic import BaseModel, ConfigDict

from flows.calls import stand_in
from flows.config import Config
from flows.dag import dag
from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import ConfigError
from tasks.kernel.execution.attempt import Order
from tasks.kernel.stage import Stage

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")
N = TypeVar("N")


class Rebuild(BaseModel):
    """What to build again, and what to leave alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    stages: tuple[str, ...] = ()
    """`STAGE:DOMAIN`, or `STAGE` for every domain; they are built again although they are built."""
    only: bool = False
    """Build just these; otherwise, what depends on them is built again as well."""
    since: datetime | None = None
    """Results newer than this count as built again already; none: the start of the run."""


def chosen(config: Config, rebuild: Rebuild) -> frozenset[str]:
    """Return the labels to build again; raise ConfigError for one that the pipeline has not."""
    inputs = inputs_of(config)
    wanted = {label for asked in rebuild.stages for label in _matches(asked, inputs)}
    if rebuild.only:
        return frozenset(wanted)
    for label, needed in inputs.items():  # in the DAG's order: inputs come first
        if needed & wanted:
            wanted.add(label)
    return frozenset(wanted)


def order_of(rebuild: Rebuild, again: frozenset[str], parent_run: str = "") -> Callable[[str], Order]:
    """Return what gives each label its order."""

    def order(label: str) -> Order:
        since = rebuild.since if label in again else None
        return Order(label, parent_run, since, build=label in again or not rebuild.only)

    return order


def inputs_of(config: Config) -> dict[str, set[str]]:
    """Return by label the labels whose artifacts that stage consumes, in the DAG's order."""
    found: dict[str, set[str]] = {}

    def call(stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        label = stage.label(*args, **kwargs)
        found[label] = set(nested([*args, *kwargs.values()], _Label))
        return stand_in(_Label(label), stage)

    dag(config, call)
    return found


def nested(values: object, kind: type[N]) -> list[N]:
    """Return every `kind` in `values`, in lists and mappings alike."""
    if isinstance(values, kind):
        return [values]
    if isinstance(values, Mapping):
        values = list(values.values())
    return [found for value in values for found in nested(value, kind)] if isinstance(values, list) else []


class _Label(str):
    """Stands for an artifact by the label of the stage that makes it."""

    __slots__ = ()


def _matches(asked: str, labels: Mapping[str, object]) -> list[str]:
    found = [label for label in labels if label == asked or label.startswith(f"{asked}:")]
    if not found:
        raise ConfigError(f"{asked}: no such stage; choose among {', '.join(labels)}")
    return found

"""How the DAG calls a stage, whoever walks it.

A run calls stages by submitting them to Prefect and gets futures; a plan computes their keys and gets
artifacts or pending nodes; a selection gets labels. Whatever a call gives, the DAG only hands it on to
further calls, which know what to do with it. So it may stand for the artifact that the stage promises, and
the type checker can follow artifacts through the DAG: `stand_in` is the one cast that says so.
"""

from typing import ParamSpec, Protocol, TypeVar, cast

from tasks.kernel.artifacts import Artifact
from tasks.kernel.stage import Stage

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")


class Call(Protocol):
    """Calls one stage; what it returns stands for the artifact and may be handed on."""

    def __call__(self, stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        """Call `stage` with its own arguments."""


def stand_in(value: object, _for: Stage[P, A]) -> A:
    """Return `value`, which stands for the artifact that the stage promises (see the module's docstring)."""
    return cast("A", value)

"""A run that is asked to end asks its stages to end, and starts no more of them.

In: a block whose threads run stages. Out: for these threads, whether the block has been left.
The mark travels in the context, which a thread runner copies into its threads; a worker process
elsewhere never sees it, and takes its stages along when it ends itself.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tasks.kernel.errors import StageError

_LEFT: ContextVar[threading.Event | None] = ContextVar("left", default=None)


@contextmanager
def stops_stages() -> Iterator[None]:
    """Ask every stage that the block's threads still run to end as soon as the block is left."""
    left = threading.Event()
    token = _LEFT.set(left)
    try:
        yield
    finally:
        left.set()
        _LEFT.reset(token)


def stopping() -> bool:
    """Tell whether the block that started this thread's work has been left."""
    left = _LEFT.get()
    return left is not None and left.is_set()


def refuse_when_stopping(what: str) -> None:
    """Raise StageError where `what` would go on in a run that was asked to end."""
    if stopping():
        raise StageError(f"{what}: the run was asked to end; run again to go on")

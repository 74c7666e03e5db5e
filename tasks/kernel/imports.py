"""Import large libraries faster.

In: a block of imports. Out: nothing. Prefect and MLflow leave half a million objects behind, none of which
is garbage; looking for garbage among them takes a third of the time, and again whenever there are many more.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Collect no garbage in the block, and never look at what it made afterwards."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()

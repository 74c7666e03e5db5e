"""Locks that runs on one machine share; the operating system drops them with their process.

In: a folder and names. Out: held locks. Nothing here survives a crash, so nothing has to be
cleaned up after one.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tasks.kernel.execution.stopping import refuse_when_stopping, stopping

_POLL_SECONDS = 0.2


@contextmanager
def exclusive(folder: Path, name: str, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock `name`; call `on_wait` once where another holds it."""
    lock = _lock(folder, name)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        on_wait()
        _wait(lock, name)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def one_of(folder: Path, names: list[str]) -> Iterator[str]:
    """Hold the first lock of `names` that comes free, and give its name."""
    locks = {name: _lock(folder, name) for name in names}
    while True:
        refuse_when_stopping(f"waiting for {' or '.join(names)}")
        for name, lock in locks.items():
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            try:
                yield name
            finally:
                lock.release()
            return
        time.sleep(_POLL_SECONDS)


def held(folder: Path, name: str) -> bool:
    """Tell whether a living process holds the lock `name`."""
    if not (folder / f"{name}.lock").exists():
        return False
    lock = _lock(folder, name)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False


def _wait(lock: FileLock, name: str) -> None:
    try:
        lock.acquire(cancel_check=stopping)
    except Timeout:
        refuse_when_stopping(f"waiting for {name}")
        raise


def _lock(folder: Path, name: str) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock")

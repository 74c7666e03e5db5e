"""Tell a lost Prefect API at once, and in one message: a run that trains for an hour would not ask it before.

In: the address of an API that answers. Out: a ServiceError as soon as nothing listens there any more. It
comes as a signal to the main thread, so that the run ends the way it does on Ctrl-C, with its stages.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread, current_thread, main_thread
from types import FrameType

from tasks.kernel.errors import PipelineError, ServiceError

_POLL_SECONDS = 5.0
_REFUSALS = 3
"""So many polls in a row must find nobody listening: a server may be started anew."""


@contextmanager
def told_when_lost(url: str, poll_seconds: float = _POLL_SECONDS) -> Iterator[None]:
    """Raise ServiceError when the API at `url` is lost while the block runs."""
    import httpx
    from prefect.exceptions import PrefectException

    lost, left = Event(), Event()
    watcher = Thread(target=_watch, args=(url, poll_seconds, lost, left), name="prefect-watch", daemon=True)
    try:
        with _interrupted_by(watcher, left):
            yield
    except (httpx.HTTPError, PrefectException, PipelineError, RuntimeError, KeyboardInterrupt) as error:
        if lost.is_set() or isinstance(error, httpx.TransportError) or _refused(url):
            raise ServiceError(
                f"{url}: the Prefect API no longer answers; what is built is kept: run again to go on"
            ) from error
        raise


@contextmanager
def _interrupted_by(watcher: Thread, left: Event) -> Iterator[None]:
    """Let the watcher watch while the block runs, where the block may be interrupted at all."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGUSR1, _interrupt)
    watcher.start()
    try:
        yield
    finally:
        left.set()
        watcher.join()
        signal.signal(signal.SIGUSR1, before or signal.SIG_DFL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(url: str, poll_seconds: float, lost: Event, left: Event) -> None:
    refusals = 0
    while not left.wait(poll_seconds):
        refusals = refusals + 1 if _refused(url) else 0
        if refusals == _REFUSALS:
            lost.set()
            # To this thread, because a signal to the process may leave it asleep.
            signal.pthread_kill(main_thread().ident or 0, signal.SIGUSR1)
            return


def _refused(url: str) -> bool:
    """Tell whether nobody listens; a server that is slow to answer is busy and not lost."""
    import httpx

    try:
        httpx.get(f"{url}/health", timeout=_POLL_SECONDS)
    except httpx.ConnectError:
        return True
    except (httpx.HTTPError, ValueError):
        return False
    return False

"""Tell a lost Prefect API at once, and in one message: a run that trains for an hour would not ask it before.

In: the address of an API that answers. Out: a ServiceError as soon as nothing listens there any more. It
comes as a signal to the main thread, so that the run ends the way it does on Ctrl-C, with its stages.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tasks.kernel.errors import PipelineError, ServiceError

_POLL_SECONDS = 5.0
_REFUSALS = 3
"""So many polls in a row must find nobody listening: a server may be started anew."""


@contextmanager
def told_when_lost(url: str) -> Iterator[None]:
    """Raise ServiceError when the API at `url` is lost while the block runs."""
    import httpx
    from prefect.exceptions import PrefectException

    lost, left = threading.Event(), threading.Event()
    try:
        with _interrupted_when_lost(url, lost, left):
            yield
    except (httpx.HTTPError, PrefectException, PipelineError, RuntimeError, KeyboardInterrupt) as error:
        if lost.is_set() or isinstance(error, httpx.TransportError) or _refused(url):
            raise ServiceError(
                f"{url}: the Prefect API no longer answers; what is built is kept: run again to go on"
            ) from error
        raise


@contextmanager
def _interrupted_when_lost(url: str, lost: threading.Event, left: threading.Event) -> Iterator[None]:
    """Let a thread watch the API while the block runs, where the block may be interrupted at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGUSR1, _interrupt)
    watcher = threading.Thread(target=_watch, args=(url, lost, left), name="prefect-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        left.set()
        watcher.join()
        signal.signal(signal.SIGUSR1, before or signal.SIG_DFL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(url: str, lost: threading.Event, left: threading.Event) -> None:
    refusals = 0
    while not left.wait(_POLL_SECONDS):
        refusals = refusals + 1 if _refused(url) else 0
        if refusals == _REFUSALS:
            lost.set()
            # To this thread, because a signal to the process may leave it asleep.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
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

"""Start the reading process of one file, and end it when it takes too long.

In: a request. Out: what was found, or an UnreadableError that says how the process ended.
A page that takes too long is told by the silence of its process, which works for loops in
native code too. The process is guarded: it ends with the stage, however that ends.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tasks.ingest.reading.page_files import Found
from tasks.ingest.reading.reader import Event, Request
from tasks.ingest.reading.reasons import Reason, UnreadableError, more_telling
from tasks.ingest.reading_config import Limits, OcrMyPdf, ReadingConfig
from tasks.kernel.execution.guard import guarded

START_SECONDS = 120.0
"""A loaded machine may take seconds to start the process; only then its time counts."""
EXIT_SECONDS = 10.0
LOG_CHARACTERS = 200


MORTAL = frozenset({Reason.CRASHED, Reason.TOO_SLOW, Reason.TOO_LARGE})
"""Ends of the whole process, after which one parser alone is tried: the other, and the first."""


def read_apart(request: Request, on_page: Callable[[int], None]) -> Found:
    """Read the file of `request` in a process of its own; raise UnreadableError where it gives no text.

    Where that process dies, each parser reads the file alone in another.
    """
    try:
        return _attempt(request, on_page)
    except UnreadableError as error:
        if error.reason not in MORTAL or request.format != "pdf" or not request.config.second_opinion:
            raise
        told = error
    alone = request.config.model_copy(update={"second_opinion": False})
    for config in (request.config.other_parser(), alone):
        try:
            found = _attempt(request.model_copy(update={"config": config}), on_page)
        except UnreadableError as error:
            told = more_telling(told, error)
        else:
            return found.model_copy(update={"failure": told.reason.value})
    raise told


def _attempt(request: Request, on_page: Callable[[int], None]) -> Found:
    request_file, log = request.out.with_suffix(".request.json"), request.out.with_suffix(".log")
    request_file.write_text(request.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "tasks.ingest.reading.reader", str(request_file)]
    with log.open("wb") as stderr, _process(command, stderr.fileno()) as child:
        last = _attend(child, request.config, on_page)
        try:
            code = child.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise _too_slow("its end", EXIT_SECONDS) from error
    if last.refused is not None:
        raise UnreadableError(*last.refused)
    if code or last.found is None:
        raise _crash(code, log)
    request_file.unlink()
    log.unlink()
    return last.found


@contextmanager
def _process(command: list[str], stderr: int) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        guarded(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )
    with child:
        try:
            yield child
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def _attend(child: subprocess.Popen[bytes], config: ReadingConfig, on_page: Callable[[int], None]) -> Event:
    """Return the process's last event; raise UnreadableError where it exceeds a time limit."""
    clock = _Clock(config.limits)
    last, pages = Event(), 0
    for line in _lines(child, clock):
        event = Event.model_validate_json(line)
        if event.page is not None:
            pages = event.page
            clock.allow(f"page {pages + 1}" if pages else "the file", config.limits.page_seconds)
            if pages:
                on_page(pages)
        elif event.recognising and isinstance(config.ocr, OcrMyPdf):
            clock.extend("its recognition", pages * config.ocr.page_seconds)
        else:
            last = event
    return last


class _Clock:
    """The time that is left to a file, and to the part of it that is at work."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._end = time.monotonic() + START_SECONDS + limits.seconds
        self.allow("its start", START_SECONDS)

    def allow(self, part: str, seconds: float) -> None:
        """Give the next part of the file so many seconds."""
        self._part, self._seconds = part, seconds
        self._due = time.monotonic() + seconds

    def extend(self, part: str, seconds: float) -> None:
        """Give the next part of the file so many seconds on top of those of the whole."""
        self._end += seconds
        self.allow(part, seconds)

    @property
    def left(self) -> float:
        """Return the seconds until something takes too long."""
        return max(0.0, min(self._due, self._end) - time.monotonic())

    def overrun(self) -> UnreadableError:
        """Return what took too long."""
        if self._end <= self._due:
            return _too_slow("the file", self._limits.seconds)
        return _too_slow(self._part, self._seconds)


def _lines(child: subprocess.Popen[bytes], clock: _Clock) -> Iterator[bytes]:
    assert child.stdout is not None  # noqa: S101  tells mypy that it is a pipe
    descriptor, rest = child.stdout.fileno(), b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], clock.left)
        if not ready:
            raise clock.overrun()
        received = os.read(descriptor, 2**16)
        if not received:
            return
        *lines, rest = (rest + received).split(b"\n")
        yield from lines


def _too_slow(part: str, seconds: float) -> UnreadableError:
    return UnreadableError(
        Reason.TOO_SLOW,
        f"{part} takes over {seconds:g} s to read; print it to a new PDF, raise reading.limits, or remove it",
    )


def _crash(code: int, log: Path) -> UnreadableError:
    last_line = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
    how = signal.Signals(-code).name if code < 0 else f"{last_line[-LOG_CHARACTERS:]} (exit code {code})"
    return UnreadableError(
        Reason.CRASHED,
        f"its parser crashed ({how}), on damage or for want of memory; print it to a new PDF,"
        " raise reading.limits.memory_megabytes, or remove it",
    )

"""A command whose whole process group ends with the process that started it, however that dies.

In: a command, and standard input as a pipe that only the starter holds open. Out: the command in
this process's place, beside a guard in the same group that waits for the end of the pipe. Linux's
own parent-death signal comes when the starting thread ends, misses the command's own children
and is lost where the parent dies first; a pipe is none of that. Run as a file, so that it starts fast.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence

GRACE_SECONDS = 30.0
"""What a group has between SIGTERM and SIGKILL: a trainer saves a checkpoint in it."""

_POLL_SECONDS = 0.1
_LIFELINE = 0


def guarded(command: Sequence[str]) -> list[str]:
    """Return a command that does the same, and ends with all its children when its standard input does.

    It leads a session of its own; the command itself reads nothing from its input.
    """
    return [sys.executable, "-I", "-S", __file__, *command]


def main(command: list[str]) -> None:
    """Leave a guard behind and become the command."""
    leader = os.getpid()
    if os.getpgrp() != leader:
        os.setsid()
    if os.fork() == 0:
        _guard(leader)
    os.dup2(os.open(os.devnull, os.O_RDONLY), _LIFELINE)
    try:
        os.execvp(command[0], command)  # noqa: S606  no shell is wanted
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


def _guard(leader: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(_LIFELINE + 1, os.sysconf("SC_OPEN_MAX"))
    while os.read(_LIFELINE, 1):
        pass
    os.killpg(0, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while os.getppid() == leader and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])

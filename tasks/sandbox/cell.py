"""The process around one program: goes into the jail, starts the program, and ends everything with it.

In: one line of JSON on standard input, which stays open as long as the caller lives. Out: lines of JSON on
the status pipe. Three processes: the outer one ends when its caller does; the keeper is the first of the new
process namespace, so that the kernel ends all others with it; the program is a fresh interpreter.
"""

import json
import math
import os
import resource
import select
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from tasks.sandbox import system_calls as kernel
from tasks.sandbox.jail import Missing, attempt, enter_files, enter_namespaces, give_up_rights
from tasks.sandbox.syscall_filter import deny_system_calls

Request = Mapping[str, Any]
_INTERPRETER = os.path.realpath(sys.executable)
"""Found while the file system is still whole: an environment's own is a link."""
_CALLER = 0
_VERDICT = 3
_EXTRA_PROCESSES = 2
"""The outer process and the keeper are of the same user where they are not root's."""
_OPEN_FILES = 64
_MEGABYTE = 2**20
_SIGNALLED = 128
_PROGRAM = """
import os, sys
def run():
    write, leave, dumps = os.write, os._exit, __import__("json").dumps
    token, _, source = sys.stdin.buffer.read().decode().partition("\\n")
    try:
        exec(compile(source, "program", "exec"), {})
    except BaseException as error:
        said = {"failed": f"{type(error).__name__}: {error}"[:300]}
    else:
        said = {"passed": token}
    write(3, dumps(said).encode())
    leave(0)
run()
"""


def main() -> None:
    """Run the program of the request that stands on standard input."""
    request = json.loads(sys.stdin.buffer.readline())
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")  # the first to go
    missing = enter_namespaces()
    lifeline, alive = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(alive)
        _keep(request, missing, lifeline)
    os.close(request["verdict"])
    _say(request["status"], {"ended": _attend(keeper)})


def _attend(keeper: int) -> int:
    """Return the keeper's exit code; end it when the caller is gone, or hangs up."""
    watched = select.poll()
    watched.register(os.pidfd_open(keeper), select.POLLIN)
    watched.register(_CALLER, select.POLLHUP)
    watched.poll()
    os.kill(keeper, signal.SIGKILL)  # nothing where it has ended
    return os.waitstatus_to_exitcode(os.waitpid(keeper, 0)[1])


def _keep(request: Request, missing: Missing, lifeline: int) -> NoReturn:
    kernel.control(kernel.PARENT_DEATH_SIGNAL, signal.SIGKILL)
    kernel.control(kernel.DUMPABLE, 0)
    outer = select.poll()
    outer.register(lifeline, select.POLLHUP)
    if outer.poll(0):  # died before it could tell
        os._exit(1)
    processes = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    enter_files(request["files_megabytes"], missing)
    source, text = os.pipe()
    program = os.fork()
    if program == 0:
        _become_program(request, missing, source, processes)
    for unused in (source, request["verdict"], processes):
        os.close(unused)
    with suppress(BrokenPipeError), os.fdopen(text, "wb") as file:
        file.write(f"{request['token']}\n{request['program']}".encode("utf-8", "replace"))
    code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    if "processes" in missing:
        with suppress(ProcessLookupError):
            os.killpg(program, signal.SIGKILL)
    os._exit(code if code >= 0 else _SIGNALLED - code)


def _become_program(request: Request, missing: Missing, source: int, processes: int) -> NoReturn:
    os.setsid()
    give_up_rights(processes, missing)
    attempt(missing, "syscalls", deny_system_calls)
    _limit(request)
    _say(request["status"], {"unenforced": missing})
    if set(missing) - set(request["unenforced"]):
        os._exit(0)
    if not os.access(_INTERPRETER, os.X_OK):
        _say(request["status"], {"broken": f"{_INTERPRETER} cannot be run by a user without rights"})
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor, place in ((source, 0), (nothing, 1), (nothing, 2), (request["verdict"], _VERDICT)):
        os.dup2(descriptor, place)
    os.closerange(_VERDICT + 1, os.sysconf("SC_OPEN_MAX"))
    os.execve(_INTERPRETER, [_INTERPRETER, "-I", "-S", "-B", "-c", _PROGRAM], {})  # noqa: S606  no shell


def _limit(request: Request) -> None:
    memory, files = (request[f"{name}_megabytes"] * _MEGABYTE for name in ("memory", "files"))
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, files),
        (resource.RLIMIT_NPROC, request["processes"] + _EXTRA_PROCESSES),
        (resource.RLIMIT_CPU, math.ceil(request["seconds"]) + 1),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (allowed, allowed))


def _say(status: int, line: Mapping[str, object]) -> None:
    os.write(status, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main()

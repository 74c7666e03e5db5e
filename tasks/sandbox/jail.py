"""Give this process a world of its own: namespaces, a file system of the interpreter alone, another user.

In: limits. Out: what the machine did not give, by protection, with its reason. Root enters its namespaces as
root and becomes nobody afterwards; everybody else makes a user namespace first, in which the same is allowed.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from tasks.sandbox import system_calls as kernel

NOBODY = 65534
_DEVICES = ("null", "zero", "random", "urandom")
_NEED_NAMESPACES = ("network", "files", "processes", "privileges")
_ROOT = "/sys"
"""Where the new root is put together: a folder that is there everywhere and holds no interpreter."""
Missing = dict[str, str]


def enter_namespaces() -> Missing:
    """Leave the namespaces of the caller; children are the first of their process namespace."""
    if os.geteuid() or not _may_without_user():
        try:
            _enter_user()
        except OSError as error:
            return dict.fromkeys(_NEED_NAMESPACES, str(error.strerror))
    missing: Missing = {}
    for name, flags in (
        ("files", sum(kernel.NEW_NAMESPACES.values())),
        ("network", kernel.NEW_NETWORK),
        ("processes", kernel.NEW_PROCESSES),
    ):
        attempt(missing, name, partial(kernel.unshare, flags))
    return missing


def _may_without_user() -> bool:
    """Whether a new namespace needs no user namespace around it; a child tries."""
    child = os.fork()
    if child == 0:
        try:
            kernel.unshare(kernel.NEW_NETWORK)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _enter_user() -> None:
    if os.geteuid() == 0:
        become_nobody()
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.NEW_USER)
    processes = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    _map(processes, user, group)
    os.close(processes)


def _map(processes: int, user: int, group: int) -> None:
    lines = {"setgroups": "deny", "uid_map": f"{NOBODY} {user} 1", "gid_map": f"{NOBODY} {group} 1"}
    for name, line in lines.items():
        file = os.open(f"self/{name}", os.O_WRONLY, dir_fd=processes)
        os.write(file, line.encode())
        os.close(file)


def enter_files(megabytes: int, missing: Missing) -> None:
    """Change to a root in which the interpreter can be read, and one folder be written."""
    if "files" not in missing:
        attempt(missing, "files", partial(_build_root, megabytes))


def _build_root(megabytes: int) -> None:
    kernel.mount("none", "/", "", kernel.RECURSIVELY_PRIVATE)
    kernel.mount("sandbox", _ROOT, "tmpfs", kernel.NOSUID_NODEV, "size=1m,mode=755")
    for place in _shown():
        _show(place)
    devices = [name for name in _DEVICES if Path("/dev", name).exists()]
    for folder in ("dev", "work"):
        Path(_ROOT, folder).mkdir()
    for name in devices:
        Path(_ROOT, "dev", name).touch()
    kernel.read_only(_ROOT)
    for name in devices:
        kernel.mount(f"/dev/{name}", f"{_ROOT}/dev/{name}", "", kernel.BIND)
    options = f"size={megabytes}m,nr_inodes=4096,mode=700,uid={NOBODY},gid={NOBODY}"
    kernel.mount("sandbox", f"{_ROOT}/work", "tmpfs", kernel.NOSUID_NODEV, options)
    kernel.change_root(_ROOT)
    os.chdir("/work")


def _shown() -> Iterator[str]:
    """Yield what an interpreter needs, none of it inside another."""
    wanted = {os.path.realpath(place) for place in (sys.base_prefix, sys.base_exec_prefix)}
    wanted |= {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/nix/store"}
    for place in sorted(wanted):
        inside = any(place != other and place.startswith(f"{other}/") for other in wanted)
        if Path(place).exists() and not inside:
            yield place


def _show(place: str) -> None:
    source, target = Path(place), Path(_ROOT + place)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    target.mkdir() if source.is_dir() else target.touch()
    kernel.mount(place, str(target), "", kernel.BIND)


def give_up_rights(processes: int, missing: Missing) -> None:
    """Become nobody without any right, in a user namespace that counts its own processes.

    `processes` is /proc of the old root, still open.
    """
    if os.geteuid() == 0:
        attempt(missing, "privileges", become_nobody)
        with suppress(OSError):
            kernel.unshare(kernel.NEW_USER)
            _map(processes, NOBODY, NOBODY)
    attempt(missing, "privileges", _drop)


def become_nobody() -> None:
    """Give up being root, for good."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    kernel.control(kernel.DUMPABLE, 1)  # or its own files in /proc would still be root's


def _drop() -> None:
    kernel.control(kernel.NO_NEW_PRIVILEGES, 1)
    with suppress(OSError):  # the number after the last right
        for right in range(64):
            kernel.control(kernel.DROP_BOUND, right)


def attempt(missing: Missing, name: str, step: Callable[[], None]) -> None:
    """Take a step; where the machine refuses, note the protection that is missing."""
    try:
        step()
    except OSError as error:
        missing[name] = str(error.strerror)

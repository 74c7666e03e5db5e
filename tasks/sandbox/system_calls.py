"""Ask Linux for what Python 3.11 has no function for.

In: numbers from the kernel's headers. Out: nothing; OSError with the call's name where the kernel refuses.
"""

import ctypes
import os
import platform

NEW_NAMESPACES = {"mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000}
NEW_NETWORK, NEW_PROCESSES, NEW_USER = 0x40000000, 0x20000000, 0x10000000
RECURSIVELY_PRIVATE, BIND = 0x44000, 0x5000
NOSUID_NODEV = 0x6
PARENT_DEATH_SIGNAL, DUMPABLE, DROP_BOUND, NO_NEW_PRIVILEGES = 1, 4, 24, 38

_LIBC = ctypes.CDLL(None, use_errno=True)
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR, _HERE, _ALL_BELOW = 442, -100, 0x8000
_READ_ONLY = 0x1 | 0x2 | 0x4
"""Neither written, nor with another owner's rights, nor as a device."""
_DETACH = 2


class _MountAttributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd"))


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` name for new ones."""
    _call("unshare", flags)


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount `source` at `target`."""
    _call("mount", *(os.fsencode(text) for text in (source, target, kind)), flags, os.fsencode(options))


def read_only(target: str) -> None:
    """Make a mount and all below it read-only; needs Linux 5.12."""
    wanted = _MountAttributes(attr_set=_READ_ONLY)
    _call(
        "syscall",
        *map(ctypes.c_long, (_MOUNT_SETATTR, _HERE)),
        os.fsencode(target),
        *(ctypes.c_long(_ALL_BELOW), ctypes.byref(wanted), ctypes.c_long(ctypes.sizeof(wanted))),
    )


def change_root(folder: str) -> None:
    """Make a mount the root, and leave nothing of the old one."""
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(0, f"no pivot_root known for {platform.machine()}")
    os.chdir(folder)
    _call("syscall", ctypes.c_long(number), b".", b".")
    _call("umount2", b".", _DETACH)
    os.chdir("/")


def control(option: int, value: int) -> None:
    """Set an attribute of this process (prctl)."""
    _call("prctl", option, *map(ctypes.c_ulong, (value, 0, 0, 0)))


def _call(name: str, *arguments: object) -> None:
    function = getattr(_LIBC, name, None)
    if function is None:
        raise OSError(0, f"{platform.system()} has no {name}")
    if function(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")

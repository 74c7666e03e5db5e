"""Take system calls from this process for good.

In: nothing. Out: nothing; OSError where libseccomp is not installed or refuses. A denied call fails as if
rights were missing. What is denied reaches beyond namespaces and limits: other processes' memory, keys, new
namespaces, devices, memory that no limit counts, and sockets other than local ones, of which some (virtual
machines') belong to no network namespace. The library is asked by name: its wheel, pyseccomp, is not kept.
"""

import ctypes
import errno
import os
import socket

_LIBRARY = "libseccomp.so.2"
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NOT_EQUAL, _MASKED_EQUAL = 1, 7
_DENIED = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd"),
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "mount_setattr", "move_mount"),
    *("open_tree", "fsopen", "fspick", "fsconfig", "fsmount", "name_to_handle_at", "open_by_handle_at"),
    *("quotactl", "acct", "add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd"),
    *("fanotify_init", "io_uring_setup", "io_uring_enter", "io_uring_register", "modify_ldt"),
    *("personality", "syslog", "memfd_create", "memfd_secret", "shmget", "shmat", "msgget", "semget"),
    *("mq_open", "vmsplice", "init_module", "finit_module", "delete_module", "kexec_load"),
    *("kexec_file_load", "reboot", "swapon", "swapoff", "settimeofday", "clock_settime", "adjtimex"),
    *("clock_adjtime", "sethostname", "setdomainname", "mlock", "mlock2", "mlockall", "mbind"),
    *("migrate_pages", "move_pages", "set_mempolicy", "nice", "iopl", "ioperm", "vhangup"),
    *("lookup_dcookie", "uselib"),
)
_NEW_NAMESPACE = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def deny_system_calls() -> None:
    """Load the filter; it stays with this process and all its children."""
    library = ctypes.CDLL(_LIBRARY, use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    for name in _DENIED:
        _deny(library, context, name, errno.EPERM)
    # The C library then asks the older call, whose flags a filter can see.
    _deny(library, context, "clone3", errno.ENOSYS)
    for flag in _NEW_NAMESPACE:
        _deny(library, context, "clone", errno.EPERM, _Comparison(0, _MASKED_EQUAL, flag, flag))
    for name in ("socket", "socketpair"):
        _deny(library, context, name, errno.EPERM, _Comparison(0, _NOT_EQUAL, socket.AF_UNIX, 0))
    _check(library.seccomp_load(context), "seccomp_load")


def _deny(library: ctypes.CDLL, context: ctypes.c_void_p, name: str, code: int, *when: _Comparison) -> None:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number == -1:  # this kernel's headers do not know it
        return
    conditions = (_Comparison * len(when))(*when)
    action = ctypes.c_uint32(_ERRNO | code)
    _check(
        library.seccomp_rule_add_array(context, action, ctypes.c_int(number), len(when), conditions),
        f"seccomp rule for {name}",
    )


def _check(result: int, what: str) -> None:
    if result < 0:
        raise OSError(-result, f"{what}: {os.strerror(-result)}")

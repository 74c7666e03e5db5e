"""How much a generated program may use, and what a machine may fail to keep it from.

In: YAML. Out: frozen values. Limits are always set; what else is missing on a machine is refused unless it is
named here.
"""

from typing import Literal

from pydantic import Field

from tasks.kernel.config import Slice

Protection = Literal["network", "files", "processes", "privileges", "syscalls"]


class SandboxConfig(Slice):
    """The walls around one generated program."""

    seconds: float = Field(default=5.0, gt=0, le=600)
    """From the program's start to its end, and of processor time in each of its processes."""
    memory_megabytes: int = Field(default=512, ge=64, le=65_536)
    """Of one process's address space, and resident in all of them together."""
    processes: int = Field(default=8, ge=1, le=1024)
    """Processes and threads at once, the program itself counted."""
    files_megabytes: int = Field(default=16, ge=1, le=4096)
    """All that it may write, into a folder that is memory and vanishes with it."""
    unenforced: tuple[Protection, ...] = ()
    """What may be missing: `network`, `files`, `processes` (of others, and its own that stay behind),
    `privileges` (another user without rights) and `syscalls` (a filter of system calls)."""

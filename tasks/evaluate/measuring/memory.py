"""Tell how much memory this process has taken.

In: nothing. Out: bytes. The kernel's own figures, so that native runtimes count as well.
"""

import os
import resource
import sys
from pathlib import Path


def resident_bytes() -> int:
    """Return the memory resident now; where the system does not tell, the peak so far."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        return peak_bytes()
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> int:
    """Return the largest memory this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak

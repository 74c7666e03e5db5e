"""Run a child whom permissions bind, although tests may run as root: without the right to pass them over."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from tasks.kernel.settings import PROJECT

_DROP = 24  # PR_CAPBSET_DROP
_PASS_OVER = (1, 2)  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH


def bound(code: str, *arguments: Path | str) -> str:
    """Run Python code and return what it says; what it writes beside that must be no traceback."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_bind,  # no threads here that hold locks
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def _bind() -> None:
    if os.getuid() == 0:
        for right in _PASS_OVER:
            assert ctypes.CDLL(None).prctl(_DROP, right, 0, 0, 0) == 0

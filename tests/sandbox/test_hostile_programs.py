"""Pins that hostile programs neither escape nor stop their caller.

Each comes to its end only where it got what it wanted.
"""

import socket
import time
from pathlib import Path

import psutil
import pytest

from tasks.sandbox.config import SandboxConfig
from tasks.sandbox.run import run_program

pytestmark = pytest.mark.slow
LIMITS = SandboxConfig(seconds=1.5, memory_megabytes=192, processes=6, files_megabytes=4)
MARK = "left-behind-by-a-test-of-the-sandbox"
C_LIBRARY = "import ctypes, os\nc = ctypes.CDLL(None, use_errno=True)\n"

FOREVER = {
    "endless loop": "while True: pass",
    "sleep": "import time; time.sleep(60)",
    "deaf to signals": """
import signal, time
for number in signal.valid_signals():
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
time.sleep(60)""",
    "fork bomb": """
import os
while True:
    try: os.fork()
    except OSError: pass""",
    "thread bomb": """
import _thread, time
while True:
    try: _thread.start_new_thread(time.sleep, (60,))
    except (RuntimeError, MemoryError): pass""",
    "huge output": "while True: print('x' * 10**6)",
    "huge verdict": "import os\nwhile True: os.write(3, b'x' * 10**6)",
    "a message without end": """
class Endless(Exception):
    def __str__(self):
        while True: pass
raise Endless""",
}

REFUSED = {
    "memory": "x = bytearray(10**9)",
    "memory of many processes": """
import os, time
for _ in range(4):
    if os.fork() == 0:
        x = bytearray(120 * 2**20)
        time.sleep(30)
time.sleep(1)""",
    "memory in files": "import os; os.memfd_create('x')",
    "shared memory": C_LIBRARY + "assert c.shmget(0, 2**20, 0o1600) >= 0",
    "file outside": "open('/etc/passwd').read()",
    "file outside by link": "import os; os.symlink('/etc/passwd', 'link'); open('link').read()",
    "write outside": "open('/usr/lib/planted', 'w')",
    "write beside its folder": "open('/planted', 'w')",
    "climb out": "import os; os.chdir('../../..'); open('tmp/planted', 'w')",
    "change root": "import os; os.mkdir('r'); os.chroot('r')",
    "full disk": "open('large', 'wb').write(b'x' * 2**24)",
    "full disk by many files": "for n in range(64): open(str(n), 'wb').write(b'x' * 2**20)",
    "too many files": "for n in range(10**4): open(str(n), 'w').close()",
    "datagrams": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "raw packets": "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "the virtual machine's host": "import socket; socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
    "environment of the parent": "import os; open(f'/proc/{os.getppid()}/environ').read()",
    "memory of the parent": "import os; open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "a view of processes": C_LIBRARY + "assert c.mount(b'p', b'/work', b'proc', 0, None) == 0",
    "trace the parent": C_LIBRARY + "assert c.ptrace(16, os.getppid(), None, None) == 0",
    "rights in a new namespace": C_LIBRARY + "assert c.unshare(0x10000000) == 0",
    "become root": "import os; os.setuid(0)",
    "raise a limit": "import resource as r; r.setrlimit(r.RLIMIT_NPROC, (10**4, 10**4))",
    "deep recursion": "def down(): down()\ndown()",
    "recursion without a limit": """
import sys
sys.setrecursionlimit(10**9)
def down(x): return [down(x) for _ in "1"]
down(1)""",
    "close all": "import os; os.closerange(0, 64)",
    "delete its folder": "import os, shutil; os.chdir('/'); shutil.rmtree('/work')",
    "claim to pass": """
import os
for place in range(64):
    try: os.write(place, b'{"passed": true}')
    except OSError: pass
os._exit(0)""",
    "hear of its secrets": "import os; assert os.environ.get('SECRET')",
    "kill everything": """
import os
for process in (-1, 1, os.getppid()):
    try: os.kill(process, 9)
    except OSError: pass
os._exit(0)""",
}


def children() -> set[psutil.Process]:
    """Return the processes below this one: other tests may have left servers running."""
    return set(psutil.Process().children(recursive=True))


@pytest.mark.parametrize("name", FOREVER)
def test_a_program_without_end_is_ended(name: str) -> None:
    start, before = time.monotonic(), children()
    outcome = run_program(FOREVER[name], LIMITS)
    assert outcome.ending == "timed out"
    assert time.monotonic() - start < 20
    assert children() <= before


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_program_does_not_get_what_it_wants(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of the caller")
    before = children()
    assert not run_program(REFUSED[name], LIMITS).passed
    assert children() <= before


def test_a_program_reaches_no_server_of_its_caller() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        source = f"import socket; socket.create_connection({server.getsockname()!r}, 1)"
        assert run_program(source, LIMITS).ending == "failed"
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_program_neither_reads_nor_writes_a_file_of_its_caller(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "own").write_text("secret", encoding="utf-8")
    for source in (f"open({str(tmp_path / 'own')!r}).read()", f"open({str(tmp_path / 'new')!r}, 'w')"):
        assert run_program(source, LIMITS).ending == "failed"
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_a_daemon_does_not_outlive_its_program() -> None:
    source = f"""
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", {MARK!r}])
    os._exit(0)
time.sleep(0.5)
"""
    assert run_program(source, LIMITS).passed
    found = [
        process.pid for process in psutil.process_iter(["cmdline"]) if MARK in (process.info["cmdline"] or ())
    ]
    assert found == []

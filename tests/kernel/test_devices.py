"""GPUs: two processes never hold the same one, a killed holder frees it, and a choice made outside stands."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.kernel.execution.devices import device

HOLDER = """
import sys, time
from pathlib import Path
from tasks.kernel.execution.devices import device
with device({indices}, Path({locks!r})) as index:
    print(index, flush=True)
    time.sleep({seconds})
"""


def hold(locks: Path, indices: tuple[int, ...] | None, seconds: float) -> subprocess.Popen[str]:
    code = f"import sys; sys.path[:0] = {sys.path!r}\n"
    code += HOLDER.format(indices=indices, locks=str(locks), seconds=seconds)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def index_of(holder: subprocess.Popen[str]) -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


@pytest.fixture(autouse=True)
def unchosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def driver(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a driver's program with the given answer into the path."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_each_process_holds_a_gpu_of_its_own_and_the_next_one_waits(tmp_path: Path) -> None:
    holders = [hold(tmp_path, (0, 1), 60) for _ in range(2)]
    assert sorted(index_of(holder) for holder in holders) == ["0", "1"]
    third = hold(tmp_path, (0, 1), 0)
    with pytest.raises(subprocess.TimeoutExpired):
        third.wait(1.5)
    holders[1].kill()
    holders[1].wait()
    assert third.wait(10) == 0
    holders[0].kill()
    holders[0].wait()


def test_a_killed_holder_frees_its_gpu(tmp_path: Path) -> None:
    holder = hold(tmp_path, (5,), 60)
    assert index_of(holder) == "5"
    holder.kill()
    holder.wait()
    with device((5,), tmp_path) as index:
        assert index == 5


def test_a_job_that_fails_frees_its_gpu(tmp_path: Path) -> None:
    with pytest.raises(KeyError), device((0,), tmp_path):
        raise KeyError
    with device((0,), tmp_path) as index:
        assert index == 0


def test_a_choice_made_outside_is_kept_without_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    with device((0,), tmp_path) as first, device((0,), tmp_path) as second:
        assert first is second is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("script", "index"), [("echo 3", "3"), ("echo broken; exit 9", "None")])
def test_the_driver_is_asked_where_nothing_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, index: str
) -> None:
    driver(tmp_path, script, monkeypatch)
    assert index_of(hold(tmp_path / "locks", None, 0)) == index


def test_a_machine_without_a_driver_has_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert index_of(hold(tmp_path / "locks", None, 0)) == "None"

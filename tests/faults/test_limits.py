"""A stage that hangs, eats memory or finds the disk full fails its run by name; going on completes it."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faulty import TWO, Home

pytestmark = pytest.mark.integration

LAST = ("convert:ocd", "evaluate")


@pytest.mark.faults
def test_a_stage_that_hangs_is_ended(finished: Home, copied: Home) -> None:
    copied.forget(*LAST)
    run = copied.start("run", TWO, POCKETMOE_STAGE_TIMEOUT="8")
    assert run.until(run.child)
    child = run.child()
    assert child is not None
    child.send_signal(signal.SIGSTOP)
    assert run.ended().code == 1
    assert run.says(r"convert:ocd: .*no result after 8 s; raise POCKETMOE_STAGE_TIMEOUT"), run.text()
    goes_on(copied, finished)


def test_a_stage_that_eats_memory_is_ended(finished: Home, copied: Home) -> None:
    copied.forget(*LAST)
    run = copied.run(TWO, POCKETMOE_STAGE_MEMORY="60MB")
    assert run.code == 1
    assert run.says(r"convert:ocd: .*more than the limit of 0.06 GB; raise POCKETMOE_STAGE_MEMORY"), (
        run.text()
    )
    goes_on(copied, finished)


def test_a_full_disk_is_named(finished: Home, small_disk: Home) -> None:
    small_disk.forget(*LAST)
    run = small_disk.start("run", TWO)
    assert run.until(lambda: run.says("s  convert:ocd: running"))
    ballast = small_disk.path / "ballast"
    fill(ballast)
    assert run.ended().code in {1, 2}
    assert run.says(r"convert:ocd: .*the disk is full"), run.text()
    ballast.unlink()
    goes_on(small_disk, finished)


@pytest.fixture
def small_disk(copied: Home) -> Iterator[Home]:
    """A copy of what is built on a file system of 64 MB."""
    place = copied.path.parent / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        shutil.copytree(copied.path, place, symlinks=True, dirs_exist_ok=True)
        yield replace(copied, path=place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S607  the system's own


def fill(ballast: Path) -> None:
    """Write until the file system has no byte left."""
    size = 2**20
    with ballast.open("ab", buffering=0) as file:
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2


def goes_on(home: Home, finished: Home) -> None:
    """Go on without the obstacle, and come to what an undisturbed run comes to."""
    newest = home.newest()
    assert newest is not None
    home.finish(TWO)
    assert home.results() == finished.results()
    assert home.leftovers() == []

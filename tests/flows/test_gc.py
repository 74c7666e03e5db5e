"""Garbage collection: what is used stays, what is not goes, and nobody at work loses anything."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from smoke_pipeline import Pipeline, free_port

from flows.config import load_config
from flows.plan import plan
from flows.store.gc import Garbage, find_garbage, remove
from flows.store.remote_gc import find_remote_garbage, refuse_few_days, remove_remote
from tasks.kernel.artifacts import Corpus
from tasks.kernel.errors import ConfigError, StoreError
from tasks.kernel.settings import PROJECT, Settings
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.remote import Remote
from tasks.kernel.storage.store import Store

PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=1.0, peak_memory_bytes=1, packages={}, git_commit=""
)
STAGE_AND_WAIT = """
import sys, time
from pathlib import Path
from tasks.kernel.storage.store import Store
with Store(Path(sys.argv[1])).staging() as data:
    (data / "half").write_text("half")
    print(data.parent.name, flush=True)
    time.sleep(60)
"""
DAY = 24 * 3600


@dataclass(frozen=True)
class Home:
    """One artifacts folder, and the days by which everything in it is older than it was made."""

    settings: Settings

    @property
    def store(self) -> Store:
        """Return the store of this home."""
        return Store(self.settings.store, self.settings.store_url)

    def build(self, text: str, key: str) -> Corpus:
        """Publish and remember an artifact."""
        with self.store.staging() as data:
            (data / "text").write_text(text)
            artifact = self.store.publish(Corpus, data, PROVENANCE)
        Cache(self.settings.cache, self.settings.store_url).remember(key, artifact)
        return artifact

    def finish(self, run: str, *artifacts: Corpus) -> Path:
        """Write a run that used the artifacts."""
        folder = self.settings.runs / run
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
        parts = {
            f"corpus/{number}": {"kind": "Corpus", "digest": artifact.digest}
            for number, artifact in enumerate(artifacts)
        }
        (folder / "artifacts.json").write_text(json.dumps({**parts, "base_model": {"source": "tiny"}}))
        return folder

    def age(self, *places: Path, days: float = 40) -> None:
        """Make everything below the places (none: all) so much older."""
        for place in places or (self.settings.home,):
            for path in (place, *place.rglob("*")):
                moment = path.lstat().st_mtime - days * DAY
                os.utime(path, (moment, moment), follow_symlinks=False)

    def garbage(self, keep_days: float = 30, *registered: Corpus) -> Garbage:
        """Find garbage."""
        return find_garbage(self.settings, keep_days, {artifact.digest for artifact in registered})

    def collect(self, keep_days: float = 30, *registered: Corpus) -> set[str]:
        """Collect garbage; return the kinds of what is gone."""
        return {leftover.kind for leftover in remove(self.garbage(keep_days, *registered))}

    def bytes(self) -> int:
        """Return the bytes of all files."""
        files = [path for path in self.settings.home.rglob("*") if path.is_file() and not path.is_symlink()]
        return sum(path.stat().st_size for path in files)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(Settings(artifacts=tmp_path / "artifacts"))


def test_what_nobody_used_for_so_long_goes_with_its_records(home: Home) -> None:
    artifact = home.build("old", "a" * 64)
    assert home.collect() == set()
    home.age()
    assert home.collect(keep_days=50) == set()
    assert home.collect() == {"cache record", "corpus"}
    assert home.store.damage(artifact) == "its bytes are gone"
    assert Cache(home.settings.cache).recall(Corpus, "a" * 64) is None


def test_what_a_recent_run_used_stays(home: Home) -> None:
    used, unused = home.build("used", "a" * 64), home.build("unused", "b" * 64)
    home.age()
    home.finish("recent", used)
    home.collect()
    assert home.store.damage(used) == ""
    assert Cache(home.settings.cache).recall(Corpus, "a" * 64) == used
    assert home.store.damage(unused) == "its bytes are gone"


def test_what_an_old_run_used_goes_unless_it_is_the_newest(home: Home) -> None:
    older, newest = home.build("older", "a" * 64), home.build("newest", "b" * 64)
    home.finish("one", older)
    home.finish("two", newest)
    (home.settings.runs / "latest").symlink_to("two")
    home.age()
    home.collect()
    assert home.store.damage(older) == "its bytes are gone"
    assert home.store.damage(newest) == ""


def test_what_a_registered_model_uses_stays(home: Home) -> None:
    registered = home.build("registered", "a" * 64)
    home.age()
    assert home.collect(30, registered) == set()
    assert home.store.damage(registered) == ""


@pytest.mark.parametrize("use", ["hit", "fetch", "publish"])
def test_what_was_used_lately_stays(home: Home, use: str) -> None:
    artifact = home.build("text", "a" * 64)
    home.age()
    match use:
        case "hit":
            Cache(home.settings.cache).use("a" * 64)
        case "fetch":
            home.store.fetch(artifact)
        case _:
            home.build("text", "b" * 64)
    home.collect()
    assert home.store.damage(artifact) == ""
    assert Cache(home.settings.cache).recall(Corpus, "a" * 64) == artifact


@pytest.mark.parametrize("use", ["hit", "fetch"])
def test_what_is_used_between_looking_and_removing_stays(home: Home, use: str) -> None:
    artifact = home.build("text", "a" * 64)
    home.age()
    garbage = home.garbage()
    assert {leftover.kind for leftover in garbage.leftovers} == {"cache record", "corpus"}
    if use == "hit":
        Cache(home.settings.cache).use("a" * 64)
    else:
        home.store.fetch(artifact)
    remove(garbage)
    assert home.store.damage(artifact) == ""


def test_what_is_looked_up_right_now_stays(home: Home) -> None:
    artifact = home.build("text", "a" * 64)
    home.age()
    home.settings.locks.mkdir(parents=True)
    with FileLock(home.settings.locks / f"{'a' * 64}.lock"):
        garbage = home.garbage()
        gone = remove(garbage)
    assert "cache record" not in {leftover.kind for leftover in gone}
    assert Cache(home.settings.cache).recall(Corpus, "a" * 64) == artifact


def test_what_was_used_since_the_oldest_running_run_began_stays(home: Home) -> None:
    artifact = home.build("text", "a" * 64)
    run = home.finish("long")
    home.age(days=40)
    home.age(run / "run.json", days=1)
    home.settings.locks.mkdir(parents=True)
    with FileLock(home.settings.locks / "run-long.lock"):
        assert home.collect() == set()
        assert home.store.damage(artifact) == ""
    assert "corpus" in home.collect()


def test_a_recent_run_that_cannot_be_read_is_refused(home: Home) -> None:
    (home.finish("torn") / "artifacts.json").write_text("{")
    with pytest.raises(StoreError, match=r"torn/artifacts\.json: cannot be read.*remove its folder"):
        home.garbage()


def test_looking_changes_nothing(home: Home) -> None:
    home.build("old", "a" * 64)
    home.age()
    before = {path: path.lstat().st_mtime for path in home.settings.home.rglob("*")}
    assert home.garbage().leftovers
    assert {path: path.lstat().st_mtime for path in home.settings.home.rglob("*")} == before


def test_sizes_that_are_told_are_the_sizes_that_are_freed(home: Home) -> None:
    for number in range(3):
        home.build("x" * 1000 * number, f"{number}" * 64)
    (home.settings.scratch / ("c" * 64)).mkdir(parents=True)
    (home.settings.scratch / ("c" * 64) / "checkpoint").write_bytes(b"y" * 4567)
    damaged = home.settings.store / ".damaged" / "x" / "y"
    damaged.mkdir(parents=True)
    (damaged / "z").write_bytes(b"z" * 321)
    home.age()
    garbage = home.garbage()
    before = home.bytes()
    assert len(remove(garbage)) == len(garbage.leftovers)
    assert before - home.bytes() == sum(leftover.bytes for leftover in garbage.leftovers)
    assert home.bytes() == 0


def test_a_staging_folder_in_use_survives_and_that_of_a_killed_process_goes(home: Home) -> None:
    command = [sys.executable, "-c", STAGE_AND_WAIT, str(home.settings.store)]
    children = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        live, dead = (
            home.settings.store / ".staging" / str(child.stdout and child.stdout.readline()).strip()
            for child in children
        )
        assert home.collect(0) == set()
        children[1].send_signal(signal.SIGKILL)
        children[1].wait()
        assert home.collect(0) == {"dead staging folder"}
        assert (live / "data" / "half").read_text() == "half"
        assert not dead.exists()
        assert not dead.with_name(f"{dead.name}.lock").exists()
    finally:
        for child in children:
            child.kill()
            child.communicate()


def test_checkpoints_that_are_locked_or_young_stay(home: Home) -> None:
    for name in ("a" * 64, "b" * 64, "c" * 64):
        (home.settings.scratch / name / "checkpoint-1").mkdir(parents=True)
        (home.settings.scratch / name / "checkpoint-1" / "weights").write_text("w")
    home.age()
    os.utime(home.settings.scratch / ("b" * 64) / "checkpoint-1" / "weights")
    home.settings.locks.mkdir(parents=True)
    with FileLock(home.settings.locks / f"{'a' * 64}.lock"):
        assert home.collect() == {"checkpoints"}
    assert sorted(path.name[0] for path in home.settings.scratch.iterdir()) == ["a", "b"]


def test_what_no_recent_run_took_over_goes_file_by_file(home: Home) -> None:
    for name in ("aa/one.json", "aa/two.json", "aa/.half.partial", "bb/one.json", "cc/.new.partial"):
        (home.settings.reuse / name).parent.mkdir(parents=True, exist_ok=True)
        (home.settings.reuse / name).write_text("replies")
    (home.settings.reuse / "dd").mkdir()
    assert home.collect() == set()
    home.age(home.settings.reuse / "aa", home.settings.reuse / "bb")
    os.utime(home.settings.reuse / "aa" / "two.json")
    garbage = home.garbage()
    (home.settings.reuse / "bb" / "one.json").touch()
    assert {leftover.kind for leftover in remove(garbage)} == {"work for reuse", "half-written record"}
    left = {str(path.relative_to(home.settings.reuse)) for path in home.settings.reuse.rglob("*.*")}
    assert left == {"aa/two.json", "bb/one.json", "cc/.new.partial"}
    home.age()
    home.collect()
    assert list(home.settings.reuse.iterdir()) == []


def test_old_lock_files_that_nobody_holds_go(home: Home) -> None:
    home.settings.locks.mkdir(parents=True)
    for name in ("held", "free"):
        (home.settings.locks / f"{name}.lock").touch()
    home.age()
    with FileLock(home.settings.locks / "held.lock"):
        assert home.collect() == {"lock file"}
    assert [path.name for path in home.settings.locks.iterdir()] == ["held.lock"]


def test_a_half_removed_artifact_goes_with_the_next(home: Home) -> None:
    half = home.settings.store / "corpus" / ".gone-x" / ("a" * 64)
    half.mkdir(parents=True)
    assert home.collect() == {"damaged or half removed"}
    assert list((home.settings.store / "corpus").iterdir()) == []


def test_the_plan_never_misses_bytes_that_were_kept(home: Home) -> None:
    from filled_store import fill

    config = load_config([PROJECT / "configs" / "smoke.yaml"])
    built = fill(config, home.settings)
    home.age()
    kept = dict(list(built.items())[:4])
    home.finish("recent", *kept.values())
    home.collect()
    rows = {f"{row.stage}:{row.domain}": row for row in plan(config, home.settings)}
    assert {rows[label].status for label in kept} == {"hit"}
    assert sum(row.status == "hit" for row in rows.values()) == len(kept)
    assert [row for row in rows.values() if "bytes" in row.reason or "damaged" in row.reason] == []


@pytest.fixture
def shared(tmp_path: Path) -> Callable[[str], Home]:
    url = f"file://{tmp_path}/shared"
    return lambda name: Home(Settings(artifacts=tmp_path / name, store_url=url))


def test_the_shared_store_keeps_what_any_machine_used_lately(
    shared: Callable[[str], Home], tmp_path: Path
) -> None:
    here, there = shared("here"), shared("there")
    unused, used = here.build("unused", "a" * 64), here.build("used", "b" * 64)
    here.age(tmp_path)
    assert Cache(there.settings.cache, there.settings.store_url).recall(Corpus, "b" * 64) == used
    Cache(there.settings.cache, there.settings.store_url).use("b" * 64)
    remote = Remote(here.settings.store_url)
    garbage = find_remote_garbage(remote, here.garbage())
    assert list(garbage.artifacts) == [f"corpus/{unused.digest}"]
    remove_remote(remote, garbage)
    assert shared("third").store.damage(used) == ""
    assert shared("third").store.damage(unused) == "its bytes are gone"
    assert remote.list_files(f"store/corpus/{unused.digest}") == {}
    assert list(remote.list_files("cache")) == [f"{'b' * 64}.json"]


def test_an_upload_that_goes_on_is_not_removed(shared: Callable[[str], Home], tmp_path: Path) -> None:
    remote = Remote(shared("here").settings.store_url)
    remote.write(f"store/corpus/{'d' * 64}/data/first", b"1")
    assert not find_remote_garbage(remote, shared("here").garbage()).artifacts
    shared("here").age(tmp_path)
    assert find_remote_garbage(remote, shared("here").garbage()).artifacts


def test_the_shared_store_refuses_too_few_days() -> None:
    with pytest.raises(ConfigError, match="with --remote give at least 2"):
        refuse_few_days(1)


@pytest.mark.slow
def test_the_command_shows_first_and_frees_only_when_told(home: Home) -> None:
    artifact = home.build("x" * 5000, "a" * 64)
    home.age()
    command = Pipeline(home.settings.home, free_port())
    shown = command.call("gc", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "corpus" in shown.stdout
    assert home.store.damage(artifact) == ""
    freed = command.call("gc", "--yes")
    assert freed.returncode == 0, freed.stderr
    assert freed.stdout.splitlines()[-1].startswith("freed ")
    assert home.store.damage(artifact) == "its bytes are gone"

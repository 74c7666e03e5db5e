"""Finished runs: parts are found through digests, and what is missing is named with the remedy."""

import json
from pathlib import Path

import pytest

from serving.runs import open_run
from tasks.kernel.artifacts import Adapter, Artifact
from tasks.kernel.errors import StoreError
from tasks.kernel.settings import Settings
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.models.sources import TinyModel

PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=0, peak_memory_bytes=0, packages={}, git_commit=""
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(artifacts=tmp_path)


def publish(settings: Settings, text: str) -> Adapter:
    store = Store(settings.store)
    with store.staging() as data:
        (data / "adapter.txt").write_text(text)
        return store.publish(Adapter, data, PROVENANCE)


def finish(settings: Settings, content: object, name: str = "one") -> Path:
    folder = settings.runs / name
    folder.mkdir(parents=True)
    (folder / "artifacts.json").write_text(json.dumps(content))
    (settings.runs / "latest").unlink(missing_ok=True)
    (settings.runs / "latest").symlink_to(name)
    return folder


def reference(artifact: Artifact) -> dict[str, str]:
    return {"kind": type(artifact).__name__, "digest": artifact.digest}


def test_parts_of_the_newest_run_are_folders_in_the_store(settings: Settings) -> None:
    parts = {
        "adapter/ocd": reference(publish(settings, "ocd")),
        "adapter/anxiety": reference(publish(settings, "anxiety")),
        "adapter-generalist": reference(publish(settings, "generalist")),
        "base_model": {"source": "tiny", "seed": 3},
    }
    folder = finish(settings, parts)
    run = open_run(None, settings)
    assert run.folder == folder
    assert run.base_model == TinyModel(seed=3)
    texts = {name: (part / "adapter.txt").read_text() for name, part in run.domains("adapter").items()}
    assert texts == {"anxiety": "anxiety", "ocd": "ocd"}


def test_an_older_run_opens_by_its_folder(settings: Settings) -> None:
    older = finish(settings, {"base_model": {"source": "tiny", "seed": 1}}, "older")
    finish(settings, {"base_model": {"source": "tiny", "seed": 2}}, "newer")
    assert open_run(older, settings).base_model == TinyModel(seed=1)


def test_without_a_run_the_error_says_how_to_make_one(settings: Settings) -> None:
    with pytest.raises(
        StoreError, match=r"no finished run yet; run `pocketmoe run configs/demo\.yaml` first"
    ):
        open_run(None, settings)


def test_a_folder_that_is_no_run_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"elsewhere/artifacts\.json: no such file; give `--run`"):
        open_run(tmp_path / "elsewhere", settings)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "artifacts.json: Input should be an object"),
        ({}, "base_model: Field required"),
        (
            {"base_model": {"source": "tiny"}, "router": {"kind": "Router", "digest": "../x"}},
            "router: digest: ",
        ),
        (
            {"base_model": {"source": "tiny"}, "router": {"kind": "Car", "digest": "0" * 64}},
            "unknown kind 'Car'",
        ),
    ],
)
def test_a_damaged_list_of_parts_is_refused(settings: Settings, content: object, reason: str) -> None:
    finish(settings, content)
    with pytest.raises(StoreError, match=reason):
        open_run(None, settings)


def test_a_part_that_the_run_did_not_build_is_named(settings: Settings) -> None:
    finish(settings, {"base_model": {"source": "tiny"}})
    run = open_run(None, settings)
    with pytest.raises(StoreError, match="this run has no router; run `pocketmoe run` again"):
        run.part("router")
    with pytest.raises(StoreError, match="this run has no edge; run `pocketmoe run` again"):
        run.domains("edge")


def test_a_part_whose_bytes_are_lost_is_named(settings: Settings) -> None:
    adapter = publish(settings, "ocd")
    finish(settings, {"base_model": {"source": "tiny"}, "adapter/ocd": reference(adapter)})
    (Store(settings.store).folder(adapter) / "adapter.txt").unlink()
    with pytest.raises(StoreError, match=r"adapter/ocd: adapter\.txt is damaged or missing"):
        open_run(None, settings).domains("adapter")

"""The store: one name per content, nothing visible half-done, damage found and mended."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.kernel.artifacts import Corpus, QADataset
from tasks.kernel.errors import StoreError
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store

PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=1.0, peak_memory_bytes=1, packages={}, git_commit=""
)


def publish(store: Store, text: str, name: str = "a/file.txt") -> Corpus:
    with store.staging() as data:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(text)
        return store.publish(Corpus, data, PROVENANCE)


def test_equal_bytes_have_one_name_whatever_their_provenance(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.staging() as data:
        (data / "f").write_text("x")
        first = store.publish(Corpus, data, PROVENANCE)
    with store.staging() as data:
        (data / "f").write_text("x")
        second = store.publish(Corpus, data, PROVENANCE.model_copy(update={"seconds": 99.0, "key": "other"}))
    assert first == second
    assert store.damage(first) == ""


@pytest.mark.parametrize(("text", "name"), [("y", "f"), ("x", "g")])
def test_other_bytes_or_names_have_another_digest(tmp_path: Path, text: str, name: str) -> None:
    store = Store(tmp_path)
    assert publish(store, "x", "f") != publish(store, text, name)


def test_a_failure_while_staging_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def fail_half_way() -> None:
        with store.staging() as data:
            (data / "f").write_text("half")
            (data / "missing" / "g").write_text("never")

    with pytest.raises(FileNotFoundError):
        fail_half_way()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.staging() as data, pytest.raises(StoreError, match="wrote no file"):
        store.publish(Corpus, data, PROVENANCE)


@pytest.mark.parametrize("harm", ["truncate", "flip", "delete", "add", "manifest", "remove all"])
def test_every_damage_is_found_and_mended_by_publishing_again(tmp_path: Path, harm: str) -> None:
    store = Store(tmp_path)
    artifact = publish(store, "some text", "f")
    file = store.folder(artifact) / "f"
    match harm:
        case "truncate":
            file.write_text("some")
        case "flip":
            file.write_text("some texT")
        case "delete":
            file.unlink()
        case "add":
            (file.parent / "stray").write_text("")
        case "manifest":
            (file.parents[1] / "manifest.json").write_text("{")
        case _:
            file.unlink()
            file.parent.rmdir()
    assert store.damage(artifact)
    assert publish(store, "some text", "f") == artifact
    assert store.damage(artifact) == ""
    assert file.read_text() == "some text"


def test_a_quick_look_compares_names_and_sizes_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    artifact = publish(store, "abc", "f")
    (store.folder(artifact) / "f").write_text("abd")
    assert store.damage(artifact, deep=False) == ""
    (store.folder(artifact) / "f").write_text("ab")
    assert store.damage(artifact, deep=False) == "f is damaged or missing"


def test_racing_publishers_of_the_same_bytes_are_harmless(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: publish(store, "same", "f"), range(16)))
    assert len(set(results)) == 1
    assert store.damage(results[0]) == ""
    assert list((tmp_path / ".staging").iterdir()) == []


def test_kinds_do_not_share_a_place(tmp_path: Path) -> None:
    store = Store(tmp_path)
    corpus = publish(store, "x", "f")
    assert store.damage(QADataset(digest=corpus.digest)) == "its bytes are gone"

"""The cache: a key names one reference, a torn record is none, and a wanted age is kept to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.kernel.artifacts import Corpus, Router
from tasks.kernel.storage.cache import Cache

CORPUS = Corpus(digest="a" * 64)


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.recall(Corpus, "key") is None
    cache.remember("key", CORPUS)
    assert cache.recall(Corpus, "key") == CORPUS
    cache.forget("key")
    assert cache.recall(Corpus, "key") is None


def test_a_record_of_another_kind_is_none(tmp_path: Path) -> None:
    Cache(tmp_path).remember("key", CORPUS)
    assert Cache(tmp_path).recall(Router, "key") is None


def test_a_torn_record_is_none(tmp_path: Path) -> None:
    Cache(tmp_path).remember("key", CORPUS)
    path = tmp_path / "key.json"
    path.write_bytes(path.read_bytes()[:-9])
    assert Cache(tmp_path).recall(Corpus, "key") is None


def test_a_record_that_is_too_old_does_not_count(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    before = datetime.now(UTC) - timedelta(seconds=1)
    cache.remember("key", CORPUS)
    assert cache.recall(Corpus, "key", since=before) == CORPUS
    assert cache.recall(Corpus, "key", since=datetime.now(UTC) + timedelta(seconds=1)) is None


def test_writing_leaves_no_other_file_behind(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.remember("key", CORPUS)
    cache.remember("key", CORPUS)
    assert [path.name for path in tmp_path.iterdir()] == ["key.json"]


def test_the_last_recipe_of_a_stage_and_domain_is_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.last("merge:ocd") is None
    cache.note_last("merge:ocd", {"config": {"rank": 2}})
    cache.note_last("merge", {"config": {}})
    assert cache.last("merge:ocd") == {"config": {"rank": 2}}

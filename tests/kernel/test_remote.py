"""The shared half of the store: nothing half-published is read, and every damage is found and mended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tasks.kernel.artifacts import Corpus
from tasks.kernel.errors import ConfigError, ServiceError, StoreError
from tasks.kernel.settings import PROJECT
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.remote import Remote
from tasks.kernel.storage.store import Store

pytestmark = pytest.mark.slow

BUCKET = "pocketmoe"
PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=1.0, peak_memory_bytes=1, packages={}, git_commit=""
)
PUBLISH = """
import sys
from pathlib import Path
from tasks.kernel.artifacts import Corpus
from tasks.kernel.storage.store import Store
from tasks.kernel.storage.manifest import Provenance
store = Store(Path(sys.argv[1]), sys.argv[2])
with store.staging() as data:
    for number in range(int(sys.argv[3])):
        (data / f"{number:03}.txt").write_text(str(number))
    store.publish(Corpus, data, Provenance.model_validate_json(sys.argv[4]))
"""
FETCH = """
import sys
from pathlib import Path
from tasks.kernel.artifacts import Corpus
from tasks.kernel.storage.store import Store
print(Store(Path(sys.argv[1]), sys.argv[2]).fetch(Corpus(digest=sys.argv[3])))
"""
REMOVE = """
import sys
from tasks.kernel.storage.remote import Remote
Remote(sys.argv[1]).remove(sys.argv[2])
"""
STREAM = """
import resource, sys
from pathlib import Path
from tasks.kernel.artifacts import Corpus
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.remote import Remote
from tasks.kernel.storage.store import Store
url, folder = sys.argv[1], Path(sys.argv[2])
Remote(url).write("warm", b"up")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
here = Store(folder / "here", url)
with here.staging() as data:
    (data / "big").hardlink_to(folder / "big")
    artifact = here.publish(Corpus, data, Provenance.model_validate_json(sys.argv[3]))
print(Store(folder / "there", url).fetch(artifact) / "big")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    service = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    service.start()
    host, port = service.get_host_and_port()
    yield f"http://{host}:{port}"
    service.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "name")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    s3 = boto3.resource("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    yield f"s3://{BUCKET}/some/prefix"
    s3.Bucket(BUCKET).objects.delete()
    s3.Bucket(BUCKET).delete()


@pytest.fixture(params=["bucket", "folder"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return f"file://{tmp_path}/shared"
    return str(request.getfixturevalue("bucket"))


def publish(store: Store, text: str = "some text") -> Corpus:
    with store.staging() as data:
        (data / "deep").mkdir()
        (data / "deep" / "a.txt").write_text(text)
        (data / "b.txt").write_text("b")
        return store.publish(Corpus, data, PROVENANCE)


def name(artifact: Corpus) -> str:
    return f"corpus/{artifact.digest}"


def python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_what_one_home_publishes_another_reads(url: str, tmp_path: Path) -> None:
    artifact = publish(Store(tmp_path / "here", url))
    there = Store(tmp_path / "there", url)
    assert there.damage(artifact) == ""
    assert there.manifest(artifact).digest == artifact.digest
    folder = there.fetch(artifact)
    assert folder.is_relative_to(tmp_path / "there")
    assert (folder / "deep" / "a.txt").read_text() == "some text"
    assert Store(tmp_path / "there").damage(artifact) == ""


def test_without_a_remote_only_local_bytes_count(tmp_path: Path) -> None:
    artifact = publish(Store(tmp_path / "here"))
    with pytest.raises(StoreError, match="its bytes are gone; run `pocketmoe run` again"):
        Store(tmp_path / "there").fetch(artifact)


def test_what_was_built_before_there_was_a_remote_is_shared_later(url: str, tmp_path: Path) -> None:
    artifact = publish(Store(tmp_path / "here"))
    Store(tmp_path / "here", url).share(artifact)
    assert (Store(tmp_path / "there", url).fetch(artifact) / "b.txt").read_text() == "b"


def test_an_upload_that_is_killed_midway_is_invisible_and_is_mended_by_the_next(
    bucket: str, tmp_path: Path
) -> None:
    arguments = ("300", PROVENANCE.model_dump_json())
    remote = Remote(bucket)
    child = python(PUBLISH, tmp_path / "here", bucket, *arguments)
    deadline = time.monotonic() + 30
    while not (found := remote.list_files("store/corpus")) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    found = remote.list_files("store/corpus")
    assert 0 < len(found) < 300
    assert not any(path.endswith("manifest.json") for path in found)
    artifact = Corpus(digest=min(found).partition("/")[0])
    there = Store(tmp_path / "there", bucket)
    assert there.damage(artifact) == "its bytes are gone"
    with pytest.raises(StoreError, match="not published"):
        there.fetch(artifact)
    again = python(PUBLISH, tmp_path / "here", bucket, *arguments)
    assert again.wait() == 0, again.communicate()
    assert len(list(there.fetch(artifact).iterdir())) == 300


def test_a_removal_that_is_killed_midway_leaves_nothing_that_readers_see(bucket: str, tmp_path: Path) -> None:
    store, remote = Store(tmp_path / "here", bucket), Remote(bucket)
    with store.staging() as data:
        for number in range(150):
            (data / f"{number:03}.txt").write_text(str(number))
        artifact = store.publish(Corpus, data, PROVENANCE)
    child = python(REMOVE, bucket, name(artifact))
    deadline = time.monotonic() + 30
    while len(remote.list_files("store")) == 151 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    left = remote.list_files(f"store/{name(artifact)}")
    assert 0 < len(left) < 151
    assert "manifest.json" not in left
    assert Store(tmp_path / "there", bucket).damage(artifact) == "its bytes are gone"


def test_the_manifest_is_the_last_to_be_written(bucket: str, tmp_path: Path) -> None:
    artifact = publish(Store(tmp_path / "here"))
    home = tmp_path / "here" / name(artifact)
    (home / "data" / "deep" / "a.txt").unlink()
    with pytest.raises(StoreError, match=r"a\.txt"):
        Remote(bucket).upload(home, name(artifact))
    assert "manifest.json" not in Remote(bucket).list_files(f"store/{name(artifact)}")


@pytest.mark.parametrize("harm", ["flip", "delete", "add", "manifest"])
def test_a_damaged_local_copy_is_moved_aside_and_downloaded_again(
    url: str, tmp_path: Path, harm: str
) -> None:
    store = Store(tmp_path / "here", url)
    artifact = publish(store)
    file = store.folder(artifact) / "deep" / "a.txt"
    match harm:
        case "flip":
            file.write_text("some texT")
        case "delete":
            file.unlink()
        case "add":
            (file.parent / "stray").write_text("")
        case _:
            (store.folder(artifact).parent / "manifest.json").write_text("{")
    assert store.damage(artifact) == ""
    assert (store.fetch(artifact) / "deep" / "a.txt").read_text() == "some text"
    assert Store(tmp_path / "here").damage(artifact) == ""
    assert list((tmp_path / "here" / ".damaged").iterdir())


@pytest.mark.parametrize("harm", ["flip", "delete"])
def test_damaged_remote_bytes_are_refused_once_and_then_published_again(
    url: str, tmp_path: Path, harm: str
) -> None:
    artifact = publish(Store(tmp_path / "here", url))
    path = f"store/{name(artifact)}/data/deep/a.txt"
    remote, there = Remote(url), Store(tmp_path / "there", url)
    if harm == "flip":
        remote.write(path, b"some texT")
        assert there.damage(artifact) == ""
    else:
        remote.delete(path)
        assert there.damage(artifact) == "deep/a.txt is damaged or missing"
    with pytest.raises(StoreError, match=r"deep/a\.txt: damaged or missing; its manifest is set aside"):
        there.fetch(artifact)
    assert not (tmp_path / "there" / "corpus").exists()
    assert list((tmp_path / "there" / ".staging").iterdir()) == []
    assert there.damage(artifact) == "its bytes are gone"
    assert publish(there) == artifact
    assert (Store(tmp_path / "third", url).fetch(artifact) / "deep" / "a.txt").read_text() == "some text"


def test_a_manifest_that_lists_other_bytes_is_refused(url: str, tmp_path: Path) -> None:
    artifact = publish(Store(tmp_path / "here", url))
    path = f"store/{name(artifact)}/manifest.json"
    content = Remote(url).read(path) or b""
    Remote(url).write(path, content.replace(b"deep/a.txt", b"../../a.txt"))
    with pytest.raises(StoreError, match=r"manifest\.json: damaged, and set aside"):
        Store(tmp_path / "there", url).fetch(artifact)


def test_two_processes_that_fetch_at_once_both_end_well(bucket: str, tmp_path: Path) -> None:
    artifact = publish(Store(tmp_path / "here", bucket))
    children = [python(FETCH, tmp_path / "there", bucket, artifact.digest) for _ in range(2)]
    ends = [(child.communicate(), child.returncode) for child in children]
    assert [code for _, code in ends] == [0, 0], ends
    assert Store(tmp_path / "there").damage(artifact) == ""
    assert list((tmp_path / "there" / ".staging").iterdir()) == []
    assert not (tmp_path / "there" / ".damaged").exists()


def test_large_files_are_streamed(bucket: str, tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        for _ in range(6):
            file.write(os.urandom(2**24))
    child = python(STREAM, bucket, tmp_path, PROVENANCE.model_dump_json())
    printed, errors = child.communicate()
    assert child.returncode == 0, errors
    fetched, megabytes = printed.split()
    assert int(megabytes) < 64
    assert (tmp_path / "big").read_bytes() == Path(fetched).read_bytes()


def test_a_bucket_that_is_not_there_is_named(bucket: str) -> None:
    with pytest.raises(StoreError, match="s3://elsewhere: no such bucket; create it"):
        Remote(bucket.replace(BUCKET, "elsewhere")).read("a")


def test_a_service_that_does_not_answer_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(
        ServiceError, match=r"http://127\.0\.0\.1:9 cannot be reached .*; start it, or correct"
    ):
        Remote(bucket).read("a")


def test_missing_credentials_are_named(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(ServiceError, match="no credentials; set AWS_ACCESS_KEY_ID"):
        Remote(f"{bucket}/without").read("a")


def test_records_that_one_home_writes_another_finds_uses_and_forgets(url: str, tmp_path: Path) -> None:
    artifact = Corpus(digest="a" * 64)
    here, there = Cache(tmp_path / "here", url), Cache(tmp_path / "there", url)
    assert there.recall(Corpus, "key") is None
    here.remember("key", artifact)
    here.note_last("merge:ocd", {"config": {"rank": 2}})
    assert there.recall(Corpus, "key") == artifact
    there.use("key")
    assert there.last("merge:ocd") == {"config": {"rank": 2}}
    there.forget("key")
    assert Cache(tmp_path / "third", url).recall(Corpus, "key") is None


def test_a_torn_local_record_is_mended_from_the_remote_one(url: str, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "here", url)
    cache.remember("key", Corpus(digest="a" * 64))
    (tmp_path / "here" / "key.json").write_text("{")
    assert cache.recall(Corpus, "key") == Corpus(digest="a" * 64)
    assert Cache(tmp_path / "here").recall(Corpus, "key") == Corpus(digest="a" * 64)


def test_an_unknown_kind_of_url_is_refused() -> None:
    with pytest.raises(ConfigError, match="POCKETMOE_STORE_URL=ftp://x: write s3://bucket/prefix"):
        Remote("ftp://x").read("a")


def test_listings_are_never_stale(bucket: str) -> None:
    remote = Remote(bucket)
    assert remote.list_files("cache") == {}
    boto3.client("s3", region_name="us-east-1").put_object(
        Bucket=BUCKET, Key="some/prefix/cache/a.json", Body=b"{}"
    )
    assert list(remote.list_files("cache")) == ["a.json"]

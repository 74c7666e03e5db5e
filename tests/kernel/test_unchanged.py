"""What was read is what is recorded: no key ever stands for bytes that were not there when it was made."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tasks.ingest.config import DatasetMapping, IngestConfig, PassageTokens
from tasks.ingest.task import ingest_corpus
from tasks.kernel.artifacts import Corpus
from tasks.kernel.errors import PipelineError
from tasks.kernel.execution.attempt import Order, Surroundings
from tasks.kernel.execution.execute import Obtained, obtain
from tasks.kernel.execution.locks import exclusive, held
from tasks.kernel.execution.progress import Progress
from tasks.kernel.execution.unchanged import ChangedInputError, require_unchanged, see
from tasks.kernel.job import Job
from tasks.kernel.settings import Settings
from tasks.kernel.storage.store import Store
from tasks.models.sources import FolderModel
from tasks.records.documents import read_documents

pytestmark = pytest.mark.slow

TEXT = "The lathe turns a piece of steel. A chuck holds the piece while it turns."


def nothing(_progress: Progress) -> None:
    """Let the stage read in peace."""


@dataclass
class Project:
    """A library, a data set and the place where a run keeps what it makes."""

    root: Path
    store_url: str = ""
    config: IngestConfig = field(default_factory=IngestConfig)

    def __post_init__(self) -> None:
        self.library.mkdir(parents=True, exist_ok=True)
        (self.library / "a.txt").write_text(TEXT)
        self.rows.write_text('{"q": "What turns?", "a": "The lathe."}\n')

    @property
    def library(self) -> Path:
        """Return the folder of documents."""
        return self.root / "library"

    @property
    def rows(self) -> Path:
        """Return the data set."""
        return self.root / "rows.jsonl"

    @property
    def settings(self) -> Settings:
        """Return where it is kept."""
        return Settings(artifacts=self.root / "artifacts", store_url=self.store_url)

    def job(self) -> Job[Corpus]:
        """Return what one ingestion consumes."""
        mapping = DatasetMapping(question="q", answer="a")
        config = self.config.model_copy(update={"dataset": mapping})
        return ingest_corpus.describe("shop", config, self.library, self.rows)

    def ingested(self, on_progress: Callable[[Progress], None] = nothing) -> Obtained[Corpus]:
        """Read all of it, telling of progress."""
        around = Surroundings(logging.getLogger("run"), on_progress)
        found = obtain("ingest", self.job(), Order("ingest:shop"), self.settings, around)
        assert found is not None
        return found

    def recorded(self, corpus: Corpus) -> object:
        """Return what the manifest says of the files that were read."""
        return Store(self.settings.store, self.store_url).manifest(corpus).recipe["sources"]

    def read(self, corpus: Corpus) -> list[str]:
        """Return the documents of the account."""
        folder = Store(self.settings.store, self.store_url).fetch(corpus)
        return [file.name for file in read_documents(folder)]


@pytest.fixture(autouse=True, scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep all these runs in one database: making one takes longer than a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db")
        yield


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def once(change: Callable[[], object]) -> Callable[[Progress], None]:
    """Return a listener that makes the change when the stage has read something, and never again."""
    left = [change]
    return lambda _progress: left.pop()() if left else None


def test_a_file_that_appears_while_the_stage_waits_is_in_the_key(project: Project) -> None:
    settings = project.settings
    with ThreadPoolExecutor() as pool, ExitStack() as slots:
        for number in range(settings.slots):
            name = f"slot-{socket.gethostname()}-{number}"
            slots.enter_context(exclusive(settings.locks, name, lambda: None))
        waiting = pool.submit(project.ingested)
        while not any(held(settings.locks, path.stem) for path in settings.locks.glob("[0-9a-f]*.lock")):
            time.sleep(0.05)
        (project.library / "b.txt").write_text(TEXT + " A second document tells of it.")
        project.rows.write_text('{"q": "What holds?", "a": "The chuck."}\n')
        slots.close()
        found = waiting.result()
    assert project.read(found.artifact) == ["a.txt", "b.txt"]
    assert project.recorded(found.artifact) == project_sources(project)
    assert project.ingested().cached
    (project.library / "b.txt").unlink()
    assert not project.ingested().cached


def project_sources(project: Project) -> object:
    """Return what the key of the project's files as they are now holds of them."""
    return ingest_corpus.recipe("shop", project.config, project.library, project.rows)["sources"]


def test_the_first_key_never_stands_for_what_was_there_later(project: Project) -> None:
    first = (project.library / "a.txt").read_text()
    changed = once(lambda: (project.library / "a.txt").write_text(first.replace("steel", "brass")))
    built = project.ingested(changed).artifact
    assert project.recorded(built) == project_sources(project)
    (project.library / "a.txt").write_text(first)
    again = project.ingested()
    assert not again.cached
    assert again.artifact != built


def test_a_restart_is_told_with_the_file(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    project.ingested(once(lambda: (project.library / "new.txt").write_text("It is new here.")))
    (told,) = (line for line in caplog.messages if "starting once more" in line)
    assert told.startswith("documents.new.txt: changed before or while it was read;")


CHANGES: dict[str, Callable[[Project], object]] = {
    "added": lambda project: (project.library / f"{time.monotonic_ns()}.txt").write_text(TEXT),
    "replaced": lambda project: other(project).replace(project.library / "a.txt"),
    "grown": lambda project: (project.library / "a.txt").open("a").write(" It goes on."),
    "row": lambda project: project.rows.open("a").write('{"q": "Why?", "a": "So."}\n'),
    "back": lambda project: there_and_back(project.library / "a.txt"),
}


def other(project: Project) -> Path:
    path = project.root / "other.txt"
    path.write_text(f"{TEXT} {time.monotonic_ns()}")
    return path


def there_and_back(path: Path) -> None:
    """Change a file, change it back, and set its times back as well."""
    before, seen = path.read_bytes(), path.stat()
    path.write_text("other bytes")
    path.write_bytes(before)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


@pytest.mark.parametrize("change", CHANGES)
def test_what_keeps_changing_fails_by_name_and_is_recorded_nowhere(project: Project, change: str) -> None:
    name = {"row": "rows.jsonl", "added": r"\d+\.txt"}.get(change, r"a\.txt")
    with pytest.raises(ChangedInputError, match=f"{name}.*: changed before or while it was read; run again"):
        project.ingested(lambda _progress: CHANGES[change](project))
    assert not list(project.settings.cache.glob("*.json"))
    assert not list(project.settings.scratch.glob("*"))
    assert not project.ingested().cached


def test_a_stage_that_fails_of_a_change_starts_again_too(project: Project) -> None:
    (project.library / "bad.pdf").touch()
    with pytest.raises(PipelineError, match="the file is empty") as failed:
        project.ingested()
    assert not isinstance(failed.value, ChangedInputError)
    found = project.ingested(once((project.library / "bad.pdf").unlink))
    assert project.read(found.artifact) == ["a.txt"]


def test_what_is_gone_is_told_with_its_path(project: Project) -> None:
    with pytest.raises(PipelineError, match=r"rows\.jsonl: no such file or folder"):
        project.ingested(once(project.rows.unlink))


def test_a_models_own_files_are_inputs_too(tmp_path: Path) -> None:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    weights = tmp_path / "model" / "deep" / "model.safetensors"
    weights.write_bytes(b"weights")
    tokens = PassageTokens(tokenizer=FolderModel(path=tmp_path / "model"))
    job = Project(tmp_path, config=IngestConfig(passage_tokens=tokens)).job()
    seen = see("ingest", job)
    require_unchanged("ingest", job, seen)
    (tmp_path / "backup").hardlink_to(weights)
    require_unchanged("ingest", job, seen)
    weights.write_bytes(b"Weights")
    weights.write_bytes(b"weights")
    with pytest.raises(ChangedInputError, match=r"model\.safetensors: changed"):
        require_unchanged("ingest", job, seen)
    weights.unlink()
    with pytest.raises(ChangedInputError, match=r"tokenizer\.files\.deep/model\.safetensors.*: changed"):
        require_unchanged("ingest", job, seen)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    service = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    service.start()
    host, port = service.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "name")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    boto3.resource("s3", region_name="us-east-1").create_bucket(Bucket="changes")
    yield "s3://changes/prefix"
    service.stop()


def test_another_machine_hits_nothing_that_was_not_there(tmp_path: Path, bucket: str) -> None:
    here, there = (Project(tmp_path / name, store_url=bucket) for name in ("here", "there"))
    here.ingested(once(lambda: (here.library / "a.txt").write_text(TEXT.replace("steel", "brass"))))
    assert not there.ingested().cached
    (there.library / "a.txt").write_text(TEXT.replace("steel", "brass"))
    assert there.ingested().cached

"""Chat: the expert is shown before its answer, text stays text, and every way out ends quietly."""

import io
import json
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from serving.chat import chat, questions_of, reply
from serving.runs import open_run
from tasks.artifacts import Adapter, Artifact, Provenance, Store
from tasks.artifacts import Router as RouterArtifact
from tasks.errors import DataError
from tasks.ngrams import Ngrams
from tasks.router import Router, save_router
from tasks.settings import Settings

PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=0, peak_memory_bytes=0, packages={}, git_commit=""
)
ROUTER = Router(
    labels=("anxiety", "ocd"),
    blocks=(Ngrams(analyzer="word", ngram_range=(1, 1), vocabulary=("panic", "rituals")),),
    coef=np.array([[2.0, -2.0], [-2.0, 2.0]]),
    intercept=np.zeros(2),
    idf=np.ones(2),
)


class Scripted:
    """Experts that say what they are told to, or fail."""

    def __init__(self, *pieces: str | BaseException) -> None:
        self.pieces = pieces
        self.left = False

    def answer(self, domain: str, question: str) -> Generator[str, None, None]:
        """Say it."""
        try:
            for piece in self.pieces:
                if isinstance(piece, BaseException):
                    raise piece
                yield f"{domain}:{question}:{piece}"
        finally:
            self.left = True

    def close(self) -> None:
        """Nothing is held."""


def said(experts: Scripted, question: str) -> str:
    console = Console(file=io.StringIO(), width=40)
    reply(ROUTER, experts, question, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_expert_and_its_confidence_come_before_the_answer() -> None:
    assert said(Scripted("yes"), "rituals") == "[ocd 98%]\nocd:rituals:yes\n\n"


def test_questions_and_answers_are_shown_as_they_are() -> None:
    text = "[bold]x[/] :smile: " + "long " * 20
    assert text in said(Scripted(text), "[red]panic[/nonsense]")


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in said(Scripted("\x1b]0;title\x07\x9b2J"), "panic")


def test_an_interrupted_answer_ends_and_leaves_the_expert() -> None:
    experts = Scripted("so", KeyboardInterrupt())
    assert said(experts, "panic").endswith(":so ...\n\n")
    assert experts.left


def test_a_question_that_cannot_be_answered_does_not_end_the_chat() -> None:
    assert "error: question: too long" in said(Scripted(DataError("question: too long")), "panic")


def test_questions_of_a_pipe_are_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("one\ntwo"))
    ask = questions_of(Console(file=io.StringIO()))
    assert [ask(), ask()] == ["one\n", "two"]
    with pytest.raises(EOFError):
        ask()


@pytest.mark.models
@pytest.mark.parametrize("farewell", ["", "exit", " QUIT ", EOFError(), KeyboardInterrupt()])
def test_a_finished_run_answers_until_the_questions_end(
    tmp_path: Path, farewell: str | BaseException
) -> None:
    console = Console(file=io.StringIO())
    settings = finished(tmp_path)
    ask = asking("panic\n", "rituals\n", farewell, "panic\n")
    chat(open_run(None, settings), ask, console, max_new_tokens=3)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert [line for line in shown.splitlines() if line.endswith("%]")] == ["[anxiety 98%]", "[ocd 98%]"]


def asking(*script: str | BaseException) -> Callable[[], str]:
    rest = iter(script)

    def ask() -> str:
        item = next(rest)
        if isinstance(item, BaseException):
            raise item
        return item

    return ask


def finished(home: Path) -> Settings:
    """Publish a router and two adapters on the tiny model, and list them as a run."""
    settings = Settings(artifacts=home)
    parts = {
        "router": publish(settings, RouterArtifact, write_router),
        "adapter/anxiety": publish(settings, Adapter, write_adapter(1)),
        "adapter/ocd": publish(settings, Adapter, write_adapter(2)),
    }
    listed: dict[str, object] = {
        name: {"kind": type(part).__name__, "digest": part.digest} for name, part in parts.items()
    }
    latest = settings.runs / "latest"
    latest.mkdir(parents=True)
    (latest / "artifacts.json").write_text(json.dumps(listed | {"base_model": {"source": "tiny"}}))
    return settings


def publish(settings: Settings, kind: type[Artifact], write: Callable[[Path], None]) -> Artifact:
    store = Store(settings.store)
    with store.staging() as data:
        write(data)
        return store.publish(kind, data, PROVENANCE)


def write_router(folder: Path) -> None:
    save_router(ROUTER, "tfidf-reference", {}, folder)


def write_adapter(seed: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        import torch
        from peft import LoraConfig, get_peft_model

        from tasks.loading import load_model, model_folder
        from tasks.models import TinyModel

        torch.manual_seed(seed)
        settings = LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False)
        get_peft_model(load_model(model_folder(TinyModel())), settings).save_pretrained(str(folder))
        record = {"quantization": "none", "double_quantization": False, "compute_dtype": "float32"}
        (folder / "training.json").write_text(json.dumps(record))

    return write

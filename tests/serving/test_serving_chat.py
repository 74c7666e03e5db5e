"""Chat: who answers and why is shown before the answer, text stays text, and every way out ends quietly."""

import io
import json
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tiny_adapters import write_adapter

from serving.chat import chat, reply
from serving.experts import Experts
from serving.runs import open_run
from serving.terminal import questions_of, until_farewell
from tasks.kernel.artifacts import Adapter, Artifact, EdgeModel
from tasks.kernel.artifacts import Router as RouterArtifact
from tasks.kernel.errors import DataError
from tasks.kernel.settings import Settings
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.router_runtime.confidence import ScopeModel
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.ngrams import Ngrams
from tasks.router_runtime.policy import Policy
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import save_router

PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=0, peak_memory_bytes=0, packages={}, git_commit=""
)
ROUTER = Router(
    ("anxiety", "ocd"),
    LinearScorer(
        blocks=(Ngrams(analyzer="word", ngram_range=(1, 1), vocabulary=("panic", "rituals")),),
        coef=np.array([[2.0, -2.0], [-2.0, 2.0]]),
        intercept=np.zeros(2),
        idf=np.ones(2),
    ),
)
EXPERTS = ("adapter/anxiety", "adapter/ocd")
NOTHING_IN_SCOPE = ScopeModel(mean=(0,) * 4, deviation=(1,) * 4, weights=(0,) * 4, intercept=-20)


class Scripted:
    """Experts that say what they are told to, or fail."""

    names = ("anxiety", "ocd", "generalist")

    def __init__(self, *pieces: str | BaseException) -> None:
        self.pieces = pieces
        self.left = False

    def shared(self, name: str) -> str:
        """Share nothing."""
        return name

    def load(self, _name: str) -> "Scripted":
        """Be there."""
        return self

    def answer(self, name: str, question: str) -> Generator[str, None, None]:
        """Say it."""
        try:
            for piece in self.pieces:
                if isinstance(piece, BaseException):
                    raise piece
                yield f"{name}:{question}:{piece}"
        finally:
            self.left = True

    def close(self) -> None:
        """Nothing is held."""


def said(experts: Scripted, question: str, router: Router = ROUTER) -> str:
    console = Console(file=io.StringIO(), width=40)
    reply(router, Experts(experts), question, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_expert_and_its_confidence_come_before_the_answer() -> None:
    assert said(Scripted("yes"), "rituals") == "[ocd 98%]\nocd:rituals:yes\n\n"


def test_an_unsure_router_leaves_the_answer_to_the_generalist() -> None:
    shown = said(Scripted("yes"), "panic", replace(ROUTER, policy=Policy(min_confidence=0.99)))
    assert shown == "[generalist: unsure, anxiety 98%]\ngeneralist:panic:yes\n\n"


def test_a_refused_question_reaches_no_expert() -> None:
    policy = Policy(min_scope=0.5, refusal="Ask about {domains}; {} is beyond me.")
    nowhere = replace(ROUTER, policy=policy, scope=NOTHING_IN_SCOPE)
    shown = said(Scripted(AssertionError("asked")), "tax", nowhere)
    assert shown == "[refused: out of scope]\nAsk about anxiety and ocd; {} is beyond me.\n\n"


def test_without_a_generalist_the_best_expert_answers_and_says_so() -> None:
    unsure = replace(ROUTER, policy=Policy(min_confidence=0.99))
    experts = Scripted("yes")
    experts.names = ("anxiety", "ocd")
    shown = said(experts, "panic", unsure)
    assert shown == "[anxiety 98%: unsure, and there is no generalist here]\nanxiety:panic:yes\n\n"


def test_questions_and_answers_are_shown_as_they_are() -> None:
    text = "[bold]x[/] :smile: " + "long " * 20
    assert text in said(Scripted(text), "[red]panic[/nonsense]")


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in said(Scripted("\x1b]0;title\x07\x9b2J"), "panic")


def test_what_no_output_can_write_is_marked() -> None:
    assert said(Scripted("half \ud800"), "panic").endswith(":half ?\n\n")


def test_an_interrupted_answer_ends_and_leaves_the_expert() -> None:
    experts = Scripted("so", KeyboardInterrupt())
    assert said(experts, "panic").endswith(":so ...\n\n")
    assert experts.left


def test_a_question_that_cannot_be_answered_does_not_end_the_chat() -> None:
    assert "error: question: too long" in said(Scripted(DataError("question: too long")), "panic")


@pytest.mark.parametrize("blank", ["\n", "\n\n", " \t\n", "\r\n"])
def test_every_line_of_a_pipe_is_a_question(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{blank}one\n{blank}exit\nquit\n{blank}two"))
    assert list(questions_of(Console(file=io.StringIO()))) == ["one", "exit", "quit", "two"]


def test_a_byte_that_is_no_text_costs_no_line_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"one\xff\ntwo\n"), encoding="utf-8"))
    assert list(questions_of(Console(file=io.StringIO()))) == ["one\ufffd", "two"]


@pytest.mark.models
@pytest.mark.parametrize("farewell", ["", "exit", " QUIT ", EOFError(), KeyboardInterrupt()])
def test_a_finished_run_answers_until_the_questions_end(
    tmp_path: Path, farewell: str | BaseException
) -> None:
    console = Console(file=io.StringIO())
    settings = finished(tmp_path)
    questions = until_farewell(asking("panic\n", "rituals\n", farewell, "panic\n"))
    chat(open_run(None, settings), questions, console, edge=False, max_new_tokens=3)
    assert answerers(console) == ["[anxiety 98%]", "[ocd 98%]"]


@pytest.mark.models
def test_a_finished_run_lets_its_generalist_answer(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, no_color=True, width=200)
    settings = finished(
        tmp_path, replace(ROUTER, policy=Policy(min_confidence=0.9)), (*EXPERTS, "adapter-generalist")
    )
    chat(
        open_run(None, settings),
        until_farewell(asking("Why?\n", "panic\n", "")),
        console,
        edge=False,
        max_new_tokens=3,
    )
    assert answerers(console) == ["[generalist: unsure, anxiety 50%]", "[anxiety 98%]"]
    assert "no generalist" not in written(console)


@pytest.mark.models
def test_a_run_without_generalist_says_so_before_the_first_question(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, no_color=True, width=200)
    settings = finished(tmp_path, replace(ROUTER, policy=Policy(min_confidence=0.9)))
    chat(
        open_run(None, settings), until_farewell(asking("Why?\n", "")), console, edge=False, max_new_tokens=3
    )
    assert "no generalist here: the best expert answers when unsure" in written(console)
    assert answerers(console) == ["[anxiety 50%: unsure, and there is no generalist here]"]


@pytest.mark.models
def test_on_the_phone_the_runs_generalist_is_no_choice(tmp_path: Path) -> None:
    policy = Policy(min_scope=0.5, out_of_scope="generalist")
    router = replace(ROUTER, policy=policy, scope=NOTHING_IN_SCOPE)
    settings = finished(tmp_path, router, ("edge/anxiety", "edge/ocd", "adapter-generalist"))
    console = Console(file=io.StringIO())
    chat(open_run(None, settings), until_farewell(asking("tax\n", "")), console, edge=True, max_new_tokens=3)
    assert answerers(console) == ["[refused: out of scope, and there is no generalist here]"]


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[\d*m", "", console.file.getvalue())


def answerers(console: Console) -> list[str]:
    return [line for line in written(console).splitlines() if re.fullmatch(r"\[.*\]", line)]


def asking(*script: str | BaseException) -> Callable[[], str]:
    rest = iter(script)

    def ask() -> str:
        item = next(rest)
        if isinstance(item, BaseException):
            raise item
        return item

    return ask


def finished(home: Path, router: Router = ROUTER, names: Sequence[str] = EXPERTS) -> Settings:
    """Publish a router, adapters on the tiny model and empty bundles, and list them as a run."""
    settings = Settings(artifacts=home)
    parts = {
        name: publish(settings, EdgeModel, lambda folder: (folder / "model.litertlm").touch())
        if name.startswith("edge/")
        else publish(settings, Adapter, partial(write_adapter, seed=seed))
        for seed, name in enumerate(names)
    }
    parts["router"] = publish(
        settings, RouterArtifact, lambda folder: save_router(router, "tfidf-reference", {}, folder)
    )
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

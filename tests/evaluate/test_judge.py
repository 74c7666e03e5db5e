"""Pins the judge: marks as shares, each text once, and a server that gives none named with the remedy."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import Judge
from tasks.evaluate.metrics.judge import judge
from tasks.evaluate.task import evaluate_system
from tasks.kernel.artifacts import MergedModel, Router
from tasks.kernel.errors import ConfigError, ServiceError
from tasks.kernel.fingerprint import recipe_key
from tasks.kernel.job import job_recipe
from tasks.models.sources import TinyModel

pytestmark = pytest.mark.slow
QUESTION = Question("alpha", "1", "Why wash hands?", "Against germs.")


@dataclass
class ChatServer:
    """An OpenAI-compatible server with one reply to everything, and what it was asked."""

    reply: str = "8"
    status: int = 200
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    state = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append(body["messages"][0]["content"])
            state.keys.append(self.headers["Authorization"])
            message = {"role": "assistant", "content": state.reply}
            choices = [{"index": 0, "finish_reason": "stop", "message": message}]
            told = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices}
            content = json.dumps(told).encode()
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        state.url = f"http://127.0.0.1:{running.server_port}/v1"
        Thread(target=running.serve_forever, daemon=True).start()
        yield state
        running.shutdown()


def settings(server: ChatServer, **more: object) -> Judge:
    given = {"base_url": server.url, "model_name": "m", "max_retries": 0}
    return Judge.model_validate(given | more)


@pytest.mark.parametrize(
    ("reply", "mark"),
    [
        ("8", 0.8),
        ("**10**", 1),
        ("0", 0),
        ("Of ten points: 4.", 0.4),
        ("<think>7?</think> 6", 0.6),
        ("6/10", 0.6),
        ("It deserves 7 out of 10.", 0.7),
    ],
)
def test_a_mark_is_the_last_one_of_a_reply(server: ChatServer, reply: str, mark: float) -> None:
    server.reply = reply
    assert judge(settings(server)).score(["They spread."], [QUESTION]) == {"judge": [mark]}


def test_a_judge_sees_question_reference_answer_and_criteria_and_is_asked_once(server: ChatServer) -> None:
    measure = judge(settings(server, criteria="Is it kind?"))
    measure.score(["Germs {x}"] * 3, [QUESTION] * 3)
    trial, asked = server.asked
    assert "two and two" in trial
    for text in ("Why wash hands?", "Against germs.", "Germs {x}", "Is it kind?"):
        assert text in asked


def test_a_key_comes_from_its_variable_alone(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of another service")
    judge(settings(server))
    monkeypatch.setenv("JUDGE_KEY", "secret")
    judge(settings(server, api_key_variable="JUDGE_KEY"))
    assert server.keys == ["Bearer none", "Bearer secret"]
    monkeypatch.delenv("JUDGE_KEY")
    with pytest.raises(ConfigError, match="JUDGE_KEY is not set"):
        judge(settings(server, api_key_variable="JUDGE_KEY"))


@pytest.mark.parametrize("reply", ["good", "11", "7.5", ""])
def test_a_model_that_gives_no_marks_is_named(server: ChatServer, reply: str) -> None:
    server.reply = reply
    with pytest.raises(ServiceError, match=r"judge m at http://.*: 3 replies hold no mark from 0 to 10"):
        judge(settings(server))


def test_a_server_that_fails_or_is_not_there_is_named(server: ChatServer) -> None:
    server.status = 500
    with pytest.raises(ServiceError, match=r"start the server, or correct `judge.base_url`"):
        judge(settings(server))
    with pytest.raises(ServiceError, match=r"judge m at http://127.0.0.1:9/v1: Connection error"):
        judge(settings(server, base_url="http://127.0.0.1:9/v1"))


def test_what_it_judges_by_enters_the_key_and_how_it_is_asked_does_not(server: ChatServer) -> None:
    def key(**more: object) -> str:
        config = EvaluateConfig(domain_metrics={"alpha": (settings(server, **more),)})
        router, generalist = Router(digest="1" * 64), MergedModel(digest="2" * 64)
        job = evaluate_system.describe(router, {}, {}, generalist, {}, TinyModel(), config)
        return recipe_key(job_recipe("evaluate", job))

    assert key(timeout_seconds=5) == key()
    assert key(criteria="Is it kind?") != key()

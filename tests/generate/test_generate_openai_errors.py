"""Pins what a remote teacher says when it fails, against a real server, and that its key is kept secret."""

import logging
import re

import pytest
from chat_server import MODEL, QUESTIONS, ChatServer, Fault, ask, config
from pydantic import ValidationError

from tasks.generate.teacher_config import OpenAITeacher
from tasks.generate.teachers.openai_api import RemoteTeacher
from tasks.generate.teachers.openai_errors import TeacherError
from tasks.kernel.errors import ConfigError

pytestmark = pytest.mark.models
KEY = "sk-very-secret"


def failure(server: ChatServer, **changed: object) -> str:
    with pytest.raises(TeacherError) as caught:
        ask(server, QUESTIONS[:1], **changed)
    assert server.url in str(caught.value)
    return str(caught.value)


def test_the_key_is_sent_and_written_nowhere(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TEACHER_KEY", KEY)
    server.key = KEY
    ask(server, QUESTIONS[:1], api_key_variable="TEACHER_KEY")
    server.key = "another one"
    told = failure(server, api_key_variable="TEACHER_KEY")
    assert [request.key for request in server.received] == [KEY, KEY]
    assert "the key *** is wrong" in told
    assert "TEACHER_KEY" in told
    assert caplog.records
    assert KEY not in caplog.text + told


def test_no_key_leaves_the_machine_unless_the_config_names_it(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ask(server, QUESTIONS[:1])
    assert KEY not in server.received[0].key


def test_a_key_that_is_not_set_is_refused_before_anything_is_asked(server: ChatServer) -> None:
    with pytest.raises(ConfigError, match="api_key_variable: NO_SUCH_KEY is not set"):
        RemoteTeacher(config(server, api_key_variable="NO_SUCH_KEY"))


def test_an_address_with_a_key_in_it_is_refused() -> None:
    with pytest.raises(ValidationError, match="base_url"):
        OpenAITeacher(base_url="https://user:secret@example.org/v1", model_name=MODEL)


def test_a_server_that_is_not_there_is_named_with_what_to_do() -> None:
    away = ChatServer("http://127.0.0.1:9/v1")
    assert "start the server, or correct teacher.base_url" in failure(away, max_retries=0)


def test_a_model_that_the_server_lacks_is_named_with_what_to_do(server: ChatServer) -> None:
    teacher = RemoteTeacher(OpenAITeacher(base_url=server.url, model_name="other", mode="answer_first"))
    with pytest.raises(TeacherError, match=r"teacher other at .*404.*correct teacher\.model_name"):
        teacher(QUESTIONS[:1], 7, lambda _: None)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(403), "set teacher.api_key_variable"),
        (Fault(429), "lower teacher.requests_per_minute"),
        (Fault(503), "503: .*its own log says why"),
        (Fault(seconds=2), "no answer within 0.3 s in 2 tries"),
        (Fault(418), "refuses the request .418"),
    ],
)
def test_what_stays_wrong_is_named_with_what_to_do(server: ChatServer, fault: Fault, told: str) -> None:
    server.faults.extend([fault] * 2)
    assert re.search(told, failure(server, max_retries=1, timeout_seconds=0.3))


def test_an_address_that_serves_something_else_is_named(server: ChatServer) -> None:
    server.faults.append(Fault(203, body={"hello": "world"}))
    assert "no chat completion" in failure(server)


def test_an_error_leaves_no_request_under_way(server: ChatServer) -> None:
    server.seconds = 0.05
    server.faults.append(Fault(403))
    with pytest.raises(TeacherError):
        ask(server, QUESTIONS, concurrency=2)
    assert len(server.received) < len(QUESTIONS)


def test_the_limit_goes_by_the_servers_name_for_it(server: ChatServer) -> None:
    ask(server, QUESTIONS[:1])
    server.faults.append(Fault(400))
    failure(server, limit_field="max_completion_tokens")
    assert [{"max_tokens", "max_completion_tokens"} & {*request.body} for request in server.received] == [
        {"max_tokens"},
        {"max_completion_tokens"},
    ]

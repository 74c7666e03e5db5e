"""Pins the remote teacher against a real server: order, limits, repetitions and schemas."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from chat_server import PASSAGES, QUESTIONS, ChatServer, Fault, ask, config
from generate_corpus import passages, workspace

from tasks.generate.config import GenerateConfig
from tasks.generate.drafting.drafts import collect_drafts
from tasks.generate.pairs import RequestLimitError
from tasks.generate.questions.asking import plan_asks
from tasks.generate.teachers.openai_api import RemoteTeacher
from tasks.generate.teachers.openai_errors import TeacherError
from tasks.generate.teachers.parsing import parse_drafts
from tasks.generate.teachers.prompts import pairs_schema

pytestmark = pytest.mark.models


def test_replies_do_not_depend_on_how_many_are_under_way(server: ChatServer) -> None:
    one_by_one = ask(server, QUESTIONS, concurrency=1, temperature=1.5)
    assert len({reply.text for reply in one_by_one}) == len(QUESTIONS)
    server.faults.extend([Fault(seconds=0.4), Fault(seconds=0.2)])
    assert ask(server, QUESTIONS, concurrency=6, temperature=1.5) == one_by_one


def test_replies_follow_the_seed(server: ChatServer) -> None:
    teacher = RemoteTeacher(config(server, temperature=1.5))
    first, again, other = (teacher(QUESTIONS, seed, lambda _: None) for seed in (1, 1, 2))
    assert first == again != other
    assert len({request.body["seed"] for request in server.received}) == 2 * len(QUESTIONS)


def test_never_more_requests_are_under_way_than_configured(server: ChatServer) -> None:
    server.seconds = 0.05
    ask(server, QUESTIONS * 2, concurrency=3)
    assert server.most_under_way == 3


def test_progress_counts_every_reply(server: ChatServer) -> None:
    told: list[int] = []
    RemoteTeacher(config(server))(QUESTIONS, 7, told.append)
    assert told == [1, 2, 3, 4, 5, 6]


def test_tokens_are_the_servers_count(server: ChatServer) -> None:
    reply = ask(server, QUESTIONS[:1])[0]
    assert reply.input_tokens > 300
    assert 0 < reply.output_tokens <= 8


def test_failures_that_pass_are_tried_again_with_growing_pauses(server: ChatServer) -> None:
    server.faults.extend([Fault(429), Fault(500)])
    assert ask(server, QUESTIONS[:1])[0].output_tokens
    first, second, third = (request.at for request in server.received)
    assert 0.3 < second - first < third - second


def test_a_server_that_names_a_pause_is_obeyed(server: ChatServer) -> None:
    server.faults.append(Fault(429, headers={"retry-after-ms": "1500"}))
    ask(server, QUESTIONS[:1])
    assert server.received[1].at - server.received[0].at >= 1.5


def test_a_request_that_hangs_is_given_up_and_tried_again(server: ChatServer) -> None:
    server.faults.append(Fault(seconds=5))
    assert ask(server, QUESTIONS[:1], timeout_seconds=0.5)[0].output_tokens
    assert 0.5 < server.received[1].at - server.received[0].at < 3


def test_requests_keep_the_rate_repeated_ones_included(server: ChatServer) -> None:
    server.faults.append(Fault(429, headers={"retry-after-ms": "1"}))
    teacher = RemoteTeacher(config(server, requests_per_minute=150))
    for group in (QUESTIONS[:3], QUESTIONS[3:]):
        teacher(group, 7, lambda _: None)
    times = [request.at for request in server.received]
    assert len(times) == 7
    assert min(after - before for before, after in pairwise(times)) > 0.4 / 2
    assert times[-1] - times[0] > 6 * 0.4 - 0.2


def test_a_group_that_exceeds_the_request_budget_is_not_begun(server: ChatServer) -> None:
    teacher = RemoteTeacher(config(server, max_requests=7))
    teacher(QUESTIONS, 7, lambda _: None)
    with pytest.raises(RequestLimitError, match="7 requests"):
        teacher(QUESTIONS[:2], 7, lambda _: None)
    teacher(QUESTIONS[:1], 7, lambda _: None)
    assert len(server.received) == 7


def test_the_schema_is_sent_and_makes_every_reply_parse(server: ChatServer) -> None:
    replies = ask(server, PASSAGES, mode="passage", max_new_tokens=400, temperature=1.5)
    sent = [request.body["response_format"]["json_schema"]["schema"] for request in server.received]
    assert all(schema["properties"]["pairs"] == pairs_schema(2) for schema in sent)
    assert all(schema["type"] == "object" for schema in sent)
    for reply in replies:
        assert {*json.loads(reply.text)["pairs"][0]} == {"question", "answer"}


def test_no_schema_is_sent_where_none_is_wanted(server: ChatServer) -> None:
    ask(server, PASSAGES, mode="passage", constrained=False)
    ask(server, QUESTIONS)
    assert not any("response_format" in request.body for request in server.received)


def test_a_server_without_schemas_is_asked_without_and_told_of_once(
    server: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.takes_schemas = False
    teacher = RemoteTeacher(config(server, mode="passage"))
    for _ in range(2):
        assert all(reply.output_tokens for reply in teacher(PASSAGES, 7, lambda _: None))
    assert sum("response_format" in request.body for request in server.received) == len(PASSAGES)
    assert [record.message for record in caplog.records if "JSON schema" in record.message] == [
        f"{server.url} takes no JSON schema (400); replies are read as they come"
    ]


def test_a_refusal_that_is_not_the_schemas_fault_is_an_error(server: ChatServer) -> None:
    too_long = Fault(400, body={"error": {"message": "the context holds 512 tokens"}})
    server.faults.extend([too_long, too_long])
    with pytest.raises(TeacherError, match=r"400: .*context holds 512"):
        ask(server, PASSAGES[:1], mode="passage")


def test_a_passage_that_the_content_filter_refuses_gets_an_empty_reply(server: ChatServer) -> None:
    server.faults.append(Fault(400, body={"error": {"message": "no", "code": "content_filter"}}))
    replies = ask(server, PASSAGES, mode="passage", concurrency=1)
    assert [bool(reply.output_tokens) for reply in replies] == [False, True, True]
    assert all("response_format" in request.body for request in server.received)


def test_a_run_that_spends_its_requests_ends_cleanly_and_says_so(server: ChatServer, tmp_path: Path) -> None:
    texts = {passage.id: passage for passage in passages(6, sentence_count=2)}
    teacher = config(server, mode="passage", max_requests=4, max_new_tokens=400, temperature=1.5)
    settings = GenerateConfig(teacher=teacher, pairs_per_passage=1, checkpoint_every=2)
    plan = plan_asks(list(texts.values()), settings)
    drafted = collect_drafts(plan, texts, settings, None, workspace(tmp_path))
    parsed = parse_drafts(drafted.drafts, texts, teacher)
    assert drafted.stopped_by == "4 requests (max_requests)"
    assert [draft.ask.passage for draft in drafted.drafts] == list(texts)[:4]
    assert (parsed.returned, parsed.parsed, parsed.repaired) == (4, 4, 0)

"""Pins the bundle teacher on a tiny real INT4 bundle, and LiteRT-LM's own server as a remote teacher."""

import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_bundle import CONTEXT, convert_tiny

from tasks.generate.pairs import Ask, Reply
from tasks.generate.teacher_config import LitertlmTeacher, OpenAITeacher
from tasks.generate.teachers.making import AskTeacher, make_teacher
from tasks.generate.teachers.openai_api import RemoteTeacher
from tasks.generate.teachers.prompts import messages
from tasks.kernel.errors import DataError, ModelError
from tasks.models.sources import BundleFile

pytestmark = pytest.mark.models
QUESTIONS = [Ask(passage="p", answer=f"Statement number {at} is about bees.") for at in range(4)]
BEGUN = Ask(passage="p", answer="Bees dance.", opening="What do bees")
WHOLE = Ask(passage="p", answer="Bees dance.", opening="What do bees do?")
PASSAGE = Ask(passage="p", text="Bees dance to tell the others where food is.", count=1)
LONG = Ask(passage="long", text="Bees dance. " * 200, count=1)
Teach = Callable[..., AskTeacher]


@pytest.fixture(scope="module")
def bundle(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    return made_once("tiny-bundle", convert_tiny) / "edge" / "model.litertlm"


@pytest.fixture
def teach(bundle: Path) -> Teach:
    """Return what makes a teacher of the bundle."""

    def made(path: Path = bundle, **changed: object) -> AskTeacher:
        settings = {"temperature": 1.5, "top_p": 1.0, "max_new_tokens": 16} | changed
        return make_teacher(LitertlmTeacher(model=BundleFile(path=path), **settings), path)

    return made


def ask(teacher: AskTeacher, asks: list[Ask], seed: int = 7) -> list[Reply]:
    return teacher(asks, seed, lambda _: None)


def test_a_reply_depends_on_its_seed_and_on_nothing_asked_before(teach: Teach) -> None:
    teacher = teach()
    first = ask(teacher, QUESTIONS)
    assert len({reply.text for reply in first}) == len(QUESTIONS)
    assert ask(teacher, QUESTIONS, seed=8) != first
    assert ask(teacher, QUESTIONS[:2]) == first[:2]
    assert ask(teach(), QUESTIONS) == first


def test_the_most_probable_reply_needs_no_seed(teach: Teach) -> None:
    teacher = teach(temperature=0)
    assert ask(teacher, QUESTIONS, seed=1) == ask(teacher, QUESTIONS, seed=2)


def test_the_prompt_is_the_chat_formats_own_with_the_questions_beginning(teach: Teach, bundle: Path) -> None:
    from tasks.models.loading import load_tokenizer

    tokenizer = load_tokenizer(bundle.parents[1] / "merged")
    prompt = tokenizer.apply_chat_template(messages(BEGUN), tokenize=False, add_generation_prompt=True)
    wanted = len(tokenizer(prompt + BEGUN.opening, add_special_tokens=False)["input_ids"])
    assert ask(teach(), [BEGUN])[0].input_tokens == wanted


def test_a_question_that_is_whole_already_is_not_asked_for(teach: Teach) -> None:
    told: list[int] = []
    replies = teach()([WHOLE, BEGUN], 7, told.append)
    assert replies[0] == Reply(text="")
    assert replies[1].output_tokens
    assert told == [1, 2]


def test_a_question_ends_at_its_mark_or_with_its_line(teach: Teach) -> None:
    replies = ask(teach(max_new_tokens=900), [*QUESTIONS, BEGUN] * 3)
    ends = [re.search(r"\?|\S[^\S\n]*\n", reply.text) for reply in replies]
    assert sum(end is not None for end in ends) > 1
    assert all(end.end() == len(reply.text) for end, reply in zip(ends, replies, strict=True) if end)


def test_a_limit_on_tokens_is_kept(teach: Teach) -> None:
    teacher = teach(constrained=False)
    assert all(0 < reply.output_tokens <= 16 for reply in ask(teacher, [*QUESTIONS, PASSAGE]))


def test_every_constrained_reply_parses(teach: Teach) -> None:
    teacher = teach(max_new_tokens=1300, temperature=0)
    for reply in ask(teacher, [PASSAGE, PASSAGE.model_copy(update={"text": "Bees!"})]):
        assert [{*pair} for pair in json.loads(reply.text)] == [{"question", "answer"}]


def test_no_raw_line_break_spoils_a_constrained_reply(teach: Teach) -> None:
    replies = ask(teach(max_new_tokens=1300), [PASSAGE] * 8)
    whole = [reply.text for reply in replies if reply.text.endswith("]")]
    assert any("\\n" in text or "\\r" in text for text in whole)
    assert all(json.loads(text) for text in whole)


def test_an_unconstrained_reply_is_what_the_model_likes(teach: Teach) -> None:
    text = ask(teach(constrained=False), [PASSAGE])[0].text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_a_passage_that_the_context_has_no_room_for_gets_an_empty_reply(
    teach: Teach, caplog: pytest.LogCaptureFixture
) -> None:
    replies = ask(teach(), [PASSAGE, LONG])
    assert [bool(reply.output_tokens) for reply in replies] == [True, False]
    assert "long: a prompt of" in caplog.text


def test_a_bundle_that_has_room_for_nothing_is_an_error(teach: Teach) -> None:
    with pytest.raises(DataError, match=f"context of {CONTEXT} tokens .* shorten the passages"):
        ask(teach(), [LONG])


def test_a_bundle_that_is_missing_or_broken_is_named(teach: Teach, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"away\.litertlm: no such bundle"):
        teach(tmp_path / "away.litertlm")
    (tmp_path / "broken.litertlm").write_bytes(b"LITERTLM" + bytes(1000))
    with pytest.raises(ModelError, match=r"broken\.litertlm: LiteRT-LM cannot load it"):
        teach(tmp_path / "broken.litertlm")


def test_nothing_is_written_beside_the_bundle(teach: Teach, bundle: Path) -> None:
    ask(teach(), QUESTIONS[:1])
    assert [file.name for file in bundle.parent.iterdir()] == [bundle.name]


@pytest.fixture(scope="module")
def served(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start `litert-lm serve` with the bundle as its model `tiny`, and return its address."""
    home = tmp_path_factory.mktemp("home")
    command, environment = Path(sys.executable).with_name("litert-lm"), {**os.environ, "HOME": str(home)}
    shutil.copy(bundle, home / "copy.litertlm")
    imported = [command, "import", home / "copy.litertlm", "tiny"]
    subprocess.run(imported, env=environment, check=True, capture_output=True, timeout=120)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [command, "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("litert-lm serve does not listen")


def remote(url: str, **changed: object) -> RemoteTeacher:
    settings = {"limit_field": "max_completion_tokens", "concurrency": 2, "timeout_seconds": 60} | changed
    return RemoteTeacher(OpenAITeacher(base_url=url, model_name="tiny", **settings))


def test_the_runtimes_own_server_answers_a_remote_teacher(served: str) -> None:
    teacher = remote(served, mode="answer_first", max_new_tokens=8)
    replies = ask(teacher, QUESTIONS)
    assert all(reply.input_tokens > 300 for reply in replies)
    assert all(0 < reply.output_tokens <= 8 for reply in replies)
    assert ask(teacher, QUESTIONS) == replies


def test_the_runtimes_own_server_keeps_to_the_schema(served: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    reply = ask(remote(served, max_new_tokens=1300), [PASSAGE])[0]
    assert reply.text.startswith('{"pairs":')
    assert not caplog.records

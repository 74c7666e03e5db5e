"""Pins generation by passage with a capable teacher behind a server: good pairs stay, bad ones go by name."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer, Fault, config, serve
from generate_corpus import workspace, write_corpus
from good_teacher import REPLIES, WRITTEN, WrittenChat, good_passages

from tasks.generate.config import GenerateConfig
from tasks.generate.run import run
from tasks.kernel.workspace import Metrics
from tasks.records.dataset import SPLITS, Candidate, Example
from tasks.records.files import read_records
from tasks.records.review import write_review
from tasks.records.reviewed_pairs import row_of

WANTED = 12
GOOD = {pair["question"] for pair in WRITTEN if "fate" not in pair}
BAD = {pair["question"]: pair["fate"] for pair in WRITTEN if pair.get("fate", "unread") != "unread"}


@pytest.fixture(scope="module")
def writer() -> Iterator[ChatServer]:
    with serve(WrittenChat()) as started:
        yield started


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", good_passages(), [])


def generate(server: ChatServer, folder: Path, inputs: dict[str, Path], **changes: object) -> Metrics:
    teacher = config(server, mode="passage", max_new_tokens=1200)
    settings = {"pairs_per_passage": WANTED, "min_pairs": 30, "min_test_pairs": 8, **changes}
    return run(inputs, GenerateConfig(teacher=teacher, **settings), workspace(folder))


def candidates(folder: Path) -> dict[str, Candidate]:
    found = read_records(folder / "out" / "candidates.jsonl", Candidate)
    return {one.example.question: one for one in found}


def funnel(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "funnel.json").read_bytes())
    return found


def test_every_good_pair_is_kept_and_every_bad_one_is_refused_by_name(
    writer: ChatServer, texts: Path, tmp_path: Path
) -> None:
    generate(writer, tmp_path, {"corpus": texts}, judging={"max_yes_no_share": 1})
    fates = {question: one.reason for question, one in candidates(tmp_path).items()}
    assert fates == dict.fromkeys(GOOD, "") | BAD


def test_a_server_is_asked_once_for_each_passage_and_held_to_the_schema(
    writer: ChatServer, texts: Path, tmp_path: Path
) -> None:
    writer.received.clear()
    generate(writer, tmp_path, {"corpus": texts})
    asked = sorted(request.body["messages"][-1]["content"] for request in writer.received)
    assert len(asked) == len(REPLIES)
    assert all(f"Write {WANTED} question-answer pairs" in text for text in asked)
    schemas = [request.body["response_format"]["json_schema"]["schema"] for request in writer.received]
    assert {schema["properties"]["pairs"]["maxItems"] for schema in schemas} == {WANTED}


@pytest.mark.parametrize("share", [0.1, 1])
def test_the_funnel_adds_up(writer: ChatServer, texts: Path, tmp_path: Path, share: float) -> None:
    metrics = generate(writer, tmp_path, {"corpus": texts}, judging={"max_yes_no_share": share})
    counts, fates = funnel(tmp_path), Counter(BAD.values())
    limited = counts["rejected"].pop("too_many_yes_no", 0)
    assert counts["rejected"] == fates
    assert (counts["planned"], counts["not_asked"], counts["no_reply"]) == (WANTED * len(REPLIES), 0, 0)
    assert counts["parsed"] == len(GOOD) + fates.total()
    assert (counts["unread"], counts["surplus"]) == (counts["asked"] - counts["parsed"], 0)
    assert counts["kept"] == len(GOOD) - limited == metrics["kept"]
    assert counts["kept"] == sum(counts[split] for split in SPLITS)
    assert counts["replies"] == {"asked": 5, "returned": 5, "parsed": 5, "repaired": 2}
    assert (limited > 0) == (share < 1)
    for name in ("planned", "parsed", "unread", "kept", "input_tokens", "output_tokens", *SPLITS):
        assert counts[name] == sum(part[name] for part in counts["documents"])


def test_whole_passages_are_split_and_each_split_keeps_the_share(
    writer: ChatServer, texts: Path, tmp_path: Path
) -> None:
    generate(writer, tmp_path, {"corpus": texts})
    sides: dict[str, set[str]] = {}
    for split in SPLITS:
        pairs = list(read_records(tmp_path / "out" / f"{split}.jsonl", Example))
        sides[split] = {pair.passage for pair in pairs}
        # The four yes/no questions are the only ones whose answer begins with `No`.
        assert 10 * sum(pair.answer.startswith("No,") for pair in pairs) <= len(pairs)
    assert sorted(chain.from_iterable(sides.values())) == [one.id for one in good_passages()]


def test_a_failing_server_changes_no_byte(writer: ChatServer, texts: Path, tmp_path: Path) -> None:
    generate(writer, tmp_path / "calm", {"corpus": texts})
    writer.faults.extend([Fault(429, headers={"retry-after-ms": "1"}), Fault(seconds=0.2)])
    generate(writer, tmp_path / "rough", {"corpus": texts})
    for path in (tmp_path / "calm" / "out").iterdir():
        assert path.read_bytes() == (tmp_path / "rough" / "out" / path.name).read_bytes()


def test_people_have_the_last_word_on_what_a_server_wrote(
    writer: ChatServer, texts: Path, tmp_path: Path
) -> None:
    generate(writer, tmp_path / "first", {"corpus": texts}, judging={"max_yes_no_share": 1})
    known = {one.id: one for one in good_passages()}
    rows = [row_of(one, known) for one in candidates(tmp_path / "first").values()]
    refused, dropped, edited = (
        "How is a beaver lodge heated in winter?",
        "What is a spring tide?",
        "What made early typewriters jam?",
    )
    marks = {
        refused: {"decision": "accept"},
        dropped: {"decision": "reject"},
        edited: {"decision": "edit", "edited_question": "Why did the type bars of early typewriters jam?"},
    }
    write_review(
        tmp_path / "review.csv",
        [row.model_copy(update=marks.get(row.question, {})) for row in rows],
    )
    generate(writer, tmp_path / "second", {"corpus": texts, "review": tmp_path / "review.csv"})
    found = candidates(tmp_path / "second")
    assert found[refused].reviewed
    assert found[refused].reason == ""
    assert found[dropped].reason == "rejected_by_reviewer"
    assert edited not in found
    changed = found["Why did the type bars of early typewriters jam?"]
    assert (changed.reason, changed.example.teacher) == ("", "tiny, edited")
    counts = funnel(tmp_path / "second")
    assert counts["kept"] + sum(counts["rejected"].values()) == counts["parsed"]

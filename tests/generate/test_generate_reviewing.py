"""Pins the review: a decision reaches its pair whatever was generated since, and stays."""

from pathlib import Path

import pytest
from generate_corpus import passages, workspace, write_corpus
from reviewed_pairs import example, row, texts

from tasks.generate.config import GenerateConfig, JudgingConfig
from tasks.generate.review.apply import REJECTED, apply_reviews
from tasks.generate.run import run
from tasks.generate.teacher_config import ScriptedTeacher
from tasks.records.dataset import SPLITS, Candidate, Example
from tasks.records.files import read_records
from tasks.records.review import write_review
from tasks.records.reviewed_pairs import row_of


def test_the_reviewer_has_the_last_word() -> None:
    candidates = [
        Candidate(example=example(1)),
        Candidate(example=example(2), reason="ungrounded"),
        Candidate(example=example(3)),
        Candidate(example=example(4), reason="language"),
    ]
    decisions = [
        row(1, decision="reject", note="wrong dose"),
        row(2, decision="accept"),
        row(4, decision="edit", edited_question="Which one?"),
    ]
    rejected, accepted, untouched, edited = apply_reviews(candidates, decisions, texts())
    assert (accepted.example.id, accepted.reason, accepted.example.teacher) == (example(2).id, "", "scripted")
    assert (edited.example.question, edited.example.answer) == ("Which one?", example(4).answer)
    assert (edited.reason, edited.example.teacher) == ("", "scripted, edited")
    assert (rejected.reason, rejected.detail) == (REJECTED, "wrong dose")
    assert untouched == candidates[2]
    assert [one.reviewed for one in (rejected, accepted, untouched, edited)] == [False, True, False, True]


def test_running_numbers_do_not_matter() -> None:
    moved = example(2, id="ffff0000-0007-31", passage="ffff0000-0007", document="renamed.pdf")
    again = texts(passages(1)[0].model_copy(update={"id": "ffff0000-0007", "document": "renamed.pdf"}))
    (found,) = apply_reviews([Candidate(example=moved)], [row(2, decision="reject")], again)
    assert found.reason == REJECTED


def test_a_pair_of_a_passage_that_is_cut_otherwise_now_is_still_known() -> None:
    cut = texts(passages(1)[0].model_copy(update={"text": "Another beginning. Answer number 2 it is."}))
    (found,) = apply_reviews([Candidate(example=example(2))], [row(2, decision="reject")], cut)
    assert found.reason == REJECTED


@pytest.mark.parametrize("decision", [{"decision": "accept"}, {"decision": "edit", "edited_answer": "New."}])
def test_a_pair_that_is_not_generated_again_is_added(decision: dict[str, str]) -> None:
    other, added = apply_reviews([Candidate(example=example(1))], [row(2, **decision)], texts())
    assert added.example.question == example(2).question
    assert added.example.answer == decision.get("edited_answer", example(2).answer)
    assert (added.example.passage, added.example.pages) == (example(2).passage, example(2).pages)
    assert added.example.id not in {other.example.id, example(2).id}
    assert not added.reason


def test_a_pair_without_a_generated_twin_finds_the_passage_that_holds_its_answer() -> None:
    cut = [
        passages(1)[0].model_copy(update={"id": "a-1", "text": "Nothing here."}),
        passages(1)[0].model_copy(update={"id": "a-2", "text": "Well: Answer number 2\nit is. So there."}),
    ]
    (added,) = apply_reviews([], [row(2, decision="accept")], texts(*cut))
    assert added.example.passage == "a-2"


def test_a_pair_whose_passage_is_gone_is_dropped_by_name(caplog: pytest.LogCaptureFixture) -> None:
    other = passages(2)[1].model_copy(update={"document": "other.pdf"})
    assert apply_reviews([], [row(2, decision="accept"), row(3, decision="reject")], texts(other)) == []
    (told,) = caplog.messages
    assert told.startswith("review: accept of 'What is number 2?' in atlas-0.pdf is dropped: its passage is")


def test_ready_made_pairs_are_reviewed_too() -> None:
    ready = example(1, passage="", document="", pages=None, teacher="dataset", split="test")
    line = row_of(Candidate(example=ready), {}).model_copy(update={"decision": "edit", "edited_answer": "B."})
    (found,) = apply_reviews([Candidate(example=ready)], [line], {})
    assert (found.example.answer, found.example.split) == ("B.", "test")
    assert found.example.teacher == "dataset, edited"


CONFIG = GenerateConfig(
    teacher=ScriptedTeacher(),
    judging=JudgingConfig(language=None),
    min_pairs=20,
    min_test_pairs=5,
)


def kept(folder: Path) -> dict[str, Example]:
    found = (read_records(folder / "out" / f"{split}.jsonl", Example) for split in SPLITS)
    return {line.question: line for part in found for line in part}


def test_edits_survive_another_seed_and_fewer_pairs(tmp_path: Path) -> None:
    corpus, review = write_corpus(tmp_path / "corpus", passages(12), []), tmp_path / "review.csv"
    run({"corpus": corpus}, CONFIG, workspace(tmp_path / "first"))
    found = texts(*passages(12))
    rows = [row_of(Candidate(example=line), found) for line in kept(tmp_path / "first").values()]
    edit = {"decision": "edit", "edited_question": "Which valley did the reviewer mean?"}
    reject = {"decision": "reject"}
    marked = [
        line.model_copy(update=edit if at == 3 else reject if at == 4 else {}) for at, line in enumerate(rows)
    ]
    write_review(review, marked)
    for name, changed in {"same": {}, "fewer": {"pairs_per_passage": 3, "seed": 9}}.items():
        config = CONFIG.model_copy(update=changed)
        run({"corpus": corpus, "review": review}, config, workspace(tmp_path / name))
        pairs = kept(tmp_path / name)
        edited = pairs["Which valley did the reviewer mean?"]
        assert (edited.answer, edited.teacher) == (rows[3].answer, "scripted, edited")
        assert rows[3].question not in pairs
        assert rows[4].question not in pairs


def test_of_two_that_say_the_same_the_accepted_one_stays(tmp_path: Path) -> None:
    twin = Example(id="d1", question="Which valley does the glacier shape?", answer="a", teacher="dataset")
    other = twin.model_copy(update={"id": "d2", "answer": "b"})
    corpus, review = write_corpus(tmp_path / "corpus", passages(12), [twin, other]), tmp_path / "review.jsonl"
    write_review(review, [row_of(Candidate(example=other), {}).model_copy(update={"decision": "accept"})])
    for inputs, stays in (({"corpus": corpus}, twin), ({"corpus": corpus, "review": review}, other)):
        run(inputs, CONFIG, workspace(tmp_path / stays.id))
        assert kept(tmp_path / stays.id)[twin.question].answer == stays.answer

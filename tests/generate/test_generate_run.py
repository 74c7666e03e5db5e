"""Pins the stage: grounded pairs, an account of every sentence, byte-identical resumption, clear refusals."""

import json
from pathlib import Path

import pytest
from generate_corpus import passages, workspace, write_corpus

from tasks.generate.config import GenerateConfig
from tasks.generate.run import run
from tasks.generate.teacher_config import ScriptedTeacher
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Progress
from tasks.records.dataset import SPLITS, Example
from tasks.records.files import read_records

CONFIG = GenerateConfig(teacher=ScriptedTeacher(), min_pairs=20, min_test_pairs=5)


class KilledError(Exception):
    """Stands for a signal."""


def output(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "out").iterdir())}


def examples(folder: Path) -> list[Example]:
    return [
        example for split in SPLITS for example in read_records(folder / "out" / f"{split}.jsonl", Example)
    ]


def kill_after(replies: int) -> Progress:
    def progress(done: int, total: int, unit: str, **metrics: float) -> None:  # noqa: ARG001  # a protocol
        if done >= replies:
            raise KilledError

    return progress


def test_every_answer_is_a_sentence_of_its_passage(corpus: Path, tmp_path: Path) -> None:
    run({"corpus": corpus}, CONFIG, workspace(tmp_path))
    texts = {passage.id: passage for passage in passages(12)}
    found = examples(tmp_path)
    assert len(found) > 50
    for example in found:
        assert example.answer in texts[example.passage].text
        assert example.pages == texts[example.passage].pages
        assert example.teacher == "scripted"


def test_the_funnel_accounts_for_every_sentence_and_example(tmp_path: Path) -> None:
    ready = [
        Example(
            id=f"d{at}",
            question=f"Which tool suits job number {at}{'z' * at}?",
            answer="a",
            teacher="dataset",
        )
        for at in range(9)
    ]
    texts = passages(12)
    texts[3] = texts[3].model_copy(
        update={"text": texts[2].text + " They vanish. It was long ago in a land."}
    )
    corpus = write_corpus(tmp_path / "corpus", texts, [*ready, ready[0].model_copy(update={"id": "again"})])
    metrics = run({"corpus": corpus}, CONFIG, workspace(tmp_path))
    funnel = json.loads((tmp_path / "out" / "funnel.json").read_bytes())
    assert funnel["skipped"]["duplicate"] == 8
    assert funnel["rejected"]["duplicate_question"] >= 1
    assert funnel["sentences"] - sum(funnel["skipped"].values()) == funnel["asked"]
    assert funnel["parsed"] + funnel["examples"] - sum(funnel["rejected"].values()) == funnel["kept"]
    assert (
        funnel["train"] + funnel["validation"] + funnel["test"] == funnel["kept"] == len(examples(tmp_path))
    )
    assert metrics["kept"] == funnel["kept"]


@pytest.mark.slow
@pytest.mark.parametrize("replies", [1, 41, 80, 96])
def test_a_killed_run_resumes_to_the_same_bytes(corpus: Path, tmp_path: Path, replies: int) -> None:
    run({"corpus": corpus}, CONFIG, workspace(tmp_path / "whole"))
    with pytest.raises(KilledError):
        run({"corpus": corpus}, CONFIG, workspace(tmp_path / "killed", kill_after(replies)))
    run({"corpus": corpus}, CONFIG, workspace(tmp_path / "killed"))
    assert output(tmp_path / "killed") == output(tmp_path / "whole")


def test_limits_on_passages_and_pairs_hold(corpus: Path, tmp_path: Path) -> None:
    config = CONFIG.model_copy(
        update={"max_passages_per_document": 4, "pairs_per_passage": 3, "min_pairs": 10, "min_test_pairs": 3}
    )
    metrics = run({"corpus": corpus}, config, workspace(tmp_path))
    assert metrics["passages"] == 8
    assert metrics["asked"] == 24


def test_too_few_pairs_name_documents_count_and_remedy(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", passages(1), [])
    with pytest.raises(
        DataError, match=r"atlas-0\.pdf: 8 question-answer pairs .*`min_pairs` is 20.*add documents"
    ):
        run({"corpus": corpus}, CONFIG, workspace(tmp_path))

"""Pins the two yardsticks: `recall` is measured beside everything else and moves none of it."""

from pathlib import Path

import pytest

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.run import run
from tasks.kernel.workspace import Inputs, Workspace, silent
from tasks.records.dataset import Example
from tasks.records.evaluation import Evaluation, read_answers, read_evaluation
from tasks.records.files import write_records

pytestmark = pytest.mark.slow

CONFIG = EvaluateConfig(
    metrics=("rouge_l", "token_f1"), bootstrap_samples=100, max_new_tokens=4, latency_prompts=1
)


def evaluate(inputs: Inputs, folder: Path) -> Evaluation:
    for name in ("out", "scratch"):
        (folder / name).mkdir(parents=True)
    run(inputs, CONFIG, Workspace(folder / "out", folder / "scratch", silent))
    return read_evaluation(folder / "out")


def hold_out(inputs: Inputs, domain: str, count: int) -> None:
    examples = [
        Example(
            id=f"{domain}-r{number}",
            question=f"Which number has {domain} {number}?",
            answer=f"The number of {domain} {number} is known.",
            key_fact=f"Number {number}.",
            passage=f"{domain}-p{number}",
            teacher="scripted",
        )
        for number in range(count)
    ]
    write_records(inputs[f"qa/{domain}"] / "recall.jsonl", examples)


def without_clock(found: Evaluation) -> dict[str, object]:
    told = found.model_dump(exclude={"memory"})
    for system in told["systems"].values():
        del system["latency_ms"]
    for domain in told["domains"].values():
        del domain["recall"]
    told["findings"] = [sentence for sentence in told["findings"] if "recall" not in sentence]
    return told


def test_recall_stands_beside_everything_else_and_moves_none_of_it(inputs: Inputs, tmp_path: Path) -> None:
    before = evaluate(inputs, tmp_path / "before")
    assert before.domains["alpha"].recall is None
    hold_out(inputs, "alpha", 7)
    after = evaluate(inputs, tmp_path / "after")
    assert without_clock(after) == without_clock(before)
    recall = after.domains["alpha"].recall
    assert recall
    assert (recall.questions, recall.passages) == (7, 7)
    assert recall.perplexity.expert.bounded
    assert set(recall.scores["oracle"].scores) == {"rouge_l", "token_f1"}
    assert after.domains["beta"].recall is None
    assert [sentence for sentence in after.findings if sentence.startswith("alpha, recall: perplexity")]


def test_only_the_key_fact_is_scored_and_every_answer_says_its_yardstick(
    inputs: Inputs, tmp_path: Path
) -> None:
    hold_out(inputs, "beta", 2)
    evaluate(inputs, tmp_path / "run")
    answers = read_answers(tmp_path / "run" / "out")
    recalled = [answer for answer in answers if answer.yardstick == "recall"]
    assert {answer.reference for answer in recalled} == {"Number 0.", "Number 1."}
    assert {answer.model for answer in recalled} == {"expert/beta", "generalist", "base"}
    assert {answer.id for answer in recalled} == {"beta-r0", "beta-r1"}

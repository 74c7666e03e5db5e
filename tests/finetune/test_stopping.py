"""Pins when training ends early: nothing is learned any more, or the loss runs away."""

import json
import os
import signal
from pathlib import Path

import pytest
from small_training import MakeWorkspace

from tasks.finetune.config import FinetuneConfig
from tasks.finetune.run import run
from tasks.finetune.stopping import has_diverged, is_stale
from tasks.finetune.train_loop import DivergedError
from tasks.kernel.errors import StageError
from tasks.kernel.workspace import Inputs
from tasks.records.dataset import Example
from tasks.records.files import read_records, write_records
from tasks.records.training import Training, read_training

pytestmark = pytest.mark.models

FILES = ["adapter_model.safetensors", "adapter_config.json", "training.json"]


def config(**fields: object) -> FinetuneConfig:
    short = {
        "compute_dtype": "float32",
        "quantization": "none",
        "num_epochs": 8,
        "per_device_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "warmup_steps": 0,
        "lr_scheduler": "constant_with_warmup",
    }
    return FinetuneConfig.model_validate({**short, **fields})


@pytest.fixture
def inputs(base: Path, domain: Path) -> Inputs:
    return {"base": base, "qa/numbers": domain}


def trained(inputs: Inputs, settings: FinetuneConfig, workspace: MakeWorkspace, name: str) -> Training:
    run(inputs, settings, workspace(name))
    return read_training(workspace(name).out)


def files(workspace: MakeWorkspace, name: str) -> list[bytes]:
    return [(workspace(name).out / file).read_bytes() for file in FILES]


LEVEL = [2.0, 2.1, 1.9]


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([], False),
        ([2.0, float("nan")], True),
        ([float("inf")], True),
        ([*LEVEL, 4.5, 4.5, 4.5, 4.5], False),
        ([*LEVEL, 4.5, 4.5, 3.0, 4.5, 4.5, 4.5], False),
        ([*LEVEL, 1.0, 4.5, 4.5, 4.5, 4.5, 4.5], True),
        ([*LEVEL, *[3.9] * 20], False),
    ],
)
def test_a_loss_has_run_away_when_it_is_no_number_or_stays_far_above_its_start(
    losses: list[float], *, expected: bool
) -> None:
    assert has_diverged(losses) is expected


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([3, 2, 1], False),
        ([3, 2, 2.5], False),
        ([3, 2, 2.5, 2], True),
        ([3, 2, 2.5, 1.9], False),
        ([2, 2], False),
    ],
)
def test_learning_is_over_after_two_validations_without_a_lower_loss(
    losses: list[float], *, expected: bool
) -> None:
    found = list(enumerate(losses))
    assert is_stale(found, 2) is expected
    assert is_stale(found, None) is False


def test_a_run_that_learns_nothing_stops_early_and_keeps_its_best(
    inputs: Inputs, workspace: MakeWorkspace
) -> None:
    record = trained(inputs, config(learning_rate=1e-12, early_stopping_patience=1), workspace, "run")
    assert (record.steps, record.kept_step, record.stopped_early) == (6, 3, True)
    assert [step for step, _ in record.validations] == [3, 6]
    assert record.examples_seen == 24
    assert record.tokens_seen == sum(record.tokens_by_domain.values())


def test_the_weights_kept_are_those_of_the_lowest_validation(
    base: Path, domain: Path, tmp_path: Path, workspace: MakeWorkspace
) -> None:
    foreign = Example(id="1", question="?", answer="QXZJ WVKY QQXX", teacher="test")
    write_records(tmp_path / "train.jsonl", read_records(domain / "train.jsonl", Example))
    write_records(tmp_path / "validation.jsonl", [foreign])
    settings = config(learning_rate=0.01, early_stopping_patience=8)
    record = trained({"base": base, "qa/numbers": tmp_path}, settings, workspace, "run")
    lowest = min(record.validations, key=lambda one: one[1])
    assert (record.kept_step, record.steps, record.stopped_early) == (lowest[0], 24, False)
    assert lowest[0] < 24
    assert record.validation_loss_after["numbers"] == pytest.approx(lowest[1], abs=1e-5)


def test_a_run_that_was_stopped_decides_like_an_unbroken_one(
    inputs: Inputs, workspace: MakeWorkspace
) -> None:
    def stop(done: int, *_: object, **__: float) -> None:
        if done == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    settings = config(learning_rate=1e-12, early_stopping_patience=1)
    run(inputs, settings, workspace("unbroken"))
    with pytest.raises(StageError, match="after 5 of 24 steps"):
        run(inputs, settings, workspace("broken", stop))
    run(inputs, settings, workspace("broken"))
    assert files(workspace, "broken") == files(workspace, "unbroken")
    steps: list[int] = []
    run(inputs, settings, workspace("broken", lambda done, *_, **__: steps.append(done)))
    assert steps == []
    assert files(workspace, "broken") == files(workspace, "unbroken")


def test_a_loss_that_runs_away_is_followed_by_one_attempt_at_a_lower_rate(
    inputs: Inputs, workspace: MakeWorkspace
) -> None:
    record = trained(inputs, config(learning_rate=1.0), workspace, "run")
    assert record.divergence is not None
    assert (record.divergence.learning_rate, record.divergence.fallback_rate) == (1.0, 0.3)
    assert record.divergence.step < 24
    assert record.steps == 24
    run(inputs, config(learning_rate=0.3), workspace("lower"))
    assert files(workspace, "run")[0] == files(workspace, "lower")[0]


def test_a_loss_that_runs_away_twice_is_refused_and_again_when_run_again(
    inputs: Inputs, workspace: MakeWorkspace
) -> None:
    settings = config(learning_rate=1.0, adapter={"kind": "lora", "alpha": 512})
    for _ in range(2):
        with pytest.raises(DivergedError, match=r"ran away .* at a learning rate of 0.3; lower"):
            run(inputs, settings, workspace())
    assert json.loads((workspace().scratch / "divergence.json").read_text())["loss"] is None

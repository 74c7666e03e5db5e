"""Training that is stopped or killed midway: it goes on from its checkpoint, and ends on the same bits."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tasks.finetune.train_loop import newest_checkpoint
from tasks.kernel.errors import PipelineError
from tasks.kernel.execution.child import run_child
from tasks.kernel.execution.worker import Event, Outcome, Request
from tasks.kernel.workspace import Workspace

pytestmark = [pytest.mark.models, pytest.mark.integration]

FILES = ["adapter_config.json", "adapter_model.safetensors", "training.json"]
STEPS = 24
BETWEEN_CHECKPOINTS = 3
CONFIG = {
    "compute_dtype": "float32",
    "num_epochs": 8,
    "per_device_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "learning_rate": 1e-2,
    "warmup_steps": 0,
}


@dataclass
class Attempts:
    """Attempts at one training run in processes of their own, as the pipeline makes them."""

    inputs: dict[str, Path]
    work: Workspace
    steps: list[int]
    """Every step of every attempt."""

    def run(self, at: int = 0, number: signal.Signals | None = None) -> Outcome:
        """Train; the process gets a signal when it reports step `at`."""

        def on_event(event: Event) -> None:
            if event.progress is None:
                return
            self.steps.append(int(event.progress["done"]))
            if number is not None and self.steps[-1] == at:
                os.kill(self._trainer(), number)

        request = Request(
            module="tasks.finetune.run",
            inputs=self.inputs,
            models={},
            config=CONFIG,
            out=self.work.out,
            scratch=self.work.scratch,
        )
        file = self.work.scratch / "request.json"
        return run_child(
            request, file, python=Path(sys.executable), threads=1, timeout=120, on_event=on_event
        )

    def _trainer(self) -> int:
        return next(
            child.pid
            for child in psutil.Process().children()
            if str(self.work.scratch / "request.json") in child.cmdline()
        )

    def files(self) -> dict[str, bytes]:
        """Return the adapter's files."""
        return {path.name: path.read_bytes() for path in sorted(self.work.out.iterdir())}


@pytest.fixture(scope="module")
def training(base: Path, domain: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Attempts]:
    def make() -> Attempts:
        folder = tmp_path_factory.mktemp("training")
        work = Workspace(folder / "out", folder / "scratch", lambda *_, **__: None)
        work.out.mkdir()
        work.scratch.mkdir()
        return Attempts({"base": base, "qa/numbers": domain}, work, [])

    return make


@pytest.fixture(scope="module")
def undisturbed(training: Callable[[], Attempts]) -> tuple[Attempts, Outcome]:
    attempts = training()
    return attempts, attempts.run()


def test_an_undisturbed_run_says_that_it_resumed_nothing(undisturbed: tuple[Attempts, Outcome]) -> None:
    attempts, outcome = undisturbed
    assert attempts.steps == list(range(1, STEPS + 1))
    assert outcome.metrics["resumed_from_step"] == 0
    assert list(attempts.files()) == FILES


def test_a_run_asked_to_stop_repeats_no_step_and_ends_on_the_same_bits(
    training: Callable[[], Attempts], undisturbed: tuple[Attempts, Outcome]
) -> None:
    attempts = training()
    with pytest.raises(
        PipelineError, match=rf"asked to stop after \d+ of {STEPS} steps; a checkpoint is kept"
    ):
        attempts.run(at=10, number=signal.SIGTERM)
    stopped_after = attempts.steps[-1]
    assert 10 <= stopped_after < STEPS
    outcome = attempts.run()
    assert attempts.steps == list(range(1, STEPS + 1))
    assert outcome.metrics["resumed_from_step"] == stopped_after
    same(attempts, outcome, undisturbed)


def test_a_killed_run_repeats_only_what_came_after_its_last_checkpoint(
    training: Callable[[], Attempts], undisturbed: tuple[Attempts, Outcome]
) -> None:
    attempts = training()
    with pytest.raises(PipelineError, match="ended by SIGKILL"):
        attempts.run(at=11, number=signal.SIGKILL)
    reached = attempts.steps[-1]
    outcome = attempts.run()
    resumed_from = int(outcome.metrics["resumed_from_step"])
    assert resumed_from > 0
    assert resumed_from % BETWEEN_CHECKPOINTS == 0
    assert reached - resumed_from <= BETWEEN_CHECKPOINTS
    assert attempts.steps == [*range(1, reached + 1), *range(resumed_from + 1, STEPS + 1)]
    same(attempts, outcome, undisturbed)


def test_a_checkpoint_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    for step, state in {3: '{"global_step": 3}', 12: '{"global_', 9: '{"global_step": 9}'}.items():
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "trainer_state.json").write_text(state)
    (tmp_path / "checkpoint-15").mkdir()
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint-9"


def same(attempts: Attempts, outcome: Outcome, undisturbed: tuple[Attempts, Outcome]) -> None:
    """Check that all bytes and all figures but the mark are those of the undisturbed run."""
    reference, expected = undisturbed
    assert attempts.files() == reference.files()
    mark = {"resumed_from_step": 0}
    assert outcome.metrics | mark == expected.metrics | mark

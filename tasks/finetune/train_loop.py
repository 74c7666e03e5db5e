"""The training loop: through the planned sequence once, and once more at a lower rate if the loss runs away.

In: a learner, its lesson, a folder for checkpoints. Out: the trained model and how it went. The sequence is
fixed beforehand, so that a resumed run continues at the very next example.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

import torch
from peft import PeftModel, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import TrainerState

from tasks.finetune.budget import tokens_by_step
from tasks.finetune.callbacks import ReportProgress, StopOnSignal
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.learner import Learner, Lesson
from tasks.finetune.stopping import StopOnDivergence, has_diverged, is_stale, step_losses, validations
from tasks.finetune.trainer import AnswerTrainer, make_trainer
from tasks.kernel.errors import StageError
from tasks.kernel.workspace import Progress
from tasks.records.files import read_json, write_json
from tasks.records.training import WEIGHTS, Divergence

_FALLBACK = 0.3
"""Times the learning rate: the second attempt's."""
_MARK = "divergence.json"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """What a finished loop hands back besides the model's weights."""

    steps: int
    resumed_from: int
    """The step of the checkpoint that the loop began with; the rest is what it would have been anyway."""
    losses: tuple[float, ...]
    """Mean loss of the supervised tokens at each optimizer step."""
    validations: tuple[tuple[int, float], ...] = ()
    kept_step: int | None = None
    stopped_early: bool = False
    divergence: Divergence | None = None


class DivergedError(StageError):
    """Training whose loss ran away."""

    def __init__(self, losses: list[float], learning_rate: float) -> None:
        super().__init__(
            f"finetune: the loss ran away (from {losses[0]:.3g} to {losses[-1]:.3g} at step {len(losses)})"
            f" also at a learning rate of {learning_rate:.2g}; lower `learning_rate` and look at the data"
        )
        self.step, self.loss, self.learning_rate = len(losses), losses[-1], learning_rate


def train(
    learner: Learner, lesson: Lesson, config: FinetuneConfig, scratch: Path, progress: Progress
) -> TrainingResult:
    """Train the model in place; where the loss runs away, once more from the beginning at a lower rate.

    Raises StageError when the process is asked to stop (after saving a checkpoint), and DivergedError when
    the loss runs away twice.
    """
    mark = scratch / _MARK
    if not mark.is_file():
        fresh = {name: weight.detach().clone() for name, weight in _trained(learner.model).items()}
        try:
            return _attempt(learner, lesson, config, scratch / "checkpoints", progress)
        except DivergedError as error:
            write_json(mark, _fallback(error).model_dump(mode="json"))
        for name, weight in _trained(learner.model).items():
            weight.data.copy_(fresh[name])
    told = read_json(mark, Divergence, "delete the file, and training begins anew")
    logger.warning(
        "the loss ran away at step %d; going back to a rate of %.2g", told.step, told.fallback_rate
    )
    lower = config.model_copy(update={"learning_rate": told.fallback_rate})
    result = _attempt(learner, lesson, lower, scratch / "fallback", progress)
    return replace(result, divergence=told)


def _trained(model: PeftModel) -> Mapping[str, torch.nn.Parameter]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def _fallback(error: DivergedError) -> Divergence:
    return Divergence(
        step=error.step,
        loss=error.loss if isfinite(error.loss) else None,
        learning_rate=error.learning_rate,
        fallback_rate=error.learning_rate * _FALLBACK,
    )


def _attempt(
    learner: Learner, lesson: Lesson, config: FinetuneConfig, checkpoints: Path, progress: Progress
) -> TrainingResult:
    """Train from the newest checkpoint if there is one: on the CPU an unbroken run's weights, bit by bit."""
    newest, patience = newest_checkpoint(checkpoints), config.early_stopping_patience
    state = _stale_state(newest, patience)
    if state:
        best = checkpoints / f"checkpoint-{state.best_global_step}"
        set_peft_model_state_dict(learner.model, load_file(best / WEIGHTS))
    else:
        trainer = make_trainer(learner, lesson, config, checkpoints)
        state = _run(
            trainer, newest, ReportProgress(progress, tokens_by_step(lesson.sequence, config.step_size))
        )
    losses, asked = step_losses(state.log_history), validations(state.log_history)
    if has_diverged(losses):
        raise DivergedError(losses, config.learning_rate)
    stopped_early = state.global_step < state.max_steps
    if stopped_early and not is_stale(asked, patience):
        at = f"{state.global_step} of {state.max_steps} steps"
        raise StageError(f"finetune: asked to stop after {at}; a checkpoint is kept, run again to go on")
    return TrainingResult(
        steps=state.global_step,
        resumed_from=_step_of(newest) if newest else 0,
        losses=tuple(losses),
        validations=tuple(asked),
        kept_step=state.best_global_step if patience else None,
        stopped_early=stopped_early,
    )


def _run(trainer: AnswerTrainer, newest: Path | None, report: ReportProgress) -> TrainerState:
    stop = StopOnSignal()
    for callback in (report, StopOnDivergence(), stop):
        trainer.add_callback(callback)
    with stop.request.listening():
        trainer.train(resume_from_checkpoint=str(newest) if newest else None)
    return trainer.state


def _stale_state(checkpoint: Path | None, patience: int | None) -> TrainerState | None:
    """Return the state of a run that was killed after it had stopped early: nothing is left to train."""
    if checkpoint is None:
        return None
    state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    return state if is_stale(validations(state.log_history), patience) else None


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the newest complete checkpoint; the trainer writes its state file last."""
    complete = [file.parent for file in folder.glob("checkpoint-*/trainer_state.json") if _whole(file)]
    newest = max(complete, key=_step_of, default=None)
    if newest is not None:
        logger.info("resuming from %s", newest.name)
    return newest


def _whole(state: Path) -> bool:
    try:
        json.loads(state.read_bytes())
    except ValueError:
        return False
    return True


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])

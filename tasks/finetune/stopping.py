"""When training ends before its last step: nothing is learned any more, or the loss runs away.

In: the losses so far, as the trainer's log holds them, so that a resumed run decides like an unbroken one.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from statistics import fmean

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_START = 3
"""Steps whose mean loss is where training began."""
_FAR = 2.0
"""Times that loss: a loss above it is far away."""
_STEPS = 5
"""Steps in a row that have to be."""

Log = Iterable[Mapping[str, float]]


class StopOnDivergence(TrainerCallback):
    """End the loop as soon as the loss is no number, or stays far above where it began."""

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002  the trainer passes it
        state: TrainerState,
        control: TrainerControl,
        **_: object,
    ) -> None:
        """Stop without a checkpoint: nothing goes on from here."""
        if has_diverged(step_losses(state.log_history)):
            control.should_training_stop = True
            control.should_save = control.should_evaluate = False


def step_losses(log: Log) -> list[float]:
    """Return the mean loss of each step."""
    return [entry["loss"] for entry in log if "loss" in entry]


def validations(log: Log) -> list[tuple[int, float]]:
    """Return step and loss of each validation."""
    return [(int(entry["step"]), entry["eval_loss"]) for entry in log if "eval_loss" in entry]


def has_diverged(losses: Sequence[float]) -> bool:
    """Tell whether the last loss is no number, or the last few are all far above the first ones."""
    if not losses or not isfinite(losses[-1]):
        return bool(losses)
    last = losses[_START:][-_STEPS:]
    return len(last) == _STEPS and min(last) > _FAR * fmean(losses[:_START])


def is_stale(found: Sequence[tuple[int, float]], patience: int | None) -> bool:
    """Tell whether so many validations in a row have found no lower loss."""
    if patience is None or len(found) <= patience:
        return False
    losses = [loss for _, loss in found]
    return min(losses[-patience:]) >= min(losses[:-patience])

"""What watches the training loop: live progress, and a stop that keeps the work.

In: the trainer's events and the process's signals. Out: calls of the workspace's progress,
or a checkpoint and an orderly end.
"""

from collections.abc import Sequence

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tasks.kernel.workspace import Progress
from tasks.models.stop_request import StopRequest


class ReportProgress(TrainerCallback):
    """Report every optimizer step with its loss and the tokens seen so far."""

    def __init__(self, progress: Progress, tokens_by_step: Sequence[int]) -> None:
        self._progress = progress
        self._tokens = tokens_by_step

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002  the trainer passes it
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002  the trainer passes it
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Pass the step on; the trainer's closing summary has no step loss and is left out."""
        if logs and "loss" in logs:
            step = state.global_step
            seen = self._tokens[step - 1]
            self._progress(step, len(self._tokens), "steps", loss=logs["loss"], tokens=seen)


class StopOnSignal(TrainerCallback):
    """On SIGTERM, finish the running step, save a checkpoint and stop."""

    def __init__(self) -> None:
        self.request = StopRequest()

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002  the trainer passes it
        state: TrainerState,
        control: TrainerControl,
        **_: object,
    ) -> None:
        """Ask the trainer to save and stop, unless this was the last step anyway."""
        if self.request.requested and state.global_step < state.max_steps:
            control.should_save = True
            control.should_training_stop = True

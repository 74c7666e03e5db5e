"""The loop that teaches a model on its grid what it says without one.

In: the model on its grid, its float teacher, the texts of each step. Out: the float weights whose rounding
was closest to the teacher on held-back text. Divergence of next-token distributions is the only loss: labels
would teach something new, and the model is to stay what it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import FunctionCtx
from transformers import PreTrainedModel

from tasks.heal.checkpoint import Checkpoint, State
from tasks.heal.config import Schedule
from tasks.heal.gptq import compensate
from tasks.heal.texts import Text
from tasks.kernel.errors import StageError
from tasks.kernel.workspace import Progress
from tasks.models.int4 import Grid
from tasks.models.stop_request import StopRequest

Weights = Mapping[str, torch.nn.Parameter]
_ROWS = 32
BETAS = (0.9, 0.95)
"""Of AdamW: a second moment that follows within twenty steps, because there are few."""


@dataclass(frozen=True)
class Lesson:
    """What is read, and how fast is learned from it."""

    steps: Sequence[Sequence[Text]]
    validation: Sequence[Text]
    schedule: Schedule
    bfloat16: bool
    """Whether activations are held in 16 bits."""
    calibration: Sequence[Text] = ()
    """What GPTQ sees before the first step; nothing: training begins at the weights as they are."""

    @property
    def marks(self) -> set[int]:
        """Steps after which validation is asked."""
        count, total = self.schedule.validations, len(self.steps)
        return {round(number * total / count) for number in range(1, count + 1)} - {0}


@dataclass(frozen=True)
class Pair:
    """A model on its grid, and the model that it is to follow."""

    student: PreTrainedModel
    teacher: PreTrainedModel


def distill(
    pair: Pair,
    weights: Weights,
    grids: Mapping[str, Grid],
    lesson: Lesson,
    checkpoint: Checkpoint,
    progress: Progress,
) -> State:
    """Train `weights` in place, from the checkpoint if there is one, and return how it went, the best kept.

    Without a checkpoint GPTQ moves them to where training begins. On the CPU a resumed run ends on the same
    bits. Raises StageError when the process is asked to stop.
    """
    optimizer = torch.optim.AdamW(weights.values(), betas=BETAS, weight_decay=0.0, fused=True)
    state = checkpoint.restore(weights, optimizer) or _begun(pair, weights, grids, lesson, progress)
    stop, total = StopRequest(), len(lesson.steps)
    with stop.listening():
        while state.step < total and not state.stale(lesson.schedule.patience):
            loss = _step(pair, lesson, state.step, optimizer)
            state.step += 1
            progress(state.step, total, "steps", kl=loss)
            if state.step in lesson.marks:
                state.note(state.step, validation_loss(pair, lesson), weights)
            if state.step in lesson.marks or stop.requested:
                checkpoint.write(state, weights, optimizer)
            if stop.requested and state.step < total:
                at = f"{state.step} of {total} steps"
                raise StageError(f"heal: asked to stop after {at}; a checkpoint is kept, run again to go on")
    return state


@torch.no_grad()
def validation_loss(pair: Pair, lesson: Lesson) -> float:
    """Return the mean divergence on the held-back texts, in nats a token."""
    size = lesson.schedule.per_device_batch_size
    texts = sorted(lesson.validation, key=lambda text: len(text.ids))
    batches = [texts[start : start + size] for start in range(0, len(texts), size)]
    found = [divergence(pair, batch, bfloat16=lesson.bfloat16) for batch in batches]
    return sum(loss.item() for loss, _ in found) / sum(count for _, count in found)


def divergence(pair: Pair, texts: Sequence[Text], *, bfloat16: bool) -> tuple[torch.Tensor, int]:
    """Return the summed divergence of the student from the teacher, in nats, and how many tokens count."""
    device = pair.student.device
    width, first = max(len(text.ids) for text in texts), min(text.first for text in texts)
    ids = torch.tensor([[*text.ids, *[0] * (width - len(text.ids))] for text in texts], device=device)
    mask = torch.tensor(
        [[1] * len(text.ids) + [0] * (width - len(text.ids)) for text in texts], device=device
    )
    counted = torch.tensor(
        [[text.first <= place < len(text.ids) for place in range(first, width)] for text in texts],
        device=device,
    )
    inputs = {"input_ids": ids, "attention_mask": mask, "use_cache": False}
    # The head is applied where predictions count: its logits are the largest tensor by far.
    kept = width - first + 1
    with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
        with torch.no_grad():
            wanted = pair.teacher(**inputs, logits_to_keep=kept).logits[:, :-1][counted]
        said = pair.student(**inputs, logits_to_keep=kept).logits[:, :-1][counted]
    return summed_divergence(said, wanted), int(counted.sum())


def summed_divergence(said: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the divergence of the distributions that logits `said` (rows x tokens) stand for, in nats."""
    summed: torch.Tensor = _Divergence.apply(said, wanted)  # type: ignore[no-untyped-call]  # torch has no types
    return summed


class _Divergence(torch.autograd.Function):
    """The summed divergence of logits from others, row after row in the processor's cache.

    Torch's own passes over all of them cost a tenth of a step: they are its largest tensors by far.
    """

    @staticmethod
    def forward(context: FunctionCtx, said: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        gradient = torch.empty_like(said)
        total = torch.zeros((), device=said.device)
        for rows, others, slopes in zip(
            *(all_.split(_ROWS) for all_ in (said, wanted, gradient)), strict=True
        ):
            found, expected = rows.float().log_softmax(-1), others.float().log_softmax(-1)
            likely = expected.exp()
            total += (likely * expected.sub_(found)).sum()
            slopes.copy_(found.exp_().sub_(likely))
        context.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(context: Any, outer: torch.Tensor) -> tuple[torch.Tensor, None]:
        (gradient,) = context.saved_tensors
        return gradient * outer, None


def learning_rate(schedule: Schedule, step: int, total: int) -> float:
    """Return the learning rate of the step, counted from 0, of `total`."""
    if step < schedule.warmup_steps:
        return schedule.learning_rate * (step + 1) / (schedule.warmup_steps + 1)
    passed = (step - schedule.warmup_steps) / max(1, total - schedule.warmup_steps)
    return schedule.learning_rate * (1 - (1 - schedule.final_share) * passed)


def _begun(
    pair: Pair, weights: Weights, grids: Mapping[str, Grid], lesson: Lesson, progress: Progress
) -> State:
    state = State(rounded=validation_loss(pair, lesson))
    if lesson.calibration:
        with torch.autocast(pair.student.device.type, torch.bfloat16, enabled=lesson.bfloat16):
            compensate(
                pair.student, weights, grids, lesson.calibration, lambda at, of: progress(at, of, "layers")
            )
    state.note(0, validation_loss(pair, lesson) if lesson.calibration else state.rounded, weights)
    return state


def _step(pair: Pair, lesson: Lesson, step: int, optimizer: torch.optim.Optimizer) -> float:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(lesson.schedule, step, len(lesson.steps))
    loss, count = divergence(pair, lesson.steps[step], bfloat16=lesson.bfloat16)
    mean = loss / count
    mean.backward()
    optimizer.step()
    optimizer.zero_grad()
    return mean.item()

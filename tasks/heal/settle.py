"""Heal an expert: on the grid, as near to its float form as that lets it be.

In: `expert` (merged, float), `qa`, and `recipe` where one was searched; for an expert that begins on the
healed base also `healed` (with its rests) and `base` (what the expert was trained from). Out: a Hugging Face
folder on the grid and `healing.json`. The text is what the expert was trained on, because there it has to be
right.
"""

import logging
from math import ceil
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tasks.heal.checkpoint import Checkpoint
from tasks.heal.config import ExpertHealing
from tasks.heal.distillation import Lesson, Pair, distill
from tasks.heal.grid_model import ModelGrid, load_float, load_teacher, model_grid, put_on_grid, rounded
from tasks.heal.run import conclude
from tasks.heal.texts import Text, answers, joined, steps_of
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.models.loading import load_tokenizer, save_tokenizer
from tasks.records.dataset import Example
from tasks.records.edge import read_sizes, write_sizes
from tasks.records.files import read_records
from tasks.records.healing import RESTS

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: ExpertHealing, work: Workspace) -> Metrics:
    """Round the expert, distill its float form into what is left, and write what survives."""
    expert, tokenizer = inputs["expert"], load_tokenizer(inputs["expert"])
    lesson = lesson_of(tokenizer, inputs["qa"], config)
    teacher = load_teacher(expert, config.compute_dtype)
    source = expert if config.schedule.start == "gptq" else inputs["healed"]
    student = load_float(source)
    grid = model_grid(student, source, config.recipe(inputs))
    if config.schedule.start == "healed":
        add_update(student, teacher, grid, inputs)
    weights = put_on_grid(student, grid)
    pair, checkpoint = Pair(student, teacher), Checkpoint(work.scratch)
    state = distill(pair, weights, grid.body, lesson, checkpoint, work.progress)
    rounded(source, grid, state.best).save_pretrained(work.out)
    save_tokenizer(expert, work.out)
    write_sizes(work.out, read_sizes(expert))
    return conclude(state, lesson, grid, work.out)


@torch.no_grad()
def add_update(student: PreTrainedModel, teacher: PreTrainedModel, grid: ModelGrid, inputs: Inputs) -> None:
    """Add to the healed weights what rounding took from them, and what training added to the base."""
    rests = load_file(inputs["healed"] / RESTS, device=str(student.device))
    trained_from = load_float(inputs["base"])
    for name in grid.body:
        update = teacher.get_parameter(name) - trained_from.get_parameter(name)
        student.get_parameter(name).add_(rests[name].float()).add_(update)


def lesson_of(tokenizer: PreTrainedTokenizerBase, dataset: Path, config: ExpertHealing) -> Lesson:
    """Return the passes over the training examples; raise DataError where none fits."""
    schedule, size = config.schedule, config.schedule.per_device_batch_size
    train = _fitting(tokenizer, dataset, "train", config)
    validation = _fitting(tokenizer, dataset, "validation", config)[: schedule.validation_sequences]
    passes = schedule.num_epochs * ceil(len(train) / size)
    steps = steps_of(train, size, min(schedule.max_steps, passes), config.seed)
    seen = joined(train, schedule.sequence_tokens)[: schedule.calibration_sequences]
    start = seen if schedule.start == "gptq" else ()
    return Lesson(steps, validation, schedule, config.compute_dtype == "bfloat16", start)


def _fitting(
    tokenizer: PreTrainedTokenizerBase, dataset: Path, split: str, config: ExpertHealing
) -> list[Text]:
    longest = config.schedule.max_length
    examples = read_records(dataset / f"{split}.jsonl", Example)
    texts = answers(tokenizer, examples, longest)
    if not texts:
        raise DataError(
            f"{dataset}: none of {len(examples)} {split} examples fits into {longest} tokens;"
            " raise `heal.expert.max_length`"
        )
    if left_out := len(examples) - len(texts):
        logger.warning("%d of %d %s examples exceed `max_length`", left_out, len(examples), split)
    return texts

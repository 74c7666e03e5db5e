"""Heal a base: let its weights move to where rounding them changes least of what it says.

In: `base` (a Hugging Face folder), `text` unless the base writes its own, and `recipe` where one was
searched. Out: a Hugging Face folder on the grid, `rests.safetensors` and `healing.json`. The rests are what
rounding took away: an expert's update is smaller than a step of the grid, and only together with them it
moves weights over an edge.
"""

import logging
from pathlib import Path

from safetensors.torch import save_file

from tasks.heal.checkpoint import Checkpoint, State
from tasks.heal.config import BaseHealing, WrittenText
from tasks.heal.distillation import Lesson, Pair, distill
from tasks.heal.grid_model import ModelGrid, load_float, load_teacher, model_grid, put_on_grid, rounded
from tasks.heal.texts import Text, file_pieces, held_back, pieces, steps_of
from tasks.heal.writing import write_lines
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.models.grid import on_grid
from tasks.models.loading import load_tokenizer, save_tokenizer
from tasks.models.precision import STORED
from tasks.records.healing import RESTS, HealingRecord, write_healing

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: BaseHealing, work: Workspace) -> Metrics:
    """Read or write the text, distill the base into itself on the grid, and write what survives rounding."""
    base = inputs["base"]
    schedule = config.schedule
    texts = neutral_texts(inputs, config, work)
    learned, validation = held_back(texts, schedule.validation_sequences, config.seed)
    steps = steps_of(learned, schedule.per_device_batch_size, schedule.max_steps, config.seed)
    seen = learned[: schedule.calibration_sequences] if schedule.start == "gptq" else ()
    lesson = Lesson(steps, validation, schedule, config.compute_dtype == "bfloat16", seen)
    teacher, student = load_teacher(base, config.compute_dtype), load_float(base)
    grid = model_grid(student, base, config.recipe(inputs))
    weights = put_on_grid(student, grid)
    pair, checkpoint = Pair(student, teacher), Checkpoint(work.scratch)
    state = distill(pair, weights, grid.body, lesson, checkpoint, work.progress)
    rounded(base, grid, state.best).save_pretrained(work.out)
    save_tokenizer(base, work.out)
    write_rests(grid, state, work.out)
    return conclude(state, lesson, grid, work.out)


def neutral_texts(inputs: Inputs, config: BaseHealing, work: Workspace) -> list[Text]:
    """Return the neutral text in pieces; raise DataError where a file of it is damaged."""
    tokenizer, tokens = load_tokenizer(inputs["base"]), config.schedule.sequence_tokens
    if isinstance(config.text, WrittenText):
        written = write_lines(load_float(inputs["base"]), tokenizer, config.text, config.seed, work.progress)
        return pieces(tokenizer, written, tokens)
    return file_pieces(tokenizer, inputs["text"], tokens)


def conclude(state: State, lesson: Lesson, grid: ModelGrid, out: Path) -> Metrics:
    """Write how it went, and return the flat figures."""
    record = HealingRecord(
        divergence_before=state.rounded,
        divergence_after=state.best_loss,
        steps=state.step,
        best_step=state.best_step,
        tokens=sum(len(text.ids) - text.first for step in lesson.steps[: state.step] for text in step),
        validations=state.history,
        block_size=grid.block_size,
    )
    write_healing(out, record)
    logger.info(
        "divergence from the float model: %.4f nats a token when only rounded, %.4f after step %d",
        record.divergence_before,
        record.divergence_after,
        state.best_step,
    )
    return {
        "steps": state.step,
        "best_step": state.best_step,
        "resumed_from_step": state.resumed_from,
        "divergence_before": record.divergence_before,
        "divergence_after": record.divergence_after,
    }


def write_rests(grid: ModelGrid, state: State, out: Path) -> None:
    """Write what rounding took from each weight of the body, in 16 bits: it is small itself."""
    rests = {
        name: (state.best[name] - on_grid(state.best[name], one)).to("cpu", STORED)
        for name, one in sorted(grid.body.items())
    }
    save_file(rests, out / RESTS, metadata={"format": "pt"})

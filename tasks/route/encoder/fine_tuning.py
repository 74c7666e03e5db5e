"""The encoder's training loop: a classifier and two sets of questions in, its best weights out.

Epochs are judged by their loss on the held-out questions. Checkpoints stand in a folder named by
what is trained on, so that a killed run goes on with its last whole epoch and no other run takes it.
"""

import hashlib
import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from tasks.kernel.workspace import Progress
from tasks.route.encoder.encoder_scorer import centroids_of
from tasks.route.encoder.pooling import PooledEncoder, Reader, embedded, padded, token_ids
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import EncoderRouter

LOG = logging.getLogger(__name__)
_HEAD_PACE = 5.0
"""The head's step size, in the encoder's: it starts from less."""
_WEIGHT_DECAY, _WARM_UP = 0.01, 0.1


@dataclass(frozen=True)
class TrainingSides:
    """Questions to fit on and to stop by."""

    labels: tuple[str, ...]
    fitting: Questions
    held_out: Questions

    def identity(self) -> list[object]:
        """Return what tells these questions from others, as plain JSON."""
        return [self.labels, *((side.texts, side.labels) for side in (self.fitting, self.held_out))]


def fine_tune(
    reader: Reader, sides: TrainingSides, config: EncoderRouter, scratch: Path, progress: Progress
) -> None:
    """Leave in `reader.model` the weights of the epoch with the least loss on the held-out questions."""
    name = json.dumps([config.model_dump(mode="json"), sides.identity()], sort_keys=True)
    work = scratch / f"encoder-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    best = work / "best.safetensors"
    if not best.is_file():
        trainer = _trainer(reader, sides, config, work)
        trainer.add_callback(_Report(progress))
        checkpoint = get_last_checkpoint(str(work)) if work.is_dir() else None
        trainer.train(resume_from_checkpoint=checkpoint)
        _keep(reader.model, best)
    reader.model.load_state_dict(load_file(best))
    reader.model.eval()


def _keep(model: PooledEncoder, best: Path) -> None:
    """Write the weights and remove the checkpoints, which are three times as large."""
    started = best.with_suffix(".part")
    save_file({name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}, started)
    started.rename(best)
    for checkpoint in best.parent.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)


def _trainer(reader: Reader, sides: TrainingSides, config: EncoderRouter, work: Path) -> "_ScoreTrainer":
    set_seed(config.seed)
    fitting, held = (rows_of(reader, side, sides.labels) for side in (sides.fitting, sides.held_out))
    cuda = torch.cuda.is_available()
    start_head(reader.model.to("cuda" if cuda else "cpu"), fitting, len(sides.labels))
    trainer = _ScoreTrainer(
        model=reader.model,
        args=_settings(config, work, cuda=cuda),
        data_collator=collate,
        train_dataset=fitting,
        eval_dataset=held,
        optimizers=(_optimizer(reader.model, config.learning_rate), None),
        callbacks=[EarlyStoppingCallback(config.patience)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _optimizer(model: PooledEncoder, learning_rate: float) -> torch.optim.AdamW:
    parts = ((model.encoder, learning_rate), (model.head, _HEAD_PACE * learning_rate))
    groups = [{"params": list(part.parameters()), "lr": rate} for part, rate in parts]
    return torch.optim.AdamW(groups, weight_decay=_WEIGHT_DECAY)


def _settings(config: EncoderRouter, work: Path, *, cuda: bool) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=config.num_epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=4 * config.batch_size,
        lr_scheduler_type="linear",
        warmup_steps=_WARM_UP,
        max_grad_norm=1.0,
        train_sampling_strategy="group_by_length",
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        restore_callback_states_from_checkpoint=True,
        prediction_loss_only=True,
        label_names=["labels"],
        remove_unused_columns=False,
        logging_steps=10,
        bf16=cuda,
        use_cpu=not cuda,
        dataloader_pin_memory=cuda,
        seed=config.seed,
        disable_tqdm=True,
        report_to="none",
    )


class _ScoreTrainer(Trainer):
    """The trainer for a module that returns embeddings and scores."""

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,  # noqa: ARG002  the trainer's signature
    ) -> torch.Tensor | tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the mean cross-entropy."""
        _, scores = model(inputs["input_ids"], inputs["attention_mask"])
        loss = cross_entropy(scores.float(), inputs["labels"])
        return (loss, {"loss": loss, "scores": scores}) if return_outputs else loss


class _Report(TrainerCallback):
    """Report losses as they are logged."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002  the trainer passes it
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002  the trainer passes it
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Pass the step and its loss on."""
        losses = {name: value for name, value in (logs or {}).items() if name in ("loss", "eval_loss")}
        if losses:
            self._progress(state.global_step, state.max_steps, "steps", **losses)
        if "eval_loss" in losses:
            LOG.info("epoch %.0f: loss %.3f on the held-out questions", state.epoch, losses["eval_loss"])


class Row(TypedDict):
    """One question."""

    input_ids: list[int]
    labels: int
    """The place of its label, under the name that the trainer looks for."""


def rows_of(reader: Reader, questions: Questions, labels: tuple[str, ...]) -> list[Row]:
    """Return the questions as token ids."""
    places = {label: place for place, label in enumerate(labels)}
    return [
        {"input_ids": ids, "labels": places[label]}
        for ids, label in zip(token_ids(reader, questions.texts), questions.labels, strict=True)
    ]


def collate(rows: list[Row]) -> dict[str, torch.Tensor]:
    """Return a padded batch."""
    ids, mask = padded([row["input_ids"] for row in rows])
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "labels": torch.tensor([row["labels"] for row in rows]),
    }


def start_head(model: PooledEncoder, rows: list[Row], labels: int) -> None:
    """Start the head from the labels' centroids: from noise, it would first spoil the encoder."""
    ordered = sorted(rows, key=lambda row: len(row["input_ids"]))
    embeddings = embedded(model, [row["input_ids"] for row in ordered])
    targets = np.array([row["labels"] for row in ordered])
    weight = torch.from_numpy(centroids_of(embeddings, targets, labels))
    with torch.no_grad():
        model.head.weight.copy_(weight)
        model.head.bias.zero_()

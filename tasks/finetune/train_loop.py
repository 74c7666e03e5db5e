"""The training loop: TRL's trainer over a sequence that is already drawn and encoded.

In: an adapted model, the planned sequence, a folder for checkpoints. Out: the trained model
and the losses. The sequence is fixed beforehand, so the trainer neither shuffles nor
tokenizes, and a resumed run continues at the very next example.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import PreTrainedTokenizerBase, PrinterCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from tasks.finetune.answer_loss import supervised_loss
from tasks.finetune.batches import Collator, row
from tasks.finetune.budget import sorted_within_steps, tokens_by_step
from tasks.finetune.callbacks import ReportProgress, StopOnSignal
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.encoding import IGNORED, Encoded
from tasks.kernel.errors import ConfigError, ModelError, StageError
from tasks.kernel.workspace import Progress

CHECKPOINT_STEPS = 20
"""A killed run repeats fewer steps than this, and less than an eighth of them all."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """What a finished loop hands back besides the model's weights."""

    steps: int
    resumed_from: int
    """The step of the checkpoint that the loop began with; the rest is what it would have been anyway."""
    losses: tuple[float, ...]
    """Mean loss of the supervised tokens at each optimizer step."""


@dataclass(frozen=True)
class Learner:
    """What is trained: a model, and how it reads text."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    collate: Collator


def train(
    learner: Learner,
    sequence: Sequence[Encoded],
    config: FinetuneConfig,
    checkpoints: Path,
    progress: Progress,
) -> TrainingResult:
    """Train the model in place on `sequence`, from the newest checkpoint if there is one.

    On the CPU the weights and losses after a resumption are those of an unbroken run, bit by bit.
    Raises StageError when the process is asked to stop (after saving a checkpoint), and
    ModelError when a label does not reach the end-of-turn token.
    """
    step_size = config.per_device_batch_size * config.gradient_accumulation_steps
    report = ReportProgress(progress, tokens_by_step(sequence, step_size))
    stop = StopOnSignal()
    trainer = _trainer(learner, sorted_within_steps(sequence, step_size), config, checkpoints)
    trainer.add_callback(report)
    trainer.add_callback(stop)
    check_supervision(learner.collate, sequence)
    newest = newest_checkpoint(checkpoints)
    with stop.request.listening():
        trainer.train(resume_from_checkpoint=str(newest) if newest else None)
    state = trainer.state
    if state.global_step < state.max_steps:
        at = f"{state.global_step} of {state.max_steps} steps"
        raise StageError(f"finetune: asked to stop after {at}; a checkpoint is kept, run again to go on")
    history = [entry["loss"] for entry in state.log_history if "loss" in entry]
    return TrainingResult(state.global_step, _step_of(newest) if newest else 0, tuple(history))


def check_supervision(collate: Collator, sequence: Sequence[Encoded]) -> None:
    """Raise ModelError unless the trainer's own batches keep the loss on all of the answer and its end."""
    shortest = min(sequence, key=lambda one: one.tokens)
    longest = max(sequence, key=lambda one: one.tokens)
    labels = collate([row(shortest), row(longest)])["labels"]
    if _supervised(labels.flatten().tolist()) != _supervised([*shortest.labels, *longest.labels]):
        raise ModelError(
            "finetune: the collator masks a part of the answer, so that the model would never learn to"
            " stop; give the base model's tokenizer a padding token of its own"
        )


def _supervised(labels: Sequence[int]) -> list[int]:
    return [label for label in labels if label != IGNORED]


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


class _AnswerTrainer(SFTTrainer):
    """TRL's trainer without its usage ping, and with a loss that spares a CPU the prompt's logits.

    TRL's fused head recomputes all logits in the backward pass: a quarter of a step's time here.
    """

    def _send_telemetry(self) -> None:
        """Send nothing."""

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: ARG002  the trainer's signature
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Return the step's share of the mean loss over all supervised tokens of the step."""
        items = num_items_in_batch or (inputs["labels"] != IGNORED).sum()
        return supervised_loss(model, inputs) / items


def _trainer(
    learner: Learner, ordered: Sequence[Encoded], config: FinetuneConfig, checkpoints: Path
) -> SFTTrainer:
    rows = Dataset.from_list([row(example) for example in ordered])
    trainer = _AnswerTrainer(
        model=learner.model,
        args=_settings(config, checkpoints, _steps_between_checkpoints(len(rows), config)),
        data_collator=learner.collate,
        train_dataset=rows,
        processing_class=learner.tokenizer,
    )
    trainer.remove_callback(PrinterCallback)
    # TRL turns the adapters of quantized models to bfloat16, where small optimizer steps are lost.
    for parameter in learner.model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return trainer


def _steps_between_checkpoints(examples: int, config: FinetuneConfig) -> int:
    steps = examples // (config.per_device_batch_size * config.gradient_accumulation_steps)
    return max(1, min(CHECKPOINT_STEPS, steps // 8))


def _settings(config: FinetuneConfig, checkpoints: Path, save_steps: int) -> SFTConfig:
    cuda = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(checkpoints),
        num_train_epochs=1,
        per_device_train_batch_size=config.per_device_batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        learning_rate=config.learning_rate,
        warmup_steps=config.warmup_steps,
        lr_scheduler_type=config.lr_scheduler,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        optim=_optimizer(config, cuda=cuda),
        bf16=config.computes_16_bits,
        use_cpu=not cuda,
        activation_checkpointing=config.gradient_checkpointing,
        train_sampling_strategy="sequential",
        max_length=None,
        seed=config.seed,
        save_strategy="steps",
        save_steps=save_steps,
        save_total_limit=2,
        logging_steps=1,
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=cuda,
    )


def _optimizer(config: FinetuneConfig, *, cuda: bool) -> str:
    if config.optimizer == "auto":
        return "paged_adamw_8bit" if cuda else "adamw_torch"
    if config.optimizer == "paged_adamw_8bit" and not cuda:
        raise ConfigError("`optimizer`: paged_adamw_8bit needs CUDA, and there is none; use `auto`")
    return config.optimizer

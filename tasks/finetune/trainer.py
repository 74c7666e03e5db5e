"""TRL's trainer as it is used here: set up from the configuration, with a loss and validations of ours.

In: a learner and its lesson. Out: a trainer that has not begun. The sequence is fixed beforehand, so it
neither shuffles nor tokenizes.
"""

from pathlib import Path
from statistics import fmean

import torch
from datasets import Dataset
from transformers import EarlyStoppingCallback, PrinterCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from tasks.finetune.answer_loss import supervised_loss
from tasks.finetune.batches import row
from tasks.finetune.budget import sorted_within_steps
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.encoding import IGNORED
from tasks.finetune.learner import Learner, Lesson, Pools
from tasks.kernel.errors import ConfigError

CHECKPOINT_STEPS = 20
"""A killed run repeats fewer steps than this, and less than an eighth of them all."""


def make_trainer(
    learner: Learner, lesson: Lesson, config: FinetuneConfig, checkpoints: Path
) -> "AnswerTrainer":
    """Return a trainer that is ready to begin, or to go on."""
    ordered = sorted_within_steps(lesson.sequence, config.step_size)
    rows = Dataset.from_list([row(example) for example in ordered])
    settings = _settings(config, checkpoints, _steps_between_checkpoints(len(rows), config))
    stopping = config.early_stopping_patience
    trainer = AnswerTrainer(
        model=learner.model,
        args=settings,
        data_collator=learner.collate,
        train_dataset=rows,
        eval_dataset=rows.select([0]) if stopping else None,
        processing_class=learner.tokenizer,
        callbacks=[EarlyStoppingCallback(stopping)] if stopping else None,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.validate_with(learner, lesson.validation)
    # TRL turns the adapters of quantized models to bfloat16, where small optimizer steps are lost.
    for parameter in learner.model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return trainer


class AnswerTrainer(SFTTrainer):
    """TRL's trainer without its usage ping, and with a loss that spares a CPU the prompt's logits.

    TRL's fused head recomputes all logits in the backward pass: a quarter of a step's time here.
    """

    def _send_telemetry(self) -> None:
        """Send nothing."""

    def validate_with(self, learner: Learner, validation: Pools) -> None:
        """Measure validations as they are measured before and after training."""
        self._learner, self._validation = learner, validation

    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        """Log the mean loss of the domains, and tell those who watch."""
        found = {"eval_loss": fmean(self._learner.losses(self._validation).values())}
        self.log(found)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
        return found

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


def _steps_between_checkpoints(examples: int, config: FinetuneConfig) -> int:
    steps = examples // config.step_size
    return max(1, min(CHECKPOINT_STEPS, steps // 8))


def _settings(config: FinetuneConfig, checkpoints: Path, save_steps: int) -> SFTConfig:
    cuda = torch.cuda.is_available()
    watched = config.early_stopping_patience is not None
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
        eval_strategy="steps" if watched else "no",
        eval_steps=save_steps if watched else None,
        load_best_model_at_end=watched,
        metric_for_best_model="loss" if watched else None,
        greater_is_better=False if watched else None,
        restore_callback_states_from_checkpoint=watched,
        logging_nan_inf_filter=False,
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

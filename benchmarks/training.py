"""What a minute of training is worth: answer tokens a second, held-out loss and memory, way by way.

In: a folder with `train.jsonl` and `validation.jsonl`. Out: `results/training.json`. Each way trains a LoRA
of the same form on the embedded model, with the same examples and learning rate and in the same type, on
one thread and in a process of its own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from datasets import Dataset
from peft import PeftModel
from torch.nn.functional import pad
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from benchmarks.machine import save
from tasks.finetune.answer_loss import answer_loss
from tasks.finetune.batches import collate, padded, row
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.encoding import IGNORED, Encoded, encode_examples
from tasks.finetune.learner import Learner, Lesson
from tasks.finetune.network import adapted_model, round_frozen
from tasks.finetune.train_loop import train
from tasks.kernel.workspace import silent
from tasks.models.embedded import embedded_model_folder
from tasks.models.loading import load_tokenizer
from tasks.records.dataset import Example
from tasks.records.files import read_records

EXAMPLES = 64
WIDTH = 512
"""To which the reference script pads every example."""
SETTINGS = {
    "quantization": "none",
    "compute_dtype": "auto",
    "adapter": {"kind": "lora", "rank": 16, "alpha": 32, "dropout": 0},
    "per_device_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "learning_rate": 1e-3,
    "warmup_steps": 3,
}
Way = Callable[[PeftModel, Sequence[Encoded], FinetuneConfig], None]


def main() -> None:
    """Measure each way in a process of its own, and save what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="a domain's `train.jsonl` and `validation.jsonl`")
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--here", choices=WAYS, help="measure one way in this process, and print JSON")
    asked = parser.parse_args()
    if asked.here:
        sys.stdout.write(json.dumps(measure(asked.here, asked.folder, asked.examples)) + "\n")
        return
    rows = []
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.training", str(asked.folder)]
        command += ["--examples", str(asked.examples), "--here", way]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    save("training", {"ways": rows})


def measure(way: str, folder: Path, count: int) -> dict[str, object]:
    """Train one way and return its figures; loading is not counted, and validation is alike for all."""
    torch.set_num_threads(1)
    base, config = embedded_model_folder(), FinetuneConfig.model_validate(SETTINGS)
    tokenizer = load_tokenizer(base)
    examples, validation = (
        encode_examples(read_records(folder / f"{split}.jsonl", Example), "", tokenizer, WIDTH)
        for split in ("train", "validation")
    )
    chosen = examples[:count]
    model = adapted_model(base, config)
    began = _processor_seconds()
    WAYS[way](model.train(), chosen, config)
    seconds = _processor_seconds() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    held_out = answer_loss(model, validation, padded, bfloat16=config.computes_16_bits)
    answers = sum(label != IGNORED for one in chosen for label in one.labels)
    return {
        "way": way,
        "compute_dtype": config.compute_dtype,
        "examples": len(chosen),
        "answer_tokens": answers,
        "processor_seconds": round(seconds, 1),
        "answer_tokens_per_second": round(answers / seconds, 2),
        "held_out_loss": round(held_out, 4),
        "peak_memory_bytes": peak,
    }


def reference(model: PeftModel, examples: Sequence[Encoded], config: FinetuneConfig) -> None:
    """Train as the reference script does: every example padded to 512, all logits, 8 batches of 4 a step."""
    optimizer = torch.optim.AdamW(
        (one for one in model.parameters() if one.requires_grad), lr=config.learning_rate
    )
    size, accumulated = 4, 8
    for start in range(0, len(examples), size):
        batch = padded([row(one) for one in examples[start : start + size]])
        missing = (0, WIDTH - batch["input_ids"].shape[1])
        filled = {name: pad(batch[name], missing) for name in ("input_ids", "attention_mask")}
        labels = pad(batch["labels"], missing, value=IGNORED)
        with torch.autocast("cpu", torch.bfloat16, enabled=config.computes_16_bits):
            loss = model(**filled, labels=labels, use_cache=False).loss
        (loss / accumulated).backward()
        if (start // size + 1) % accumulated == 0 or start + size >= len(examples):
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()


def trl_defaults(model: PeftModel, examples: Sequence[Encoded], config: FinetuneConfig) -> None:
    """Train as TRL does when it is told nothing but the data, the learning rate and to use the processor."""
    with tempfile.TemporaryDirectory() as folder:
        settings = SFTConfig(
            output_dir=folder,
            num_train_epochs=1,
            learning_rate=config.learning_rate,
            use_cpu=True,
            bf16=config.computes_16_bits,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
        )
        rows = Dataset.from_list([row(one) for one in examples])
        tokenizer = load_tokenizer(embedded_model_folder())
        SFTTrainer(model=model, args=settings, train_dataset=rows, processing_class=tokenizer).train()


def here(model: PeftModel, examples: Sequence[Encoded], config: FinetuneConfig) -> None:
    """Train as the demo does."""
    tokenizer = load_tokenizer(embedded_model_folder())
    if config.computes_16_bits:
        round_frozen(model)
    learner = Learner(model, tokenizer, collate, config.computes_16_bits)
    with tempfile.TemporaryDirectory() as folder:
        train(learner, Lesson(examples, {}), config, Path(folder), silent)


def _processor_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system


WAYS: Mapping[str, Way] = {"reference script": reference, "TRL's defaults": trl_defaults, "here": here}


if __name__ == "__main__":
    main()

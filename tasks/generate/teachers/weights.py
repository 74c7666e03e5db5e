"""Load a teacher's weights where they run fastest.

In: a teacher's config and its model folder. Out: the model, on the GPU where there is one. The embedded
model stays in float32 everywhere: on processors without bfloat16 arithmetic it is the fastest, too.
"""

from pathlib import Path

import torch
from transformers import BitsAndBytesConfig, PreTrainedModel

from tasks.generate.teacher_config import EmbeddedTeacher, TransformersTeacher
from tasks.loading import load_model


def load_teacher(config: EmbeddedTeacher | TransformersTeacher, folder: Path) -> PreTrainedModel:
    """Load the model in `folder`: bfloat16 on a GPU, float32 on the CPU, 4 bits by choice (QLoRA's)."""
    large = isinstance(config, TransformersTeacher)
    dtype = torch.bfloat16 if large and torch.cuda.is_available() else torch.float32
    options: dict[str, object] = {}
    if torch.cuda.is_available():
        options["device_map"] = {"": torch.cuda.current_device()}
    if isinstance(config, TransformersTeacher) and config.quantization == "nf4":
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    return load_model(folder, dtype, **options)


def vocabulary_size(model: PreTrainedModel) -> int:
    """Return the number of token ids that the model tells apart, padding included."""
    return int(model.config.get_text_config().vocab_size)

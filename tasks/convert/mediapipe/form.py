"""The `.task` of an expert, beside its `.litertlm`: prepared before the long work, written after it.

In: a model's folder, its domain's texts, and later its quantized graph. Out: `model.task`. A tokenizer or a
chat template that MediaPipe cannot have is refused while nothing has been spent on it.
"""

import json
import logging
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.convert.mediapipe import bundling
from tasks.convert.mediapipe.archive import require_same
from tasks.convert.mediapipe.lines import LINES, check_lines, compared_lines
from tasks.convert.mediapipe.parameters import PromptFormat
from tasks.convert.mediapipe.pieces import sentencepiece_model
from tasks.convert.mediapipe.prompts import REMEDY, prompt_format
from tasks.kernel.errors import ModelError, StageError
from tasks.kernel.workspace import Inputs
from tasks.models.bundle_metadata import bundle_metadata
from tasks.models.chat import stop_ids
from tasks.models.loading import load_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TASK = "model.task"
INTERPRETER = "POCKETMOE_TASK_PYTHON"
_PROJECT = Path(__file__).parents[3]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """All but the weights."""

    tokenizer: "PreTrainedTokenizerBase"
    model: bytes
    """The tokenizer as SentencePiece."""
    python: Path
    """The interpreter that has MediaPipe's bundler."""

    def write(self, graph: Path, bundle: Path, folder: Path, scratch: Path) -> Path:
        """Write the `.task` with `graph` and the stop tokens of `bundle` to `folder`, and open it again."""
        form = prompt_format(self.tokenizer, bundle_metadata(bundle).stop_tokens)
        pieces, task = scratch / "sentencepiece.model", folder / TASK
        pieces.write_bytes(self.model)
        asked = {"tflite": graph, "tokenizer": pieces, "target": task, "format": form.to_json()}
        _bundle(self.python, {name: str(value) for name, value in asked.items()})
        require_same(task, graph, self.model, form)
        logger.info("%s of %.1f MB, opened again", TASK, task.stat().st_size / 1e6)
        return task


def prepare(inputs: Inputs) -> Prepared:
    """Convert and check what a `.task` says of the model in `merged`, on the lines of `corpus` and `qa`.

    Raises ModelError where the model's tokenizer or template has no such form, and StageError where the
    bundler is missing.
    """
    merged = inputs["merged"]
    python, tokenizer = _interpreter(), load_tokenizer(merged)
    form = prompt_format(tokenizer, tuple(stop_ids(tokenizer)))
    model = sentencepiece_model(merged)
    lines = compared_lines(tokenizer, form.start_token, inputs["corpus"], inputs["qa"])
    check_lines(merged, tokenizer, model, lines)
    _require_tokens(merged, tokenizer, model, form)
    logger.info("as SentencePiece the tokenizer gives %d lines the same tokens", LINES)
    return Prepared(tokenizer, model, python)


def _interpreter() -> Path:
    python = Path(os.environ.get(INTERPRETER, ""))
    if not python.is_file():
        raise StageError(
            f"{python}: no interpreter with MediaPipe's bundler, which `task` in `convert.formats` needs; run"
            f" `make task-tools`, or set {INTERPRETER}"
        )
    return python


def _require_tokens(
    merged: Path, tokenizer: "PreTrainedTokenizerBase", model: bytes, form: PromptFormat
) -> None:
    """Raise ModelError where the start token or a stop token, which a `.task` has as text, is another."""
    from sentencepiece import SentencePieceProcessor

    other = SentencePieceProcessor(model_proto=model)
    for text in filter(None, (form.start_token, *form.stop_tokens)):
        if other.PieceToId(text) != tokenizer.convert_tokens_to_ids(text):
            raise ModelError(f"{merged}: as SentencePiece its tokenizer has no token {text!r}; {REMEDY}")


def _bundle(python: Path, request: dict[str, str]) -> None:
    done = subprocess.run(
        [str(python), "-m", bundling.__name__],
        input=json.dumps(request),
        env={**os.environ, "PYTHONPATH": str(_PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise StageError(f"{python}: MediaPipe's bundler failed: {last}; run `make task-tools` again")

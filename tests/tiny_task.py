"""A tiny expert as `.litertlm` and as `.task`, from the converter's environment, and a domain's texts."""

import io
import os
import subprocess
from pathlib import Path

import pytest
from tiny_bundle import CONVERTER, PROJECT, save_wild

from tasks.models.sources import TinyModel
from tasks.records.corpus import Passage
from tasks.records.dataset import SPLITS, Example
from tasks.records.files import write_records

TASK_PYTHON = PROJECT / ".venv-task" / "bin" / "python"
needs_bundler = pytest.mark.skipif(
    not (PROJECT / ".venv-task" / "installed").is_file(),
    reason="MediaPipe's bundler is not here; `make task-tools` installs it",
)
SCRIPT = """
import sys
from pathlib import Path
from tasks.convert import run, tracing
from tasks.convert.config import ConvertConfig
from tasks.kernel.workspace import Workspace, silent
root = Path(sys.argv[1])
config = ConvertConfig(cache_length=256, formats=("litertlm", "task"))
inputs = {name: root / name for name in ("merged", "graph", "corpus", "qa")}
tracing.run({"model": inputs["merged"]}, config.graph(), Workspace(inputs["graph"], root / "scratch", silent))
for name in ("edge", "again"):
    run.run(inputs, config, Workspace(root / name, root / "scratch", silent))
"""


def convert_with_task(root: Path) -> None:
    """Write the model to `merged` and, twice, what the stage makes of it, to `edge` and `again`."""
    for name in ("merged", "graph", "edge", "again", "scratch"):
        (root / name).mkdir()
    save_wild(root / "merged", TinyModel())
    write_texts(root)
    done = in_converter(SCRIPT, root)
    assert done.returncode == 0, done.stderr[-3000:]


def save_gemma_like(folder: Path) -> None:
    """Train a SentencePiece model, and save it with a tokenizer whose template is Gemma's in short."""
    from sentencepiece import SentencePieceTrainer
    from transformers import GemmaTokenizer

    from tasks.models.tiny import CHAT_TEMPLATE

    folder.mkdir()
    texts = ("Rain is wet, and the sun is dry.", "Why does rain fall on a sunny day? Nobody knows why.")
    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(texts * 40),
        model_writer=model,
        vocab_size=340,
        model_type="bpe",
        byte_fallback=True,
        user_defined_symbols=["<start_of_turn>", "<end_of_turn>"],
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        minloglevel=2,
        pad_id=0,
        eos_id=1,
        eos_piece="<eos>",
        bos_id=2,
        bos_piece="<bos>",
        unk_id=3,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    tokenizer = GemmaTokenizer.from_pretrained(folder)
    turns = CHAT_TEMPLATE.replace("<|im_start|>", "<start_of_turn>").replace("<|im_end|>", "<end_of_turn>")
    tokenizer.chat_template = "{{- bos_token -}}" + turns
    tokenizer.save_pretrained(folder)


def write_texts(root: Path, question: str = "Why?", text: str = "Rain is wet.\nThe sun is dry.") -> None:
    """Write a domain of one passage and of one pair on each side to `corpus` and `qa`."""
    for name in ("corpus", "qa"):
        (root / name).mkdir()
    passage = Passage(id="1", document="a.pdf", document_digest="0", pages=(1, 1), text=text)
    write_records(root / "corpus" / "passages.jsonl", [passage])
    for split in SPLITS:
        pair = Example(id=split, question=f"{split}? {question}", answer=text, teacher="dataset")
        write_records(root / "qa" / f"{split}.jsonl", [pair])


def in_converter(script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """Run a script with the converter's interpreter, which finds MediaPipe's bundler."""
    assert CONVERTER.is_file(), f"{CONVERTER}: no such interpreter; run `make install`"
    return subprocess.run(
        [CONVERTER, "-c", script, *arguments],
        cwd=PROJECT,
        env={**os.environ, "POCKETMOE_TASK_PYTHON": str(TASK_PYTHON)},
        capture_output=True,
        text=True,
        check=False,
    )

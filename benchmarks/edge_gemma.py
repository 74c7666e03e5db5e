"""How large Gemma-3-1B's architecture becomes, and what converting it takes: random weights, our own stages.

Writes `results/edge_gemma.json`. Run `python -m benchmarks.edge_gemma`, which needs 16 GB of memory and 15 GB
of disk. Sizes do not depend on the weights. The tokenizer is not Gemma's, but has a word for each row of the
table, so that its bytes are of the right order.
"""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

from benchmarks.machine import save
from benchmarks.staged import Measured, run_stage
from tasks.kernel.settings import PROJECT, Settings
from tasks.records.edge import read_breakdown

WORK = PROJECT / "artifacts" / "bench-gemma"
SEED = 7
CONTEXT, PREFILL, BLOCK = 1280, 128, 128
EMBEDDINGS = ("int8", "int4")
VOCABULARY = 262_144
NEW_LETTERS, MOST_GROWING = 4, 10_000
"""New words that each word becomes, and words that grow in a round: most have ten letters in the end."""
SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<start_of_turn>"
    "{% if message['role'] == 'assistant' %}model{% else %}{{ message['role'] }}{% endif %}{{ '\\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}{{ part['text'] }}{% endfor %}{% endif %}"
    "<end_of_turn>{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model{{ '\\n' }}{% endif %}"
)


def main() -> None:
    """Trace once, convert with either table, and write the results."""
    shutil.rmtree(WORK, ignore_errors=True)
    model = WORK / "model"
    save_gemma(model, VOCABULARY)
    shape: dict[str, object] = {"prefill_lengths": [PREFILL], "cache_length": CONTEXT}
    traced = _stage("tasks.convert.tracing", {"model": model}, shape, "graph")
    figures: dict[str, object] = {"block_size": BLOCK, "context": CONTEXT, "trace": _cost(traced)}
    for kind in EMBEDDINGS:
        config = shape | {"quantization": quantization(kind)}
        done = _stage("tasks.convert.run", {"merged": model, "graph": traced.out}, config, kind)
        figures[kind] = {
            "bundle_bytes": (done.out / "model.litertlm").stat().st_size,
            "parts": {f"{row.group}, {row.dtype}": row.bytes for row in read_breakdown(done.out)},
            **_cost(done),
        }
        # Whatever comes after, what was measured is kept.
        save("edge_gemma", figures)
    shutil.rmtree(WORK)


def quantization(embedding: str) -> dict[str, object]:
    """Return the grid whose head shares the table."""
    return {"block_size": BLOCK, "embedding": embedding, "head": embedding}


def save_gemma(folder: Path, vocabulary: int, **smaller: int) -> None:
    """Write the architecture with random weights in bfloat16, and a tokenizer of so many words."""
    torch.manual_seed(SEED)
    shape = {
        "hidden_size": 1152,
        "intermediate_size": 6912,
        "num_hidden_layers": 26,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 256,
        "query_pre_attn_scalar": 256,
        "sliding_window": 512,
        **smaller,
    }
    ids = {f"{name}_token_id": SPECIAL.index(f"<{name}>") for name in ("pad", "eos", "bos")}
    told = {**shape, **ids, "vocab_size": vocabulary, "max_position_embeddings": 32768}
    model = Gemma3ForCausalLM(Gemma3TextConfig.from_dict(told))
    # Half the bytes on the disk: conversion works in float32 whatever is stored.
    torch.nn.Module.to(model, torch.bfloat16)
    model.save_pretrained(folder)
    _tokenizer(vocabulary).save_pretrained(folder)


def _tokenizer(vocabulary: int) -> PreTrainedTokenizerFast:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words, merges = dict.fromkeys([*SPECIAL, *letters]), []
    for left, right in _pairs(letters):
        if left + right not in words:
            merges.append((left, right))
            words[left + right] = None
        if len(words) == vocabulary:
            break
    numbers = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=numbers, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **{f"{name}_token": f"<{name}>" for name in ("pad", "bos", "unk")},
        eos_token="<end_of_turn>",
        chat_template=TEMPLATE,
    )


def _pairs(letters: list[str]) -> Iterator[tuple[str, str]]:
    """Yield words that were made before, each with a letter more: they become as long as real ones."""
    draw = random.Random(SEED)  # noqa: S311  # made-up words, no secret
    made = plain = [letter for letter in letters if letter.isascii() and letter.isalpha()]
    while True:
        words, made = made, []
        for word in draw.sample(words, min(len(words), MOST_GROWING)):
            grown = [(word, letter) for letter in draw.sample(plain, NEW_LETTERS)]
            made += map("".join, grown)
            yield from grown


def _stage(module: str, inputs: dict[str, Path], config: dict[str, object], name: str) -> Measured:
    python, threads = Settings.read().convert_python, psutil.cpu_count() or 1
    return run_stage(module, inputs, config, WORK / name, threads, python)


def _cost(done: Measured) -> dict[str, object]:
    return {"seconds": done.seconds, "cpu_seconds": done.cpu_seconds, "peak_memory_bytes": done.peak_bytes}


if __name__ == "__main__":
    main()

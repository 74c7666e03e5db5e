"""Let each form of an expert answer: probes in, a distribution for each token of an answer out.

A Hugging Face folder runs in torch, a `.tflite` in the interpreter of LiteRT, as a bundle's runtime runs it:
the prompt in pieces of the prefill's length, and the answer token by token.
"""

import gc
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tasks.convert.chain.probes import Asked
from tasks.models.loading import load_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

Logits = list["NDArray[np.float32]"]
"""For each probe: tokens of the answer x vocabulary."""
_HIDDEN = -0.7 * float(np.finfo(np.float32).max)
"""What the runtime adds to the attention scores of what must not be seen."""
_TOKENS_A_STEP = 8
"""Prefilled in about the time of one decoding step; a piece that is emptier is decoded."""


@torch.inference_mode()
def model_logits(folder: Path, probes: Sequence[Asked]) -> Logits:
    """Return what the model in `folder` says, in float32."""
    model, found = load_model(folder), []
    for probe in probes:
        ids = torch.tensor([probe.prompt + probe.answer[:-1]])
        logits = model(input_ids=ids, use_cache=False).logits[0, len(probe.prompt) - 1 :]
        found.append(logits.float().numpy().copy())
    del model
    gc.collect()
    return found


def graph_logits(tflite: Path, probes: Sequence[Asked]) -> Logits:
    """Return what the graph says."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(tflite), num_threads=int(os.environ.get("OMP_NUM_THREADS", "1")))
    prefills = [name for name in interpreter.get_signature_list() if name.startswith("prefill")]
    shortest = min(prefills, key=lambda name: int(name.rpartition("_")[2]))
    decode = interpreter.get_signature_runner("decode")
    graph = _Graph(interpreter.get_signature_runner(shortest), decode)
    return [graph.answer(probe) for probe in probes]


class _Graph:
    """A graph with the cache of one conversation."""

    def __init__(self, prefill: Any, decode: Any) -> None:
        self._prefill, self._decode = prefill, decode
        shapes = decode.get_input_details()
        self._cache = {name: shapes[name]["shape"] for name in shapes if name.startswith("kv_cache")}
        self._length = int(shapes["mask"]["shape"][-1])
        self._piece = int(prefill.get_input_details()["tokens"]["shape"][-1])

    def answer(self, probe: Asked) -> "NDArray[np.float32]":
        cache: dict[str, Any] = {name: np.zeros(shape, np.float32) for name, shape in self._cache.items()}
        known, place = probe.prompt[:-1], 0
        while (len(known) - place) * _TOKENS_A_STEP >= self._piece and place + self._piece <= self._length:
            piece = known[place : place + self._piece]
            cache = self._run(self._prefill, piece + (0,) * (self._piece - len(piece)), place, cache)
            place += len(piece)
        found = []
        for position, token in enumerate((probe.prompt + probe.answer)[place:-1], place):
            cache = self._run(self._decode, (token,), position, cache)
            if position >= len(known):
                found.append(cache["logits"][0, 0].copy())
        return np.stack(found)

    def _run(self, runner: Any, tokens: tuple[int, ...], start: int, cache: dict[str, Any]) -> dict[str, Any]:
        positions = np.arange(start, start + len(tokens), dtype=np.int32)
        hidden = np.arange(self._length)[None, :] > positions[:, None]
        mask = np.where(hidden, np.float32(_HIDDEN), np.float32(0))[None, None]
        kept = {name: cache[name] for name in self._cache}
        found: dict[str, Any] = runner(
            tokens=np.array([tokens], dtype=np.int32), input_pos=positions, mask=mask, **kept
        )
        return found

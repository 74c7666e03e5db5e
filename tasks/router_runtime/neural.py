"""A sentence encoder with a linear head, as ONNX: what the semantic and the encoder kind ship.

The graph takes token ids and gives an embedding of length 1 and a score for each label, so that a phone
needs onnxruntime and the tokenizer's JSON alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.kernel.errors import DataError
from tasks.router_runtime.arrays import REMEDY, read_arrays, write_arrays
from tasks.router_runtime.question_scores import Floats, QuestionScores

if TYPE_CHECKING:  # other kinds of router need neither
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

Tokens = NDArray[np.int64]
MODEL, TOKENIZER, CENTROIDS = "model.onnx", "tokenizer.json", "centroids.npz"
_BATCH_TOKENS = 384
"""Tokens of a batch at most, unless one question has more: larger ones outgrow a core's cache."""


class NeuralPart(BaseModel):
    """What router.json holds of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["neural"] = "neural"
    max_length: int = Field(ge=2)
    """Tokens of a question that are read."""
    width: int = Field(ge=1)
    """Numbers in an embedding."""
    precision: Literal["float32", "int8"] = "float32"
    examples: tuple[str, ...] = ()
    """Known questions, one a row of the `examples` array, for explanations."""
    example_labels: tuple[int, ...] = ()

    @model_validator(mode="after")
    def each_labelled(self) -> "NeuralPart":
        """Refuse examples without a label."""
        if len(self.examples) != len(self.example_labels):
            raise ValueError("examples and example_labels differ in length")
        return self


@dataclass(frozen=True)
class NeuralScorer:
    """An ONNX graph: `input_ids` and `attention_mask` in, `embedding` and `scores` out."""

    part: NeuralPart
    model: bytes
    tokenizer: str
    """The tokenizer's JSON."""
    centroids: Floats
    """(labels, width): the mean embedding of each label's questions, of length 1."""
    example_embeddings: Floats
    """(examples, width)."""

    @property
    def stage_names(self) -> tuple[str, ...]:
        """There is one stage."""
        return ("",)

    def score(self, questions: Sequence[str]) -> QuestionScores:
        """Return scores, and as a sign the cosine with the nearest label's centroid."""
        return self.scored(*self.run(questions))

    def scored(self, embeddings: Floats, scores: Floats) -> QuestionScores:
        """Return what `run` found as scores and signs."""
        return QuestionScores.of(scores, (embeddings @ self.centroids.T).max(axis=1, keepdims=True))

    def run(self, questions: Sequence[str]) -> tuple[Floats, Floats]:
        """Return embeddings (questions, width) and scores (questions, labels)."""
        # A half of a surrogate pair, as JSON may write it, is no text for the tokenizer.
        encoded = self._tokenizer.encode_batch([one.encode(errors="replace").decode() for one in questions])
        embeddings = np.zeros((len(encoded), self.part.width), dtype=np.float32)
        scores = np.zeros((len(encoded), len(self.centroids)), dtype=np.float64)
        for rows in _batches([len(one.ids) for one in encoded]):
            found = self._session.run(["embedding", "scores"], _padded([encoded[row] for row in rows]))
            embeddings[rows], scores[rows] = found
        return embeddings, scores

    def nearest(self, question: str, count: int) -> list[tuple[str, int, float]]:
        """Return known questions that are nearest: text, label and cosine, the nearest first."""
        if not self.part.examples:
            return []
        cosines = self.example_embeddings @ self.run([question])[0][0]
        return [
            (self.part.examples[place], self.part.example_labels[place], float(cosines[place]))
            for place in (-cosines).argsort(kind="stable")[:count]
        ]

    @cached_property
    def _session(self) -> "InferenceSession":
        return session_of(self.model)

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        tokenizer: Tokenizer = Tokenizer.from_str(self.tokenizer)
        tokenizer.enable_truncation(self.part.max_length)
        tokenizer.no_padding()
        return tokenizer

    def store(self, folder: Path) -> NeuralPart:
        """Write the graph, the tokenizer and the centroids."""
        (folder / MODEL).write_bytes(self.model)
        (folder / TOKENIZER).write_text(self.tokenizer, encoding="utf-8")
        write_arrays(folder / CENTROIDS, centroids=self.centroids, examples=self.example_embeddings)
        return self.part

    @classmethod
    def open(cls, part: NeuralPart, folder: Path, labels: int) -> "NeuralScorer":
        """Read the files; raise DataError where one is missing or cannot be run."""
        shapes = {"centroids": (labels, part.width), "examples": (len(part.examples), part.width)}
        arrays = read_arrays(folder / CENTROIDS, shapes)
        if not all(0 <= label < labels for label in part.example_labels):
            raise DataError(f"{folder}: an example has a label that the router does not know; {REMEDY}")
        try:
            model = (folder / MODEL).read_bytes()
            tokenizer = (folder / TOKENIZER).read_text(encoding="utf-8")
            scorer = cls(part, model, tokenizer, arrays["centroids"], arrays["examples"])
            scorer.run(["a question"])
        # The tokenizer's errors are bare Exceptions, and ONNX Runtime's have no other class in common.
        except Exception as error:
            raise DataError(f"{folder}: not an encoder that can be run ({error}); {REMEDY}") from error
        return scorer


def session_of(model: bytes) -> "InferenceSession":
    """Return what runs the graph, on one core: many sessions may stand side by side."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Give rows in batches of like lengths, so that little is padded."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[row] > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _padded(encoded: "Sequence[Encoding]") -> dict[str, Tokens]:
    longest = max(1, *(len(one.ids) for one in encoded))
    ids, mask = (np.zeros((len(encoded), longest), dtype=np.int64) for _ in range(2))
    for row, one in enumerate(encoded):
        ids[row, : len(one.ids)], mask[row, : len(one.ids)] = one.ids, 1
    return {"input_ids": ids, "attention_mask": mask}

"""A linear classifier over TF-IDF n-grams, each block of them l2-normalised: plain arrays and JSON.

NumPy alone serves it, so chat and evaluation need no scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from tasks.router_runtime.arrays import read_arrays, write_arrays
from tasks.router_runtime.ngrams import Ngrams
from tasks.router_runtime.question_scores import Floats, QuestionScores

WEIGHTS = "weights.npz"


class LinearPart(BaseModel):
    """What router.json holds of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["linear"] = "linear"
    blocks: tuple[Ngrams, ...]


@dataclass(frozen=True)
class LinearScorer:
    """Scores are `coef` times the weights of a question's n-grams, plus the intercepts."""

    blocks: tuple[Ngrams, ...]
    coef: Floats
    """One row a label, one column an n-gram; columns in the order of the blocks."""
    intercept: Floats
    idf: Floats

    @property
    def stage_names(self) -> tuple[str, ...]:
        """There is one stage."""
        return ("",)

    def score(self, questions: Sequence[str]) -> QuestionScores:
        """Return scores, and as a sign the share of each question's words that are known, block by block."""
        if len(questions) == 1:
            return self._score_one(questions[0])
        # Only the intercepts are left for a question without a known n-gram, as in scikit-learn.
        scores = np.tile(self.intercept.astype(np.float64), (len(questions), 1))
        known = []
        for block, start, end in self.ranges:
            weights, shares = block.weigh(questions, self.idf[start:end])
            # Of another type, the whole of the other matrix would be copied for each call.
            scores += weights.astype(self._columns.dtype) @ self._columns[start:end]
            known.append(shares)
        return QuestionScores.of(scores, np.column_stack(known) if known else None)

    def _score_one(self, question: str) -> QuestionScores:
        scores, known = self.intercept.astype(np.float64), []
        for block, start, end in self.ranges:
            columns, weights, share = block.weigh_one(question, self.idf[start:end])
            scores = scores + weights.astype(self._columns.dtype) @ self._columns[start + columns]
            known.append(share)
        return QuestionScores.of(scores[None], np.array([known]) if known else None)

    def look_up(self, question: str) -> tuple[list[int], list[int]]:
        """Return the columns of a question's known n-grams, with repeats, and each block's count of all."""
        columns, totals = [], []
        for block, start, _ in self.ranges:
            found, total = block.find(question)
            columns += [start + place - 1 for place in found]
            totals.append(total)
        return columns, totals

    @cached_property
    def ranges(self) -> list[tuple[Ngrams, int, int]]:
        """Return each block with its first column and the one after its last."""
        ends = np.cumsum([0, *(len(block.vocabulary) for block in self.blocks)]).tolist()
        return list(zip(self.blocks, ends, ends[1:], strict=False))

    @cached_property
    def _columns(self) -> Floats:
        """Return `coef` by column, so that what belongs to an n-gram lies side by side."""
        return np.ascontiguousarray(self.coef.T)

    def store(self, folder: Path) -> LinearPart:
        """Write `weights.npz`."""
        write_arrays(folder / WEIGHTS, coef=self.coef, intercept=self.intercept, idf=self.idf)
        return LinearPart(blocks=self.blocks)

    @classmethod
    def open(cls, part: LinearPart, folder: Path, labels: int) -> "LinearScorer":
        """Read `weights.npz`; raise DataError where it does not fit."""
        columns = sum(len(block.vocabulary) for block in part.blocks)
        shapes = {"coef": (labels, columns), "intercept": (labels,), "idf": (columns,)}
        return cls(part.blocks, **read_arrays(folder / WEIGHTS, shapes))

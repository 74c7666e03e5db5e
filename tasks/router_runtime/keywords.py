"""Words and phrases that give a label away: rules and questions in, scores out.

Where no rule or rules of two labels hit, all scores are the same: the rules abstain, and a cascade asks on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tasks.kernel.errors import DataError
from tasks.router_runtime.arrays import REMEDY
from tasks.router_runtime.question_scores import QuestionScores
from tasks.text.words import runs


class KeywordPart(BaseModel):
    """What router.json holds of it: everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["keywords"] = "keywords"
    rules: tuple[tuple[str, ...], ...] = Field(min_length=1)
    """Words or phrases of each label, in the order of the labels; written as `runs` finds them."""


@dataclass(frozen=True)
class KeywordScorer:
    """Scores are 1 for the label whose rules hit and 0 for every other one."""

    part: KeywordPart

    @property
    def stage_names(self) -> tuple[str, ...]:
        """There is one stage."""
        return ("",)

    def score(self, questions: Sequence[str]) -> QuestionScores:
        """Return scores, and as a sign whether a rule decided."""
        scores = np.zeros((len(questions), len(self.part.rules)))
        for row, question in enumerate(questions):
            hit = self._hit(question)
            if len(hit) == 1:
                scores[row, hit.pop()] = 1
        return QuestionScores.of(scores, scores.max(axis=1, keepdims=True))

    def _hit(self, question: str) -> set[int]:
        found = runs(question)
        return {
            self._columns[phrase]
            for size in self._sizes
            for start in range(len(found) - size + 1)
            if (phrase := " ".join(found[start : start + size])) in self._columns
        }

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {phrase: column for column, phrases in enumerate(self.part.rules) for phrase in phrases}

    @cached_property
    def _sizes(self) -> list[int]:
        return sorted({len(phrase.split()) for phrase in self._columns})

    @classmethod
    def open(cls, part: KeywordPart, labels: int) -> "KeywordScorer":
        """Take the rules; raise DataError where they are for another number of labels."""
        if len(part.rules) != labels:
            message = f"scorer.rules: {len(part.rules)} lists of keywords for {labels} labels"
            raise DataError(f"router.json: {message}; {REMEDY}")
        return cls(part)

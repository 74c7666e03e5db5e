"""Read a router and ask it: a Router folder in, a domain and probabilities for each question out.

The weights are plain arrays beside JSON, never a pickle, so a router from a stranger can
run no code; and NumPy alone serves it, so chat and evaluation need no scikit-learn.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.errors import DataError

Floats = NDArray[np.float64]
WORD = re.compile(r"\b\w\w+\b")
FORMAT: Literal["pocketmoe-router-1"] = "pocketmoe-router-1"
ARRAYS = ("coef", "intercept", "idf")
REMEDY = "run the route stage again"


@dataclass(frozen=True)
class Router:
    """Multinomial logistic regression over l2-normalised TF-IDF n-grams."""

    labels: tuple[str, ...]
    ngram_range: tuple[int, int]
    vocabulary: tuple[str, ...]
    """The n-gram of each column."""
    coef: Floats
    """One row a label, one column an n-gram."""
    intercept: Floats
    idf: Floats

    def predict(self, questions: list[str]) -> tuple[list[str], Floats]:
        """Return each question's most probable label, and all probabilities (questions, labels)."""
        scores = np.array([self._score(question) for question in questions]).reshape(-1, len(self.labels))
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = odds / odds.sum(axis=1, keepdims=True)
        return [self.labels[best] for best in probabilities.argmax(axis=1)], probabilities

    def _score(self, question: str) -> Floats:
        counts = Counter(self._columns[gram] for gram in self._ngrams(question) if gram in self._columns)
        columns = np.fromiter(counts.keys(), dtype=np.intp)
        weights = np.fromiter(counts.values(), dtype=np.float64) * self.idf[columns]
        # All zero for a question without a known n-gram: then the intercepts decide, as in scikit-learn.
        length = float(np.linalg.norm(weights)) or 1.0
        return self.coef[:, columns] @ (weights / length) + self.intercept

    def _ngrams(self, question: str) -> list[str]:
        words = WORD.findall(question.lower())
        low, high = self.ngram_range
        return [
            " ".join(words[start : start + size])
            for size in range(low, high + 1)
            for start in range(len(words) - size + 1)
        ]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {gram: column for column, gram in enumerate(self.vocabulary)}


class RouterFile(BaseModel):
    """What router.json holds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["pocketmoe-router-1"] = FORMAT
    kind: Literal["tfidf", "constant"]
    """`constant`: one domain, so nothing to learn."""
    labels: tuple[str, ...] = Field(min_length=1)
    ngram_range: tuple[int, int]
    vocabulary: tuple[str, ...]
    """The n-gram of each column of the weights."""


def load_router(folder: Path) -> Router:
    """Load the router in `folder`; raise DataError where a file is missing, damaged or of another format."""
    stored = _stored(folder / "router.json")
    arrays = _arrays(folder / "weights.npz")
    _check_shapes(folder / "weights.npz", arrays, len(stored.labels), len(stored.vocabulary))
    return Router(stored.labels, stored.ngram_range, stored.vocabulary, **arrays)


def _stored(path: Path) -> RouterFile:
    try:
        return RouterFile.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise DataError(f"{path}: {field}: {problem['msg']}; {REMEDY}") from error


def _arrays(path: Path) -> dict[str, Floats]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: np.asarray(archive[name], dtype=np.float64) for name in ARRAYS}
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    except (OSError, KeyError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise DataError(f"{path}: not a router's weights ({error}); {REMEDY}") from error


def _check_shapes(path: Path, arrays: Mapping[str, Floats], labels: int, columns: int) -> None:
    expected = {"coef": (labels, columns), "intercept": (labels,), "idf": (columns,)}
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            message = f"{path}: {name} has shape {arrays[name].shape}, but router.json wants {shape}"
            raise DataError(f"{message}; {REMEDY}")
        if not np.isfinite(arrays[name]).all():
            raise DataError(f"{path}: {name} holds numbers that are not finite; {REMEDY}")

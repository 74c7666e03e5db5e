"""Read a router and ask it: a Router folder in, a domain and probabilities for each question out.

The weights are plain arrays beside JSON, never a pickle, so a router from a stranger can
run no code; and NumPy alone serves it, so chat and evaluation need no scikit-learn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.errors import DataError
from tasks.ngrams import Floats, Ngrams
from tasks.records import write_json

FORMAT: Literal["pocketmoe-router-2"] = "pocketmoe-router-2"
ARRAYS = ("coef", "intercept", "idf")
REMEDY = "run the route stage again"


@dataclass(frozen=True)
class Router:
    """A linear classifier over TF-IDF n-grams, each block of them l2-normalised."""

    labels: tuple[str, ...]
    blocks: tuple[Ngrams, ...]
    coef: Floats
    """One row a label, one column an n-gram; columns in the order of the blocks."""
    intercept: Floats
    idf: Floats
    scale: float = 1.0
    """Factor of the scores before the softmax: the inverse of the calibration's temperature."""

    def predict(self, questions: list[str]) -> tuple[list[str], Floats]:
        """Return each question's most probable label, and all probabilities (questions, labels)."""
        scores = self.scale * self._scores(questions)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = odds / odds.sum(axis=1, keepdims=True)
        return [self.labels[best] for best in probabilities.argmax(axis=1)], probabilities

    def _scores(self, questions: list[str]) -> Floats:
        # Only the intercepts are left for a question without a known n-gram, as in scikit-learn.
        scores = np.tile(self.intercept.astype(np.float64), (len(questions), 1))
        start = 0
        for block in self.blocks:
            end = start + len(block.vocabulary)
            weights = block.weigh(questions, self.idf[start:end])
            # Of another type, the whole of the other matrix would be copied for each call.
            scores += weights.astype(self._columns.dtype) @ self._columns[start:end]
            start = end
        return scores

    @cached_property
    def _columns(self) -> Floats:
        """Return `coef` by column, so that what belongs to an n-gram lies side by side."""
        return np.ascontiguousarray(self.coef.T)


class RouterFile(BaseModel):
    """What router.json holds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["pocketmoe-router-2"] = FORMAT
    kind: Literal["tfidf", "tfidf-reference", "constant"]
    """`constant`: one domain, so nothing to learn."""
    labels: tuple[str, ...] = Field(min_length=1)
    blocks: tuple[Ngrams, ...]
    scale: float = Field(default=1.0, gt=0)
    weights_sha256: str
    """Digest of `weights.npz`: weights of another router are refused."""


def save_router(router: Router, kind: str, settings: Mapping[str, object], folder: Path) -> None:
    """Write `router.json` and `weights.npz`, which `load_router` reads; `settings` are for the reader."""
    weights = BytesIO()
    np.savez(weights, coef=router.coef, intercept=router.intercept, idf=router.idf)
    (folder / "weights.npz").write_bytes(weights.getvalue())
    stored = RouterFile(
        kind="constant" if len(router.labels) == 1 else kind,
        labels=router.labels,
        blocks=router.blocks,
        scale=router.scale,
        weights_sha256=sha256(weights.getvalue()).hexdigest(),
    )
    write_json(folder / "router.json", stored.model_dump(mode="json") | {"settings": dict(settings)})


def load_router(folder: Path) -> Router:
    """Load the router in `folder`; raise DataError where a file is missing, damaged or of another format."""
    stored = _stored(folder / "router.json")
    path = folder / "weights.npz"
    arrays = _arrays(path, stored.weights_sha256)
    _check_shapes(path, arrays, len(stored.labels), sum(len(block.vocabulary) for block in stored.blocks))
    return Router(stored.labels, stored.blocks, scale=stored.scale, **arrays)


def _stored(path: Path) -> RouterFile:
    try:
        return RouterFile.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise DataError(f"{path}: {field}: {problem['msg']}; {REMEDY}") from error


def _arrays(path: Path, digest: str) -> dict[str, Floats]:
    content = _verified(path, digest)
    try:
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in ARRAYS}
    except (OSError, KeyError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise DataError(f"{path}: not a router's weights ({error}); {REMEDY}") from error


def _verified(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    if sha256(content).hexdigest() != digest:
        raise DataError(f"{path}: not the weights that router.json names (SHA-256 differs); {REMEDY}")
    return content


def _check_shapes(path: Path, arrays: Mapping[str, Floats], labels: int, columns: int) -> None:
    expected = {"coef": (labels, columns), "intercept": (labels,), "idf": (columns,)}
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            message = f"{path}: {name} has shape {arrays[name].shape}, but router.json wants {shape}"
            raise DataError(f"{message}; {REMEDY}")
        if not np.isfinite(arrays[name]).all():
            raise DataError(f"{path}: {name} holds numbers that are not finite; {REMEDY}")

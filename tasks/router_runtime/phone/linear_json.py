"""A TF-IDF router as JSON: vocabulary, idf and weights, of which `read_router.py` needs nothing else.

Weights are 16-bit integers times a step for each n-gram, or 32-bit floats, in Base64: half or a quarter of
what their digits would take, and read into one array.
"""

from base64 import b64encode
from typing import Literal

import numpy as np

from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.question_scores import Floats

Precision = Literal["int16", "float32"]
_LARGEST = 32767


def linear_json(scorer: LinearScorer, precision: Precision) -> dict[str, object]:
    """Return the fields of router.json that hold the classifier."""
    return {
        "form": "linear",
        "precision": precision,
        "intercept": scorer.intercept.tolist(),
        "blocks": [
            {
                "analyzer": block.analyzer,
                "shortest": block.ngram_range[0],
                "longest": block.ngram_range[1],
                "min_letters": block.min_letters,
                "sublinear": block.sublinear,
                "ngrams": block.vocabulary,
                "idf": _base64(scorer.idf[start:end], "<f4"),
                **_weights(scorer.coef[:, start:end].T, precision),
            }
            for block, start, end in scorer.ranges
        ],
    }


def _weights(coef: Floats, precision: Precision) -> dict[str, str]:
    """Return the weights (n-grams, labels), one n-gram's labels side by side."""
    if precision == "float32":
        return {"weights": _base64(coef, "<f4")}
    largest = np.abs(coef).max(axis=1, initial=0)
    steps = np.where(largest > 0, largest / _LARGEST, 1.0).astype("<f4")
    return {"weights": _base64(np.rint(coef / steps[:, None]), "<i2"), "steps": _base64(steps, "<f4")}


def _base64(values: Floats, kind: str) -> str:
    return b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode("ascii")

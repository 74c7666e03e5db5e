"""Export a router for a phone: a `Router` in, a folder of JSON, ONNX and readers out.

Nothing is left in the folder unless every form in it answers a thousand questions as the router does.
"""

import json
import shutil
from base64 import b64encode
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tasks.kernel.errors import ConfigError, DataError
from tasks.router_runtime.composite import CascadeScorer, HierarchyScorer
from tasks.router_runtime.confidence import AHEAD
from tasks.router_runtime.keywords import KeywordScorer
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.neural import MODEL, TOKENIZER, NeuralScorer
from tasks.router_runtime.phone.linear_graph import linear_graph
from tasks.router_runtime.phone.parity import (
    Answers,
    Parity,
    answers_of,
    answers_of_graph,
    answers_of_reader,
    compare,
    parity_questions,
    require,
)
from tasks.router_runtime.question_scores import Floats
from tasks.router_runtime.router import Router

FORMAT = "pocketmoe-phone-1"
NAME, GRAPH = "router.json", "router.onnx"
READER, PARTS_READER, README = "read_router.py", "read_parts.py", "README.md"
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    parities: tuple[Parity, ...]
    bytes: dict[str, int]
    """Size by file."""


def export_router(router: Router, folder: Path, own_questions: Sequence[str] = ()) -> Exported:
    """Write `router` to a new folder; raise DataError where an exported form says anything else.

    `own_questions` are of the kind that the router was made for; generated ones are added up to a thousand.
    """
    if len(router.labels) == 1:
        raise ConfigError(f"the router knows one domain, {router.labels[0]}: there is nothing to export")
    if folder.exists():
        raise ConfigError(f"{folder}: exists already; name a new folder")
    questions = parity_questions(own_questions)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        parities = _write(router, folder, questions)
        undo.pop_all()
    sizes = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return Exported(folder, tuple(parities), sizes)


def _write(router: Router, folder: Path, questions: Sequence[str]) -> list[Parity]:
    wanted = answers_of(router, questions)
    linear = isinstance(router.scorer, LinearScorer)
    folder.mkdir(parents=True)
    for name in (README, READER) if linear else (README, READER, PARTS_READER):
        shutil.copyfile(_HERE / name, folder / name)
    if not isinstance(router.scorer, LinearScorer):
        _write_part(router, folder, "float32")
        return [_checked("files", wanted, answers_of_reader(folder, PARTS_READER, questions), folder)]
    return [
        _write_linear(router, folder, questions, wanted),
        _checked(GRAPH, wanted, _graph_answers(router, router.scorer, folder, questions), folder),
    ]


def _write_linear(router: Router, folder: Path, questions: Sequence[str], wanted: Answers) -> Parity:
    """Write 16-bit weights; where their rounding shows, write floats in their place."""
    _write_part(router, folder, "int16")
    rounded = compare(f"{NAME} (int16)", wanted, answers_of_reader(folder, READER, questions))
    if rounded.holds:
        return rounded
    _write_part(router, folder, "float32")
    return _checked(f"{NAME} (float32)", wanted, answers_of_reader(folder, READER, questions), folder)


def _checked(form: str, wanted: Answers, found: Answers, folder: Path) -> Parity:
    parity = compare(form, wanted, found)
    require(parity, folder)
    return parity


def _graph_answers(router: Router, scorer: LinearScorer, folder: Path, questions: Sequence[str]) -> Answers:
    path = folder / GRAPH
    path.write_bytes(linear_graph(router, scorer).SerializeToString())
    return answers_of_graph(path, scorer, questions)


Precision = Literal["int16", "float32"]


def _write_part(router: Router, folder: Path, precision: Precision) -> None:
    """Write one router and, in folders of their own, the routers that it is made of."""
    folder.mkdir(exist_ok=True)
    part = {
        "format": FORMAT,
        "labels": router.labels,
        "calibration": router.calibration.model_dump(mode="json") | {"ahead": AHEAD},
        "scope": router.scope.model_dump(mode="json") if router.scope else None,
        "policy": router.policy.model_dump(mode="json"),
        **_form(router, folder, precision),
    }
    text = json.dumps(part, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    (folder / NAME).write_text(text, encoding="utf-8")


def _form(router: Router, folder: Path, precision: Precision) -> dict[str, object]:
    match scorer := router.scorer:
        case LinearScorer():
            return linear_json(scorer, precision)
        case NeuralScorer():
            return _neural(scorer, folder)
        case KeywordScorer():
            return {"form": "keywords", "rules": scorer.part.rules}
        case CascadeScorer():
            network = scorer.handover.network
            return {
                "form": "cascade",
                "stages": _each("stage", scorer.stages, folder, precision),
                "names": scorer.stage_names,
                "thresholds": scorer.handover.thresholds,
                "network": {key: one.tolist() for key, one in vars(network).items()} if network else None,
            }
        case HierarchyScorer():
            coarse = _each("coarse", (scorer.coarse,), folder, precision)
            fine = _each("fine", scorer.fine, folder, precision)
            return {"form": "hierarchy", "coarse": coarse[0], "fine": fine}
        case _:
            raise DataError(f"{type(scorer).__name__}: no form for phones; choose another `router.kind`")


def _each(name: str, routers: Sequence[Router], folder: Path, precision: Precision) -> list[str]:
    names = [f"{name}-{place}" for place in range(len(routers))]
    for one, router in zip(names, routers, strict=True):
        _write_part(router, folder / one, precision)
    return names


def _neural(scorer: NeuralScorer, folder: Path) -> dict[str, object]:
    (folder / MODEL).write_bytes(scorer.model)
    (folder / TOKENIZER).write_text(scorer.tokenizer, encoding="utf-8")
    return {
        "form": "neural",
        "model": MODEL,
        "tokenizer": TOKENIZER,
        "max_length": scorer.part.max_length,
        "precision": scorer.part.precision,
        "centroids": scorer.centroids.tolist(),
    }


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

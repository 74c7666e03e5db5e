"""Train several kinds of router on the same questions and compare them.

In: labelled questions to train and to test on, and kinds. Out: one row a kind. Each router is
written and read back first: what is timed, weighed and scored is the file that ships.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from pydantic import Field, ValidationError

from tasks.errors import ConfigError, DataError
from tasks.records import Record
from tasks.route.config import LinearRouter, TfidfReferenceRouter, TfidfRouter
from tasks.route.fit import fit_router
from tasks.route.questions import Questions, plain
from tasks.route.score import score_router
from tasks.router import Router, load_router, save_router

_TIMED = 1000
"""Single questions that are timed at most."""
_WARM_UP = 20


class Labelled(Record):
    """A line of a question file."""

    model_config = Record.model_config | {"extra": "ignore"}

    question: str = Field(min_length=1)
    domain: str = Field(min_length=1)


class Compared(Record):
    """What one kind of router reaches."""

    kind: str
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    """Wilson's 95 % interval."""
    macro_f1: float
    ece: float
    p95_ms: float
    """95th percentile of the time for one question alone, in process."""
    file_bytes: int
    train_seconds: float
    questions: int
    """Test questions."""
    repeated_questions: int
    """Test questions that are word for word among the training questions."""


def compare_routers(train: Questions, test: Questions, kinds: Sequence[LinearRouter]) -> Iterator[Compared]:
    """Fit each kind on `train` and give its figures on `test`; raise DataError for unknown domains."""
    if unknown := sorted(set(test.domains) - set(train.domains)):
        raise DataError(f"domain {unknown[0]}: in the test file but not in the training file; correct one")
    seen = {plain(text) for text in train.texts}
    repeated = sum(plain(text) in seen for text in test.texts)
    for settings in kinds:
        started = time.perf_counter()
        fitted = fit_router(train, settings)
        seconds = time.perf_counter() - started
        router, size = _shipped(fitted, settings)
        scores = score_router(router, test)
        yield Compared(
            kind=settings.kind,
            **scores.model_dump(include={"accuracy", "accuracy_low", "accuracy_high", "macro_f1", "ece"}),
            p95_ms=_p95_ms(router, test.texts),
            file_bytes=size,
            train_seconds=seconds,
            questions=scores.questions,
            repeated_questions=repeated,
        )


def linear_router(kind: str) -> LinearRouter:
    """Return the default settings of a kind; raise ConfigError for one that cannot be compared."""
    match kind:
        case "tfidf":
            return TfidfRouter()
        case "tfidf-reference":
            return TfidfReferenceRouter()
        case _:
            raise ConfigError(f"--kinds: {kind}: no such router yet; choose among tfidf, tfidf-reference")


def read_labelled(path: Path) -> Questions:
    """Read JSON lines with `question` and `domain`; raise DataError with file and line of a bad one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); give a UTF-8 file of JSON lines") from error
    rows = [_labelled(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise DataError(f"{path}: no questions in it; write one JSON object a line")
    texts = tuple(row.question for row in rows)
    return Questions(
        tuple(f"{path.stem}-{number}" for number in range(len(rows))),
        texts,
        tuple(row.domain for row in rows),
        tuple(map(plain, texts)),
    )


def _labelled(path: Path, number: int, line: str) -> Labelled:
    try:
        return Labelled.model_validate(json.loads(line))
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"])) or "line"
        raise DataError(f"{path}:{number}: {field}: {problem['msg']}; correct or remove this line") from error
    except ValueError as error:
        raise DataError(f"{path}:{number}: not JSON ({error}); correct or remove this line") from error


def _shipped(router: Router, settings: LinearRouter) -> tuple[Router, int]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_router(router, settings.kind, settings.model_dump(mode="json"), folder)
        return load_router(folder), sum(file.stat().st_size for file in folder.iterdir())


def _p95_ms(router: Router, texts: Sequence[str]) -> float:
    for text in texts[:_WARM_UP]:
        router.predict([text])
    return float(np.percentile([_milliseconds(router, text) for text in texts[:_TIMED]], 95))


def _milliseconds(router: Router, text: str) -> float:
    started = time.perf_counter()
    router.predict([text])
    return 1000 * (time.perf_counter() - started)

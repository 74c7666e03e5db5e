"""Choose among fitted classifiers by a criterion: candidates in, the winner with everyone's figures out.

All are judged on the same questions, which none of them was fitted on; test questions are not seen here.
"""

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import JsonValue
from sklearn.metrics import f1_score, log_loss

from tasks.kernel.errors import ConfigError
from tasks.records.router import CandidateFigures
from tasks.route.composite_config import BestRouter, Candidate
from tasks.route.confidence.calibration import with_confidence
from tasks.route.confidence.risk_curves import reliability
from tasks.route.confidence.unseen import unseen_by_all, unseen_scores
from tasks.route.config import RouteConfig
from tasks.route.kinds.uncalibrated import UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.route.measure.speed import file_bytes, measure_speed
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import save_router

LOG = logging.getLogger(__name__)


def fit_best(
    train: Questions,
    validation: Questions | None,
    config: BestRouter,
    fit: Callable[[Candidate, str], UncalibratedRouter],
) -> UncalibratedRouter:
    """Return the best candidate with a note of all figures; `fit` takes a candidate and its part's name.

    Raises ConfigError where the limits leave none.
    """
    fitted = [fit(one, f"candidate-{place}") for place, one in enumerate(config.candidates)]
    asked = train.joined(validation) if validation else train
    questions = unseen_by_all([(one, train) for one in fitted], asked)
    figures = [
        _figures(one, candidate.kind, questions, config)
        for one, candidate in zip(fitted, config.candidates, strict=True)
    ]
    winner = _winner(figures, config)
    LOG.info("best by %s on %d questions: %s", config.criterion, len(questions.texts), figures[winner].kind)
    note: dict[str, JsonValue] = {
        "criterion": config.criterion,
        "questions": len(questions.texts),
        "winner": winner,
        "kind": figures[winner].kind,
        "candidates": [one.model_dump(mode="json") for one in figures],
    }
    return replace(fitted[winner], notes={**fitted[winner].notes, "best": note})


def _figures(
    fitted: UncalibratedRouter, kind: str, questions: Questions, config: BestRouter
) -> CandidateFigures:
    router = with_confidence(fitted, RouteConfig(), ())
    shares = router.calibration.probabilities(unseen_scores(fitted, questions).scores)
    targets = np.array([fitted.labels.index(label) for label in questions.labels])
    best = shares.argmax(axis=1)
    bins = reliability(shares.max(axis=1), best == targets)
    size, p95_ms = _cost(router, kind, questions.texts, config)
    return CandidateFigures(
        kind=kind,
        accuracy=float((best == targets).mean()),
        macro_f1=float(f1_score(targets, best, average="macro", zero_division=0.0)),
        ece=sum(one.questions * abs(one.confidence - one.accuracy) for one in bins) / len(targets),
        log_loss=float(log_loss(targets, shares, labels=range(len(fitted.labels)))),
        file_bytes=size,
        p95_ms=p95_ms,
    )


def _cost(router: Router, kind: str, texts: Sequence[str], config: BestRouter) -> tuple[int, float | None]:
    with tempfile.TemporaryDirectory() as name:
        save_router(router, kind, {}, Path(name))
        timed = None if config.max_p95_ms is None else measure_speed(Path(name), texts).p95_ms
        return file_bytes(Path(name)), timed


def _winner(figures: Sequence[CandidateFigures], config: BestRouter) -> int:
    """Return the place of the best within the limits; of equals, the first."""
    allowed = [
        place
        for place, one in enumerate(figures)
        if one.file_bytes <= (config.max_file_bytes or one.file_bytes)
        and (one.p95_ms or 0) <= (config.max_p95_ms or np.inf)
    ]
    if not allowed:
        costs = "; ".join(_told(one) for one in figures)
        raise ConfigError(
            f"`candidates`: all are over `max_file_bytes` or `max_p95_ms` ({costs});"
            " raise a limit or name a smaller candidate"
        )
    lower = config.criterion in {"ece", "log_loss"}
    values = {place: float(getattr(figures[place], config.criterion)) for place in allowed}
    return min(allowed, key=lambda place: values[place] if lower else -values[place])


def _told(one: CandidateFigures) -> str:
    return f"{one.kind}: {one.file_bytes} bytes" + (f", {one.p95_ms:.2f} ms" if one.p95_ms else "")

"""Train several kinds of router on the same questions and compare them.

In: questions to train and to test on, and configurations that differ in the router. Out: one row a kind.
Each router is written and read back first: what is timed, weighed and scored is the file that ships.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.kernel.errors import DataError
from tasks.records.router_comparison import Compared, ComparedScope
from tasks.route.compare.mcnemar import judged
from tasks.route.compare.question_files import Side
from tasks.route.confidence.out_of_scope import without_repeated
from tasks.route.confidence.risk_curves import Right
from tasks.route.config import RouteConfig
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.measure.labelled_questions import Questions, plain
from tasks.route.measure.neighbours import leak_report, with_groups
from tasks.route.measure.route_report import scope_of
from tasks.route.measure.router_answers import RouterAnswers, ask
from tasks.route.measure.score import score_answers
from tasks.route.measure.speed import file_bytes, measure_speed
from tasks.router_runtime.router_files import load_router, save_router
from tasks.statistics.wilson import wilson

LOG = logging.getLogger(__name__)
_SHARED = {"accuracy", "accuracy_low", "accuracy_high", "macro_f1", "ece", "questions"}


def compare_routers(
    train: Side,
    test: Side,
    routes: Sequence[RouteConfig],
    resources: Resources,
    folder: Path,
    validation: Questions | None = None,
    taught: Questions | None = None,
) -> list[Compared]:
    """Fit each router on `train`, write it to `folder`/name, and give its figures on `test`.

    `taught` are the training questions in groups, each with its use, and further text; none: the questions.
    Raises DataError where a domain of the test questions is not among the training questions.
    """
    if unknown := sorted(set(test.questions.domains) - set(train.questions.domains)):
        raise DataError(f"domain {unknown[0]}: in the test file but not in the training file; correct one")
    shared = overlap(train.questions.joined(validation) if validation else train.questions, test.questions)
    # Where every test question leaks, all of them tell the routers apart.
    counted = shared.clean if shared.clean.any() else ~shared.clean
    examples = without_repeated(train.out_of_scope, test.out_of_scope)
    known = Side(taught or with_groups(train.questions), examples)
    rows: list[dict[str, object]] = []
    right: list[Right] = []
    for place, (name, route) in enumerate(named(routes)):
        LOG.info("router %d of %d: %s", place + 1, len(routes), name)
        resources.progress(place, len(routes), "routers")
        seconds = _trained(known, validation, route, resources.inside(name), folder / name)
        answers = ask(load_router(folder / name), test.questions)
        right.append(answers.right[counted])
        rows.append({"kind": route.router.kind, "name": name, "train_seconds": seconds})
        rows[-1] |= _figures(answers, test, shared) | _cost(folder / name, test)
    verdicts = [verdict.model_dump() for verdict in judged(right)]
    return [Compared.model_validate(row | verdict) for row, verdict in zip(rows, verdicts, strict=True)]


def named(routes: Sequence[RouteConfig]) -> Iterator[tuple[str, RouteConfig]]:
    """Give each router's name with it: its kind, with a number where several are of it."""
    seen: Counter[str] = Counter()
    for route in routes:
        kind = route.router.kind
        seen[kind] += 1
        yield kind if seen[kind] == 1 else f"{kind}-{seen[kind]}", route


def _trained(
    train: Side, validation: Questions | None, route: RouteConfig, resources: Resources, folder: Path
) -> float:
    """Write the fitted router to `folder`; return the seconds that fitting took."""
    started = time.perf_counter()
    router = fit_router(train.questions, route, resources, validation, train.out_of_scope)
    seconds = time.perf_counter() - started
    folder.mkdir(parents=True)
    save_router(router, route.router.kind, route.model_dump(mode="json"), folder)
    return seconds


Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Overlap:
    """Leaks between two sides."""

    repeated: Mask
    """Word for word among the training questions."""
    near: Mask
    """Nearly so, and not word for word."""

    @property
    def clean(self) -> Mask:
        """Return which test questions are neither."""
        return ~(self.repeated | self.near)


def _figures(answers: RouterAnswers, test: Side, shared: Overlap) -> dict[str, object]:
    scores, clean = score_answers(answers), answers.right[shared.clean]
    low, high = wilson(int(clean.sum()), len(clean)) if len(clean) else (None, None)
    return {
        **scores.model_dump(include=_SHARED),
        "repeated_questions": int(shared.repeated.sum()),
        "near_questions": int(shared.near.sum()),
        "leak_free_accuracy": float(np.mean(clean)) if len(clean) else None,
        "leak_free_low": low,
        "leak_free_high": high,
        "leak_free_questions": len(clean),
        "stages": {stage.name: stage.share for stage in scores.stages},
        "out_of_scope": scope_scores(answers, test.out_of_scope),
        "notes": dict(answers.router.notes),
    }


def _cost(folder: Path, test: Side) -> dict[str, object]:
    speed = measure_speed(folder, test.questions.texts)
    return {"file_bytes": file_bytes(folder), **speed.model_dump()}


def overlap(train: Questions, test: Questions) -> Overlap:
    """Compare every test question with every training question, whatever their domains."""
    seen = set(map(plain, train.texts))
    repeated = np.array([plain(text) in seen for text in test.texts])
    near = np.zeros(len(test.texts), dtype=np.bool_)
    near[leak_report(train, test).positions] = True
    return Overlap(repeated, near & ~repeated)


IN_SCOPE_LOSS = 0.04
"""Questions in scope that may be lost where recall is told."""


def scope_scores(answers: RouterAnswers, out_of_scope: Sequence[str]) -> ComparedScope | None:
    """Return the figures; none where no question is out of scope."""
    if not out_of_scope:
        return None
    found = scope_of(answers, out_of_scope)
    own = found.chosen
    return ComparedScope(
        questions=found.questions,
        auroc=found.auroc,
        recall=next(price.recall for price in found.recalls if price.loss == IN_SCOPE_LOSS),
        own_recall=own.recall if own else None,
        own_loss=own.loss if own else None,
        own_accuracy=found.in_scope_accuracy if own else None,
    )

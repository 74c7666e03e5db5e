"""Scores of questions by classifiers that had not seen them, question by question, for several of them.

In: fitted classifiers, each with held-out scores, and what each was fitted on. Out: the questions that none
of them had seen, and the scores of each. A question that a classifier left out has held-out scores; of one
that it never met the shipped classifier's own scores are as honest.
"""

from collections.abc import Sequence

import numpy as np

from tasks.kernel.errors import DataError
from tasks.route.kinds.uncalibrated import UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.router_runtime.question_scores import QuestionScores

Key = tuple[str, str]


def unseen_by_all(fitted: Sequence[tuple[UncalibratedRouter, Questions]], questions: Questions) -> Questions:
    """Return the `questions` that no classifier was fitted on, each given with what it was fitted on.

    Raises DataError where there is none.
    """
    rows = set(range(len(questions.texts)))
    for one, train in fitted:
        seen = set(keys(train)) - set(_held_rows(one))
        rows &= {row for row, key in enumerate(keys(questions)) if key not in seen}
    if not rows:
        raise DataError(
            "router: no question was left out by all of its parts; raise their `max_tuning_questions`"
            " or `validation_share`, or give the domains validation questions"
        )
    return questions.at(sorted(rows))


def unseen_scores(fitted: UncalibratedRouter, questions: Questions) -> QuestionScores:
    """Return the scores of questions from `unseen_by_all`."""
    rows = _held_rows(fitted)
    places = [rows.get(key, -1) for key in keys(questions)]
    new = [place for place, row in enumerate(places) if row < 0]
    old = [place for place, row in enumerate(places) if row >= 0]
    parts = []
    if old and fitted.held_out:
        parts.append(fitted.held_out.scored.at([places[place] for place in old]))
    if new:
        parts.append(fitted.scorer.score(questions.at(new).texts))
    return _joined(parts).at(np.argsort([*old, *new], kind="stable"))


def keys(questions: Questions) -> list[Key]:
    """Return what tells the questions apart."""
    return list(zip(questions.ids, questions.texts, strict=True))


def _held_rows(fitted: UncalibratedRouter) -> dict[Key, int]:
    return {key: row for row, key in enumerate(keys(fitted.held_out.questions))} if fitted.held_out else {}


def _joined(parts: Sequence[QuestionScores]) -> QuestionScores:
    # Held-out scores may come without the last signs: what is told of every question is kept.
    signs = min(part.signs.shape[1] for part in parts)
    return QuestionScores(
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.signs[:, :signs] for part in parts]),
        np.concatenate([part.stages for part in parts]),
    )

"""Choose a linear classifier, and score every question by one that was not fitted on it.

In: n-gram counts of the training questions. Out: the classifier to fit on all of them, and held-out scores.
Questions of one group stay in one part, and a part's own n-grams are unknown while it is left out.
"""

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold

from tasks.kernel.errors import DataError
from tasks.route.kinds.classifiers import Choice, linear_scorer
from tasks.route.kinds.ngram_counts import NgramCounts, Rows
from tasks.route.kinds.uncalibrated import HeldOutScores
from tasks.route.measure.labelled_questions import Questions, plain
from tasks.route.single_config import TfidfRouter
from tasks.router_runtime.question_scores import QuestionScores

Booleans = NDArray[np.bool_]
LOG = logging.getLogger(__name__)
_MIN_FOLDS = 2


@dataclass(frozen=True)
class _Part:
    """A part of the questions that is left out, and what is fitted on the others."""

    weights: csr_matrix
    targets: Rows
    unseen: csr_matrix
    """Weights of the part's questions, by features fitted on the others."""
    answers: Rows


def choose(counted: NgramCounts, questions: Questions, targets: Rows, config: TfidfRouter) -> Choice:
    """Return the classifier that finds most questions of left-out parts.

    The strength is chosen first: the strongest penalty that finds no fewer than the best one by more than a
    standard error of the difference (Breiman et al. 1984), since weak penalties lose more on new kinds of
    questions. Another family or other class weights must likewise find more than the first by that much.
    """
    best = Choice(config.families[0], config.C[0], config.class_weights[0])
    if len(config.C) == len(config.families) == len(config.class_weights) == 1:
        return best
    rows = _sample(len(targets), config)
    parts = [
        _part(counted, questions, targets, rows[train], rows[left_out])
        for train, left_out in folds(questions.at(rows.tolist()), config.tuning_folds, config.seed)
    ]
    tried = {choice: _found(parts, choice, config) for choice in (replace(best, C=one) for one in config.C)}
    most = max(tried.values(), key=np.sum)
    best = min((one for one, found in tried.items() if not _gains(most, found)), key=lambda one: one.C)
    found = tried[best]
    for family, weight in product(config.families, config.class_weights):
        choice = Choice(family, best.C, weight)
        if choice in tried:
            continue
        tried[choice] = _found(parts, choice, config)
        if _gains(tried[choice], found):
            best, found = choice, tried[choice]
    return best


def _found(parts: Sequence[_Part], choice: Choice, config: TfidfRouter) -> Booleans:
    """Tell for each left-out question whether the others' classifier finds its domain."""
    right = []
    for part in parts:
        model = choice.fit(part.weights, part.targets, config)
        right.append(model.predict(part.unseen) == part.answers)
    found = np.concatenate(right)
    LOG.debug("%s: %.2f %%", choice, 100 * found.mean())
    return found


def _gains(new: Booleans, old: Booleans) -> bool:
    won, lost = int((new & ~old).sum()), int((old & ~new).sum())
    return won - lost > sqrt(won + lost)


def held_out(
    counted: NgramCounts, questions: Questions, targets: Rows, choice: Choice, config: TfidfRouter
) -> HeldOutScores:
    """Score every question by the chosen classifier fitted on the other parts, as the router will score."""
    order, scored = [], []
    for train, left_out in folds(questions, config.folds, config.seed):
        features = counted.fitted(train)
        model = choice.fit(features.weights, targets[train], config)
        order.append(left_out)
        scored.append(linear_scorer(features, model).score([questions.texts[row] for row in left_out]))
    rows = np.concatenate(order)
    return HeldOutScores(questions.at(rows.tolist()), _joined(scored))


def folds(questions: Questions, count: int, seed: int) -> list[tuple[Rows, Rows]]:
    """Return (fitted on, left out) rows, `count` times at most; what belongs together stays together.

    Groups are dealt out by label, each label in every part. Raises DataError for a domain of one question.
    """
    groups, parts = grouped(questions, count)
    both = np.flatnonzero(questions.of_use("both"))
    names, first = np.unique(np.asarray(groups)[both], return_index=True)
    deal = StratifiedKFold(parts, shuffle=True, random_state=seed)
    sides = deal.split(names, np.asarray(questions.labels)[both][first])
    return by_use(questions, groups, [set(names[left_out].tolist()) for _, left_out in sides])


def by_use(
    questions: Questions, groups: Sequence[str], parts: Sequence[Collection[str]]
) -> list[tuple[Rows, Rows]]:
    """Return (fitted on, left out) rows for each part of the groups, every row by its use.

    Text that is no question is fitted on wherever no question of its group is left out, and questions that
    are never fitted on are left out once: with their group, or dealt round where that has no other question.
    """
    names, fitted = np.asarray(groups), questions.of_use("both", "fitted")
    both, asked = questions.of_use("both"), questions.of_use("both", "held_out")
    alone = sorted(set(names[asked].tolist()) - set(names[both].tolist()))
    found = []
    for place, part in enumerate(parts):
        out = np.isin(names, [*part, *alone[place :: len(parts)]])
        found.append((np.flatnonzero(fitted & ~out), np.flatnonzero(asked & out)))
    return found


def grouped(questions: Questions, folds: int) -> tuple[tuple[str, ...], int]:
    """Return what stays together, and in how many parts each domain can be found."""
    least = _least_groups(questions, questions.groups)
    if least >= _MIN_FOLDS:
        return questions.groups, min(folds, least)
    LOG.warning("a domain's training questions come from one passage: its confidence may be too high")
    texts = tuple(map(plain, questions.texts))
    least = _least_groups(questions, texts)
    if least < _MIN_FOLDS:
        raise DataError("router: a domain has a single training question; generate more pairs")
    return texts, min(folds, least)


def _part(counted: NgramCounts, questions: Questions, targets: Rows, train: Rows, left_out: Rows) -> _Part:
    features = counted.fitted(train)
    unseen = features.weigh([questions.texts[row] for row in left_out])
    return _Part(features.weights, targets[train], unseen, targets[left_out])


def _sample(questions: int, config: TfidfRouter) -> Rows:
    draw = np.random.default_rng(config.seed)
    return np.sort(draw.permutation(questions)[: config.max_tuning_questions])


def _joined(scored: Sequence[QuestionScores]) -> QuestionScores:
    return QuestionScores(
        np.vstack([one.scores for one in scored]),
        np.vstack([one.signs for one in scored]),
        np.concatenate([one.stages for one in scored]),
    )


def _least_groups(questions: Questions, groups: Sequence[str]) -> int:
    """Return the groups of the label that has fewest; a group counts for the label it is met under first.

    Only questions that are fitted on and left out in turn can be told apart by their parts.
    """
    both = np.flatnonzero(questions.of_use("both"))
    met = {groups[row]: questions.labels[row] for row in both[::-1]}
    counts = Counter(met.values())
    return min(counts[label] for label in {questions.labels[row] for row in both})

"""Measure a router on robustness suites, and hold it to the bars that the configuration sets.

In: a router, training and held-out questions. Out: one `SuiteScore` a suite, or one StageError that
carries the figures and examples, because a failed stage leaves no report.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tasks.kernel.errors import DataError, StageError
from tasks.records.router import Misrouted, SuiteScore
from tasks.route.measure.labelled_questions import Questions
from tasks.route.suites.mixed import mixed_suite, short_suite
from tasks.route.suites.paraphrases import paraphrase_suite
from tasks.route.suites.spelling import casing_suite, typo_suite
from tasks.route.suites.suite import Case, Suite
from tasks.route.suites.typical_words import TypicalWords
from tasks.router_runtime.router import Router
from tasks.statistics.wilson import wilson

WORST = 3
"""Misrouted questions shown for each suite."""


def suite_scores(router: Router, train: Questions, test: Questions, seed: int) -> list[SuiteScore]:
    """Build every suite from `test` and measure `router` on it; `train` tells which words tell a domain.

    A suite that no question can be made for is left out: mixed questions with one domain, for example.
    """
    return measure_suites(router, build_suites(train, test, seed))


def build_suites(train: Questions, test: Questions, seed: int) -> list[Suite]:
    """Return the suites made from `test`: the same for the same questions and seed, on every machine."""
    typical = TypicalWords(train)
    draws = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(5))
    suites = (
        typo_suite(test, next(draws)),
        casing_suite(test, next(draws)),
        paraphrase_suite(test, next(draws)),
        mixed_suite(test, next(draws), typical),
        short_suite(test, next(draws), typical),
    )
    return [suite for suite in suites if suite and suite.cases]


def measure_suites(router: Router, suites: Iterable[Suite]) -> list[SuiteScore]:
    """Return the router's figures on each suite."""
    return [_measured(router, suite) for suite in suites]


def check_gates(scores: Sequence[SuiteScore], bars: Mapping[str, float]) -> None:
    """Raise StageError where a suite's accuracy is under its bar, DataError where a suite has no questions.

    The message carries the figures and three misrouted questions of every suite that is missed.
    """
    by_name = {score.name: score for score in scores}
    if absent := sorted(set(bars) - set(by_name)):
        raise DataError(
            f"suites.{absent[0]}: no question of this kind can be made from the test questions;"
            " give the library more questions or domains, or remove this bar"
        )
    missed = [by_name[name] for name, least in sorted(bars.items()) if by_name[name].accuracy < least]
    if missed:
        figures = "\n".join(_missed(score, bars[score.name]) for score in missed)
        raise StageError(
            f"router: it misses the bar of {len(missed)} of {len(bars)} robustness suites:\n{figures}\n"
            "Add training questions like these, choose a stronger `router.kind`, or lower the bar in `suites`"
        )


def _measured(router: Router, suite: Suite) -> SuiteScore:
    orders = _orders(router, [case.question for case in suite.cases])
    found = [_found(case, order) for case, (order, _) in zip(suite.cases, orders, strict=True)]
    low, high = wilson(sum(found), len(found))
    forms = defaultdict(list)
    for case, right in zip(suite.cases, found, strict=True):
        forms[case.form].append(right)
    return SuiteScore(
        name=suite.name,
        right=suite.right,
        accuracy=sum(found) / len(found),
        accuracy_low=low,
        accuracy_high=high,
        clean_accuracy=_clean_accuracy(router, suite.cases),
        questions=len(found),
        forms={form: sum(rows) / len(rows) for form, rows in sorted(forms.items())},
        worst=_worst(suite.cases, orders),
    )


def _orders(router: Router, questions: list[str]) -> list[tuple[list[str], float]]:
    """Return for each question the domains, the likeliest first, and the probability of the first."""
    _, probabilities = router.predict(questions)
    ranks = np.argsort(-probabilities, axis=1, kind="stable")
    return [
        ([router.labels[at] for at in rank], float(row[rank[0]]))
        for rank, row in zip(ranks, probabilities, strict=True)
    ]


def _found(case: Case, order: list[str]) -> bool:
    return set(order[: len(case.domains)]) == set(case.domains)


def _clean_accuracy(router: Router, cases: Sequence[Case]) -> float:
    texts = sorted({text for case in cases for text in case.clean})
    predicted = dict(zip(texts, router.predict(texts)[0], strict=True))
    right = [tuple(predicted[text] for text in case.clean) == case.domains for case in cases]
    return sum(right) / len(right)


def _worst(cases: Sequence[Case], orders: Sequence[tuple[list[str], float]]) -> list[Misrouted]:
    wrong = {
        case.question: Misrouted(
            question=case.question,
            clean=list(case.clean),
            domains=list(case.domains),
            routed=order[: len(case.domains)],
            confidence=round(confidence, 6),
        )
        for case, (order, confidence) in zip(cases, orders, strict=True)
        if not _found(case, order)
    }
    return sorted(wrong.values(), key=lambda one: -one.confidence)[:WORST]


def _missed(score: SuiteScore, least: float) -> str:
    figures = (
        f"suites.{score.name}: {score.accuracy:.1%} of {score.questions} questions (95 % interval"
        f" {score.accuracy_low:.1%} to {score.accuracy_high:.1%}, unchanged {score.clean_accuracy:.1%}),"
        f" under the bar of {least:.1%}"
    )
    examples = (
        f"  {one.question!r} went to {', '.join(one.routed)} instead of {', '.join(one.domains)}"
        for one in score.worst
    )
    return "\n".join([figures, *examples])

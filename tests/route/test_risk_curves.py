"""Pins the curves of confidence: against values counted by hand and against scikit-learn's."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from tasks.route.confidence.risk_curves import LOSSES, reliability, risk_coverage, scope_figures


def test_reliability_bins_are_those_of_scikit_learn() -> None:
    chance = np.random.default_rng(1)
    confidence = np.append(chance.random(500), 1.0)
    right = chance.random(501) < confidence
    accuracy, mean = calibration_curve(right, confidence, n_bins=15)
    bins = reliability(confidence, right)
    assert [one.accuracy for one in bins] == pytest.approx(accuracy)
    assert [one.confidence for one in bins] == pytest.approx(mean)
    assert sum(one.questions for one in bins) == 501


def test_empty_bins_are_left_out() -> None:
    assert [one.questions for one in reliability(np.array([0.1, 0.9, 0.91]), np.array([True] * 3))] == [1, 2]


def test_the_risk_coverage_curve_is_as_counted_by_hand() -> None:
    points, area = risk_coverage(np.array([0.9, 0.5, 0.7, 0.7]), np.array([True, False, True, False]))
    assert [(one.threshold, one.coverage) for one in points] == [(0.9, 0.25), (0.7, 0.75), (0.5, 1.0)]
    assert [one.risk for one in points] == pytest.approx([0, 1 / 3, 1 / 2])
    # Both questions of 0.7 are answered together, at the risk after them.
    assert area == pytest.approx((0 + 1 / 3 + 1 / 3 + 1 / 2) / 4)


def test_a_long_curve_is_thinned_and_its_area_is_not() -> None:
    chance = np.random.default_rng(2)
    confidence, right = chance.random(5000), chance.random(5000) < 0.7
    points, area = risk_coverage(confidence, right)
    assert len(points) == 100
    assert (points[0].coverage, points[-1].coverage) == (1 / 5000, 1)
    order = np.argsort(-confidence)
    assert area == pytest.approx(np.mean(np.cumsum(~right[order]) / np.arange(1, 5001)))


def test_out_of_scope_figures_are_as_counted_by_hand() -> None:
    inside, outside = np.arange(100) / 100, np.array([-1.0, 0.005, 0.035, 0.5])
    right = np.arange(100) % 2 == 0
    found = scope_figures(inside, outside, right, 0.02, "examples")
    assert found.auroc == pytest.approx((100 + 99 + 96 + 49.5) / 400)
    assert [one.loss for one in found.recalls] == list(LOSSES)
    assert [one.recall for one in found.recalls] == [0.5, 0.5, 0.75, 0.75]
    assert found.chosen
    assert (found.chosen.loss, found.chosen.recall) == pytest.approx((0.02, 0.5))
    assert found.in_scope_accuracy == 0.49


def test_a_router_that_sets_no_threshold_claims_no_recall_at_it() -> None:
    found = scope_figures(np.array([0.9, 0.8]), np.array([0.1]), np.array([True, True]), 0.0, "examples")
    assert found.chosen is None
    assert found.in_scope_accuracy == 1

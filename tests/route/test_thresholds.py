"""Pins thresholds: a stated target holds on fresh questions, and where it cannot, the basis says so."""

import numpy as np
import pytest

from tasks.route.confidence.thresholds import confidence_threshold, scope_threshold


def answers(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return honest confidences and whether each answer is right."""
    chance = np.random.default_rng(seed)
    confidence = chance.beta(6, 1, count)
    return confidence, chance.random(count) < confidence


def reached(threshold: float, seed: int) -> tuple[float, float]:
    confidence, right = answers(100_000, seed)
    answered = confidence >= threshold
    return float(answered.mean()), float(1 - right[answered].mean())


@pytest.mark.slow
@pytest.mark.parametrize("target", [0.05, 0.1])
def test_at_most_the_target_is_misrouted_on_fresh_questions_in_nearly_every_draw(target) -> None:
    found = [confidence_threshold(*answers(3000, seed), target) for seed in range(60)]
    assert all("with 95% confidence, on 3,000" in one.basis for one in found)
    missed = sum(reached(one.value, 1000 + seed)[1] > target for seed, one in enumerate(found))
    # Each may miss with a chance of 5 %: 8 or more of 60 would happen once in 80 times.
    assert missed < 8
    assert min(reached(one.value, 7)[0] for one in found) > 0


def test_the_threshold_answers_about_as_much_as_the_target_allows() -> None:
    value = confidence_threshold(*answers(50_000, 1), 0.05).value
    coverage, risk = reached(value, 2)
    assert 0.035 < risk <= 0.05
    assert coverage > 0.3


def test_few_questions_guarantee_nothing_and_the_basis_says_so(caplog) -> None:
    confidence = np.linspace(0.5, 1, 20)
    found = confidence_threshold(confidence, confidence > 0.6, 0.05)
    assert found.basis == (
        "at most 5.00% misrouted among answered, counted on 20 held-out questions: too few to guarantee it"
    )
    assert np.isclose(found.value, confidence[confidence > 0.6].min())
    assert found.basis in caplog.text


def test_a_target_out_of_reach_gives_the_best_and_says_so(caplog) -> None:
    confidence, right = np.repeat([0.9, 0.6], 500), np.tile([True, True, True, False], 250)
    right[500:] = np.tile([True, False], 250)
    found = confidence_threshold(confidence, right, 0.01)
    assert found.value == 0.9
    assert "no confidence reaches at most 1.00%" in found.basis
    assert "25.00% is the best" in found.basis
    assert found.basis in caplog.text


def test_questions_of_one_confidence_are_answered_together() -> None:
    confidence = np.repeat([0.95, 0.7], [1000, 1000])
    right = np.ones(2000, dtype=bool)
    right[1000:1200] = False
    assert confidence_threshold(confidence, right, 0.05).value == 0.95
    assert confidence_threshold(confidence, right, 0.2).value == 0.7


@pytest.mark.parametrize("target", [0.01, 0.04])
def test_false_rejections_stay_near_the_target_on_fresh_questions(target) -> None:
    draw = np.random.default_rng(3)
    held, fresh = draw.normal(size=20_000), draw.normal(size=20_000)
    value = scope_threshold(held, target).value
    assert float((held < value).mean()) <= target
    assert abs(float((fresh < value).mean()) - target) < target / 3


def test_too_few_questions_for_a_rejection_reject_none(caplog) -> None:
    assert scope_threshold(np.array([0.3, 0.2, 0.9]), 0.1).value == 0.2
    assert "of 3 held-out questions is none" in caplog.text

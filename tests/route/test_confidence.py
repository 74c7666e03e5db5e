"""Pins calibration: probabilities mean what they say on questions that nothing was fitted on."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from tasks.route.confidence.calibration import LEAST_ISOTONIC, calibrate, with_confidence
from tasks.route.config import RouteConfig
from tasks.route.kinds.tfidf import fit_linear
from tasks.route.kinds.uncalibrated import HeldOutScores, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.route.measure.score import calibration_error, score_router
from tasks.route.single_config import TfidfRouter
from tasks.router_runtime.confidence import Calibration

LABELS = 5


def drawn(count: int, seed: int, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Return scores whose softmax is honest once they are divided by `temperature`, and targets."""
    chance = np.random.default_rng(seed)
    honest = chance.normal(0, 2, (count, LABELS))
    shares = softmax(honest, axis=1)
    targets = (shares.cumsum(axis=1) > chance.random((count, 1))).argmax(axis=1)
    return temperature * honest, targets


def error(calibration: Calibration, scores: np.ndarray, targets: np.ndarray) -> float:
    shares = calibration.probabilities(scores)
    return calibration_error(shares.max(axis=1), shares.argmax(axis=1) == targets)


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
@pytest.mark.parametrize("temperature", [0.25, 4.0])
def test_confidence_is_honest_on_fresh_questions_where_plain_scores_are_not(method, temperature) -> None:
    calibration = calibrate(*drawn(5000, 1, temperature), method)
    fresh = drawn(20_000, 2, temperature)
    assert error(calibration, *fresh) < 0.02
    assert error(Calibration(), *fresh) > 0.1


def test_isotonic_mends_what_a_temperature_cannot() -> None:
    scores, targets = drawn(20_000, 3, 1.0)
    # Two in five of the surest answers are wrong, which no factor can tell from the others.
    sure = softmax(scores, axis=1).max(axis=1) > 0.9
    lost = sure & (np.random.default_rng(4).random(len(targets)) < 0.4)
    targets = np.where(lost, (targets + 1) % LABELS, targets)
    halves = np.arange(len(targets)) < len(targets) // 2
    found = {
        method: error(calibrate(scores[halves], targets[halves], method), scores[~halves], targets[~halves])
        for method in ("temperature", "isotonic")
    }
    assert found["isotonic"] < 0.02 < found["temperature"]


def test_isotonic_on_too_few_questions_is_a_temperature_and_says_so(caplog) -> None:
    caplog.set_level("INFO")
    scores, targets = drawn(LEAST_ISOTONIC, 5, 2.0)
    few = calibrate(scores[1:], targets[1:], "isotonic")
    assert few == calibrate(scores[1:], targets[1:], "temperature")
    assert "too few for isotonic" in caplog.text
    assert calibrate(scores, targets, "isotonic").knots


def test_questions_all_routed_right_make_no_certainties() -> None:
    scores = np.eye(3)[[0, 1, 2] * 10]
    confidence = calibrate(scores, scores.argmax(axis=1), "temperature").probabilities(scores).max(axis=1)
    assert np.all((confidence > 0.9) & (confidence < 0.99))


def test_isotonic_keeps_the_best_label_and_the_sum() -> None:
    scores = drawn(2000, 6, 30.0)[0]
    # Confidence falls to almost nothing, and rises to almost everything.
    for knots in (((0.0, 0.01), (1.0, 0.02)), ((0.0, 0.98), (1.0, 0.99))):
        shares = Calibration(knots=knots).probabilities(scores)
        assert np.array_equal(shares.argmax(axis=1), scores.argmax(axis=1))
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-9)
        assert shares.min() >= 0


def test_a_router_trained_on_text_is_honest_about_unseen_questions(
    large_library, large_unseen_library
) -> None:
    fitted = fit_linear(large_library, TfidfRouter())
    scores = score_router(with_confidence(fitted, RouteConfig(), ()), large_unseen_library)
    raw = score_router(
        with_confidence(replace(fitted, held_out=None), RouteConfig(), ()), large_unseen_library
    )
    assert scores.accuracy > 0.7
    assert abs(scores.mean_confidence - scores.accuracy) < 0.03
    assert abs(raw.mean_confidence - raw.accuracy) > 0.15


def test_confidence_in_nonsense_is_that_of_a_guess(nonsense) -> None:
    router = with_confidence(fit_linear(nonsense, TfidfRouter()), RouteConfig(), ())
    assert router.predict(nonsense.texts)[1].max(axis=1).mean() < 0.45


def test_the_policy_says_what_the_configuration_says(library) -> None:
    fitted = fit_linear(library, TfidfRouter(C=(1.0,), class_weights=("none",)))
    config = RouteConfig(unsure="expert", out_of_scope="refuse", refusal="No.", top_k=3)
    policy = with_confidence(fitted, config, ()).policy
    assert (policy.unsure, policy.out_of_scope, policy.refusal, policy.top_k) == (
        "expert",
        "refused",
        "No.",
        3,
    )
    assert policy.min_confidence == policy.min_scope == 0


def test_the_chosen_strength_is_the_best_by_cross_validation(library) -> None:
    def held_accuracy(fitted: UncalibratedRouter) -> float:
        assert fitted.held_out
        return right(fitted.held_out, fitted.labels)

    def right(held: HeldOutScores, labels: tuple[str, ...]) -> float:
        predicted = np.array(labels)[held.scored.scores.argmax(axis=1)]
        return float(np.mean(predicted == np.array(held.questions.labels)))

    strengths, one = (1e-5, 0.3, 1.0), {"class_weights": ("none",), "folds": 3, "tuning_folds": 3}
    alone = {C: fit_linear(library, TfidfRouter(C=(C,), **one)) for C in strengths}
    chosen = fit_linear(library, TfidfRouter(C=strengths, **one))
    assert held_accuracy(chosen) == max(map(held_accuracy, alone.values()))
    assert held_accuracy(chosen) > held_accuracy(alone[1e-5])


def test_held_scores_come_from_classifiers_that_had_not_seen_the_question(nonsense: Questions) -> None:
    fitted = fit_linear(nonsense, TfidfRouter(C=(10.0,), class_weights=("none",)))
    assert fitted.held_out
    held = np.array(fitted.labels)[fitted.held_out.scored.scores.argmax(axis=1)]
    seen = np.array(fitted.labels)[fitted.scorer.score(nonsense.texts).scores.argmax(axis=1)]
    assert np.mean(seen == np.array(nonsense.labels)) > 0.6
    assert np.mean(held == np.array(fitted.held_out.questions.labels)) < 0.4

"""Pins what is held for out of scope: with and without examples, from every form of score, and from text."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import roc_auc_score

from tasks.kernel.errors import DataError
from tasks.route.confidence.calibration import with_confidence
from tasks.route.confidence.scope import LEAST_EXAMPLES, learn_scope
from tasks.route.config import RouteConfig
from tasks.route.kinds.tfidf import fit_linear
from tasks.route.single_config import TfidfRouter
from tasks.router_runtime.question_scores import QuestionScores

STRANGE = [
    f"{start} {thing} {end}"
    for start in ("Could you", "Please", "Will someone")
    for thing in ("water the garden", "boil an egg", "paint my kitchen", "feed those cats", "wash the car")
    for end in ("tonight", "before dinner", "with your brother")
]


def drawn(count: int, seed: int, strength: float, signs: int = 1) -> QuestionScores:
    """Return scores of four labels; the higher `strength`, the surer, and the higher the last signs."""
    chance = np.random.default_rng(seed)
    scores = chance.normal(0, 1, (count, 4))
    scores[np.arange(count), chance.integers(0, 4, count)] += strength
    return QuestionScores.of(scores, chance.normal(strength, 1, (count, signs)))


def separation(
    scored: tuple[QuestionScores, QuestionScores], model_of: tuple[QuestionScores, QuestionScores | None]
) -> float:
    model = learn_scope(*model_of, 1.0, 42)
    inside, outside = map(model.in_scope, scored)
    return roc_auc_score(np.repeat([1, 0], [len(inside), len(outside)]), np.concatenate([inside, outside]))


def test_the_energy_alone_tells_questions_out_of_scope() -> None:
    fresh = drawn(1000, 2, 5.0), drawn(1000, 3, 0.0)
    assert separation(fresh, (drawn(500, 1, 5.0), None)) > 0.9


@pytest.mark.slow
def test_examples_tell_what_the_energy_does_not() -> None:
    alike = QuestionScores.of(drawn(1000, 3, 3.0).scores, drawn(1000, 4, 0.0).signs)
    hard = drawn(1000, 2, 3.0), alike
    examples, held = alike.at(range(50)), drawn(500, 1, 3.0)
    assert separation(hard, (held, examples)) > 0.95
    assert separation(hard, (held, None)) < 0.6


def test_log_probabilities_go_by_the_best_score() -> None:
    held, outside = drawn(500, 1, 5.0), drawn(500, 2, 0.0)
    flat = [QuestionScores.of(log_softmax(one.scores, axis=1)) for one in (held, outside, drawn(500, 3, 5.0))]
    # At a factor below 1 their energy is highest where the classifier is least sure.
    model = learn_scope(flat[0], None, 0.5, 42)
    assert np.mean(model.in_scope(flat[2].scaled(0.5))) > np.mean(model.in_scope(flat[1].scaled(0.5))) + 0.2


@pytest.mark.slow
@pytest.mark.parametrize("examples", [None, drawn(20, 2, 0.0)])
def test_signs_that_do_not_vary_break_nothing_and_count_for_nothing(examples) -> None:
    held = drawn(100, 1, 5.0)
    constant = QuestionScores(held.scores, np.ones((100, 1)), held.stages)
    model = learn_scope(constant, examples, 1.0, 42, words=True)
    assert model.weights[3] == 0
    assert np.isfinite(model.in_scope(constant)).all()


@pytest.mark.slow
def test_signs_that_held_out_questions_lack_are_left_out() -> None:
    model = learn_scope(drawn(100, 1, 5.0, signs=0), drawn(20, 2, 0.0), 1.0, 42)
    assert len(model.in_scope(drawn(7, 3, 5.0))) == 7
    with pytest.raises(ValueError, match="4 signs, but the scope model knows 5"):
        learn_scope(drawn(100, 1, 5.0), None, 1.0, 42).model_copy(update={"mean": (0.0,) * 5}).in_scope(
            drawn(7, 3, 5.0)
        )


def test_too_few_examples_are_refused_with_their_number() -> None:
    with pytest.raises(DataError, match=rf"out_of_scope\.train: 9 questions; give at least {LEAST_EXAMPLES}"):
        learn_scope(drawn(100, 1, 5.0), drawn(9, 2, 0.0), 1.0, 42)


@pytest.mark.slow
@pytest.mark.parametrize("examples", [(), STRANGE[::2]])
def test_strange_questions_are_refused_and_known_ones_are_not(library, unseen_library, examples) -> None:
    fitted = fit_linear(library, TfidfRouter(C=(1.0,), class_weights=("none",)))
    config = RouteConfig(max_false_rejections=0.05)
    router = with_confidence(fitted, config, examples)
    inside, outside = router.decide(unseen_library.texts), router.decide(STRANGE[1::2])
    assert np.mean([one.outcome == "refused" for one in inside]) < 0.12
    assert np.mean([one.outcome == "refused" for one in outside]) > 0.8
    assert ("examples" in (router.scope.learned_from if router.scope else "")) == bool(examples)


def test_unsure_questions_go_to_the_generalist_and_the_others_meet_the_target(
    library, unseen_library
) -> None:
    fitted = fit_linear(library, TfidfRouter(C=(1.0,), class_weights=("none",)))
    router = with_confidence(fitted, RouteConfig(max_misrouted=0.1), ())
    decisions = router.decide(unseen_library.texts)
    pairs = zip(decisions, unseen_library.labels, strict=True)
    right = [one.label == label for one, label in pairs if one.outcome == "expert"]
    assert {one.outcome for one in decisions} == {"expert", "generalist"}
    assert len(right) > 40
    assert 1 - np.mean(right) <= 0.15
    assert router.policy.confidence_basis.startswith("at most 10.00% misrouted")

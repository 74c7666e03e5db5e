"""Pins cascades: a sure stage ends the asking, what is learned keeps its promise, held-out stays held out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from pydantic import ValidationError

from tasks.models.sources import TinyEncoder
from tasks.route.composite_config import CascadeRouter, CascadeStage, KeywordRouter
from tasks.route.config import RouteConfig
from tasks.route.encoder.encoder_folders import encoder_folders
from tasks.route.kinds.cascade import _cross_decided, _threshold, fit_cascade
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.policy_training import train_network
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.single_config import EncoderRouter, SemanticRouter, TfidfReferenceRouter, TfidfRouter
from tasks.router_runtime.composite import CascadeScorer, Handover
from tasks.router_runtime.neural import NeuralScorer
from tasks.router_runtime.question_scores import QuestionScores, Scorer
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import load_router, save_router
from tasks.router_runtime.stage_evidence import StageEvidence

pytestmark = pytest.mark.slow

ONE = {"C": (1.0,), "families": ("svm",), "class_weights": ("none",), "folds": 3}
WORDS_ALONE = TfidfRouter(char_ngrams=None, **ONE)


def cascade(*thresholds: float | None, network: bool = False, **settings: object) -> CascadeRouter:
    kinds = (KeywordRouter(), WORDS_ALONE, TfidfRouter(char_ngrams=(2, 3), **ONE))
    stages = [
        CascadeStage(router=kind, threshold=threshold)
        for kind, threshold in zip(kinds, (*thresholds, None), strict=True)
    ]
    return CascadeRouter(stages=tuple(stages), network=network, **settings)


def fitted_scorer(questions, config: CascadeRouter, folder) -> CascadeScorer:
    scorer = fit_cascade(questions, None, config, Resources({}, folder)).scorer
    assert isinstance(scorer, CascadeScorer)
    return scorer


def shares(scorer: Scorer, labels: tuple[str, ...], texts: Sequence[str]) -> np.ndarray:
    return Router(labels, scorer).predict(texts)[1]


@pytest.mark.parametrize(("thresholds", "decides"), [((1, 1), 2), ((0, 0), 0), ((1, 0), 1)])
def test_thresholds_of_0_and_1_leave_one_stage_to_decide(
    library, unseen_library, tmp_path, thresholds, decides
) -> None:
    scorer = fitted_scorer(library, cascade(*thresholds), tmp_path)
    wanted = scorer.stages[decides].predict(unseen_library.texts)[1]
    np.testing.assert_allclose(shares(scorer, scorer.labels, unseen_library.texts), wanted, rtol=0, atol=1e-9)
    assert (scorer.score(unseen_library.texts).stages == decides).all()


@dataclass(frozen=True)
class Counted:
    """A stage that notes what it is asked."""

    scorer: Scorer
    stage_names: tuple[str, ...] = ("",)
    asked: list[str] = field(default_factory=list)

    def score(self, questions: Sequence[str]) -> QuestionScores:
        """Ask the scorer inside."""
        self.asked.extend(questions)
        return self.scorer.score(questions)


def test_only_what_a_stage_is_unsure_of_reaches_the_next(library, unseen_library, tmp_path) -> None:
    scorer = fitted_scorer(library, cascade(0.9, 0.9), tmp_path)
    counted = tuple(replace(stage, scorer=Counted(stage.scorer)) for stage in scorer.stages)
    stages = replace(scorer, stages=counted).score(unseen_library.texts).stages
    assert set(stages) == {0, 1, 2}
    for place, stage in enumerate(counted):
        left = [text for text, by in zip(unseen_library.texts, stages, strict=True) if by >= place]
        assert stage.scorer.asked == left


def test_a_single_question_gets_what_it_gets_among_others(library, unseen_library, tmp_path) -> None:
    scorer = fitted_scorer(library, cascade(None, None, network=True), tmp_path)
    together = scorer.score(unseen_library.texts)
    for row in range(0, len(unseen_library.texts), 7):
        alone = scorer.score([unseen_library.texts[row]])
        np.testing.assert_allclose(alone.scores[0], together.scores[row], rtol=0, atol=1e-5)
        assert alone.stages[0] == together.stages[row]
    assert scorer.score([]).scores.shape == (0, 4)


def test_decisions_name_the_stage(library, tmp_path) -> None:
    config = RouteConfig(router=cascade(0.9, 0.9, network=True))
    router = fit_router(library, config, Resources({}, tmp_path))
    assert router.scorer.stage_names == ("keywords", "tfidf-1", "tfidf-2+network")
    assert router.decide(["Is python a ballad?"])[0].stage == "tfidf-2+network"
    assert router.decide(["What is python?"])[0].stage == "keywords"


def test_energy_is_the_log_odds_of_scope_of_the_stage_that_answers(library, tmp_path) -> None:
    scorer = fitted_scorer(library, cascade(1, 1), tmp_path)
    last = scorer.stages[-1]
    chances = last.in_scope(last.scorer.score(library.texts))
    energy = scorer.score(library.texts).all_signs()[:, 1]
    np.testing.assert_allclose(energy, np.log(chances / (1 - chances)), rtol=1e-6)


@pytest.mark.parametrize("max_errors", [0.0, 0.05, 0.2])
def test_a_learned_threshold_is_the_least_that_keeps_its_promise(max_errors) -> None:
    draw = np.random.default_rng(0)
    scores = np.round(draw.normal(size=(500, 3)), 1) * 3
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    targets = np.array([draw.choice(3, p=row) for row in np.exp(logs)])
    confidence, wrong = np.exp(logs.max(axis=1)), logs.argmax(axis=1) != targets
    threshold = _threshold(logs, targets, max_errors)
    assert wrong[confidence >= threshold].mean() <= max_errors
    lower = np.unique(confidence[confidence < threshold])
    assert all(wrong[confidence >= level].mean() > max_errors for level in lower)


def test_a_stage_that_keeps_no_promise_never_decides() -> None:
    logs = np.log([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    assert _threshold(logs, np.array([1, 0, 0]), 0.1) == 1.0


def evidence(logs: np.ndarray) -> StageEvidence:
    return StageEvidence(logs, np.zeros(len(logs)), np.zeros((len(logs), 0)))


def test_held_out_decisions_do_not_know_the_answers(library) -> None:
    draw = np.random.default_rng(0)
    stages = [evidence(np.log(draw.dirichlet([1] * 4, size=len(library.texts)))) for _ in range(3)]
    config = cascade(None, None, network=True)
    targets = np.array([library.domains.index(label) for label in library.labels])
    first = _cross_decided(stages, targets, library, config)
    one = library.groups.index(library.groups[50])
    changed = targets.copy()
    changed[one] = (changed[one] + 1) % 4
    second = _cross_decided(stages, changed, library, config)
    np.testing.assert_array_equal(first.scores[one], second.scores[one])
    assert not np.array_equal(first.scores, second.scores)


def test_held_out_accuracy_is_no_better_than_chance_where_there_is_nothing_to_learn(
    nonsense, tmp_path
) -> None:
    fitted = fit_cascade(nonsense, None, cascade(0.6, 0.6, network=True), Resources({}, tmp_path))
    assert fitted.held_out is not None
    found = [fitted.labels[best] for best in fitted.held_out.scored.scores.argmax(axis=1)]
    assert np.mean(np.array(found) == fitted.held_out.questions.labels) < 0.4
    assert isinstance(fitted.scorer, CascadeScorer)
    seen = fitted.scorer.stages[-1].predict(nonsense.texts)[0]
    assert np.mean(np.array(seen) == nonsense.labels) > 0.5


def test_the_network_starts_from_what_the_stages_agree_on_and_mends_what_they_confuse() -> None:
    draw = np.random.default_rng(0)
    targets = draw.integers(0, 3, 3000)
    confused = np.log(np.eye(3)[np.array([1, 0, 2])[targets]] * 0.7 + 0.1)
    unsure = np.log(draw.dirichlet([5] * 3, size=3000))
    stages = [evidence(unsure), evidence(confused)]
    assert (confused.argmax(axis=1) == targets).mean() < 0.5
    network = train_network([one.at(np.arange(2000)) for one in stages], targets[:2000], 16, seed=1)
    found = network.log_probabilities([one.at(np.arange(2000, 3000)) for one in stages])
    assert (found.argmax(axis=1) == targets[2000:]).mean() > 0.95
    untaught = replace(network, outer=0 * network.outer, outer_bias=0 * network.outer_bias)
    agreed = network.trust[0] * unsure + network.trust[1] * confused
    differences = untaught.log_probabilities(stages) - agreed
    np.testing.assert_allclose(differences, differences[:, :1] * np.ones(3), atol=1e-9)


def test_a_stage_that_said_the_same_of_all_questions_may_speak_up_later() -> None:
    draw = np.random.default_rng(0)
    targets = draw.integers(0, 2, 400)
    abstained = np.log(np.full((400, 2), 0.5))
    telling = np.log(np.eye(2)[targets] * 0.6 + 0.2)
    network = train_network([evidence(abstained), evidence(telling)], targets, 8, seed=1)
    loud = np.log([[0.6, 0.4], [0.4, 0.6]])
    shares = np.exp(network.log_probabilities([evidence(loud), evidence(telling[:2])]))
    assert (shares.argmax(axis=1) == targets[:2]).all()
    assert shares.max() < 0.999


def test_the_network_decides_only_what_reaches_the_last_stage(library, tmp_path) -> None:
    scorer = fitted_scorer(library, cascade(0, 0, network=True), tmp_path)
    without = replace(scorer, handover=Handover(scorer.handover.thresholds, None))
    np.testing.assert_array_equal(scorer.score(library.texts).scores, without.score(library.texts).scores)


def test_a_cascade_beats_its_first_stage_and_asks_the_last_for_few(library, unseen_library, tmp_path) -> None:
    config = RouteConfig(router=cascade(None, None, network=True, max_errors=0.02))
    router = fit_router(library, config, Resources({}, tmp_path))
    assert isinstance(router.scorer, CascadeScorer)

    def accuracy(one: Router) -> float:
        return float(np.mean(np.array(one.predict(unseen_library.texts)[0]) == unseen_library.labels))

    stages = router.scorer.score(unseen_library.texts).stages
    assert accuracy(router) > accuracy(router.scorer.stages[0])
    assert (stages == 2).mean() < 0.6


def test_a_stage_without_held_out_scores_is_cross_validated(library, tmp_path) -> None:
    stages = (CascadeStage(router=TfidfReferenceRouter()), CascadeStage(router=WORDS_ALONE))
    fitted = fit_cascade(library, None, CascadeRouter(stages=stages), Resources({}, tmp_path))
    assert fitted.held_out is not None
    assert sorted(fitted.held_out.questions.ids) == sorted(library.ids)


def test_two_fits_give_the_same_cascade(library, tmp_path) -> None:
    one, two = (
        fitted_scorer(library, cascade(None, None, network=True), tmp_path).score(library.texts)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.scores, two.scores)


def with_encoder(kind: SemanticRouter | EncoderRouter) -> CascadeRouter:
    return CascadeRouter(stages=(CascadeStage(router=WORDS_ALONE), CascadeStage(router=kind)), hidden=8)


@pytest.mark.parametrize(
    "kind",
    [
        SemanticRouter(model=TinyEncoder(), C=(10.0,)),
        EncoderRouter(model=TinyEncoder(), num_epochs=1, validation_share=0.3),
    ],
)
def test_the_network_reads_the_embeddings_of_the_last_stage(library, unseen_library, tmp_path, kind) -> None:
    config = RouteConfig(router=with_encoder(kind))
    router = fit_router(library, config, Resources(encoder_folders(config.router), tmp_path))
    assert isinstance(router.scorer, CascadeScorer)
    assert router.scorer.handover.network is not None
    last = router.scorer.stages[-1].scorer
    assert isinstance(last, NeuralScorer)
    assert len(router.scorer.handover.network.mean) == last.part.width + 2 * 4
    save_router(router, "cascade", {}, tmp_path / "router")
    again = load_router(tmp_path / "router").predict(unseen_library.texts)[1]
    np.testing.assert_array_equal(again, router.predict(unseen_library.texts)[1])


def test_validation_questions_are_evidence_where_a_stage_left_out_no_others(
    library, unseen_library, tmp_path
) -> None:
    config = with_encoder(EncoderRouter(model=TinyEncoder(), num_epochs=1))
    fitted = fit_cascade(library, unseen_library, config, Resources(encoder_folders(config), tmp_path))
    assert fitted.held_out is not None
    assert fitted.held_out.questions.ids == unseen_library.ids


@pytest.mark.parametrize(
    ("router", "message"),
    [
        ({"stages": [{"router": {"kind": "tfidf"}}]}, r"stages"),
        (
            {"stages": [{"router": {"kind": "keywords"}}, {"router": {"kind": "tfidf"}, "threshold": 0.5}]},
            r"stages\.1\.threshold: the last stage always decides",
        ),
        ({"max_errors": 1}, "max_errors"),
    ],
)
def test_bad_cascades_name_their_field(router, message) -> None:
    with pytest.raises(ValidationError, match=message):
        RouteConfig.model_validate({"router": {"kind": "cascade", **router}})

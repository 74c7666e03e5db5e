"""Pins keyword routers: rules speak for one domain or not at all, and learned ones keep their precision."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from tasks.kernel.errors import ConfigError
from tasks.route.composite_config import KeywordRouter
from tasks.route.config import RouteConfig
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.keyword_rules import fit_keywords
from tasks.route.kinds.uncalibrated import Resources
from tasks.router_runtime.router_files import load_router, save_router

RULES = {"code": ("Python", "for  loop"), "law": ("court",)}


def test_no_rule_and_rules_of_two_domains_give_even_scores(library) -> None:
    scorer = fit_keywords(library, KeywordRouter(rules=RULES)).scorer
    scored = scorer.score(["What is a verdict?", "Does a court use Python?", "", "pythonic courts"])
    assert (scored.scores == scored.scores[:, :1]).all()
    assert scored.signs.tolist() == [[0], [0], [0], [0]]


def test_words_and_phrases_are_found_without_case_and_marks(library) -> None:
    scorer = fit_keywords(library, KeywordRouter(rules=RULES)).scorer
    scored = scorer.score(["PYTHON?", "Write a FOR loop.", "Which court, and which Court?"])
    assert [scored.scores[row].argmax() for row in range(3)] == [0, 0, 1]
    assert scored.signs.tolist() == [[1], [1], [1]]


def test_learned_words_keep_their_precision_on_questions_they_were_not_learned_from(
    library, unseen_library
) -> None:
    fitted = fit_keywords(library, KeywordRouter())
    assert fitted.held_out is not None
    for questions, scores in (
        (unseen_library, fitted.scorer.score(unseen_library.texts).scores),
        (fitted.held_out.questions, fitted.held_out.scored.scores),
    ):
        hit = scores.max(axis=1) > 0
        right = np.array(fitted.labels)[scores.argmax(axis=1)] == np.array(questions.labels)
        assert hit.mean() > 0.4
        assert right[hit].mean() >= 0.98


def test_words_of_two_domains_are_not_learned(library) -> None:
    scorer = fit_keywords(library, KeywordRouter(min_questions=3)).scorer
    rules = {word for phrases in scorer.part.rules for word in phrases}
    own = {"python", "compiler", "contract", "verdict", "melody", "guitar", "sonnet", "haiku"}
    assert len(rules & own) > len(own) / 2
    assert not rules & {"notes", "argument", "verse", "what", "is"}


def test_where_no_word_is_precise_the_rules_abstain_and_say_so(library, caplog) -> None:
    labels = tuple(np.random.default_rng(0).permutation(library.labels).tolist())
    fitted = fit_keywords(replace(library, labels=labels), KeywordRouter())
    assert not fitted.scorer.score(library.texts).scores.any()
    assert "no word gives a domain away" in caplog.text


def test_confidence_is_the_precision_of_the_rules_and_chance_elsewhere(library, tmp_path) -> None:
    config = RouteConfig(router=KeywordRouter(rules={"code": ("python",), "law": ("notes",)}))
    router = fit_router(library, config, Resources({}, tmp_path))
    held = router.scorer.score(library.texts).scores
    right = np.array(router.labels)[held.argmax(axis=1)] == np.array(library.labels)
    shares = router.predict(["python", "nothing of it"])[1]
    assert shares[0].max() == pytest.approx(right[held.max(axis=1) > 0].mean(), abs=0.02)
    assert shares[1].tolist() == pytest.approx([0.25] * 4)


def test_rules_come_back_from_the_file_as_they_were(library, tmp_path) -> None:
    router = fit_router(library, RouteConfig(router=KeywordRouter()), Resources({}, tmp_path))
    save_router(router, "keywords", {}, tmp_path / "router")
    again = load_router(tmp_path / "router")
    assert again == router
    np.testing.assert_array_equal(again.predict(library.texts)[1], router.predict(library.texts)[1])


def test_rules_of_an_unknown_domain_are_refused(library) -> None:
    with pytest.raises(ConfigError, match=r"`rules\.cooking`: no such domain; choose among code, law"):
        fit_keywords(library, KeywordRouter(rules={"cooking": ("pan",)}))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"code": ["?!"]}, r"code: '\?!' holds no word"),
        ({"code": ["Python"], "law": ["python!"]}, r"law: 'python!' is a rule of code too"),
    ],
)
def test_rules_that_decide_nothing_do_not_validate(rules, message) -> None:
    with pytest.raises(ValidationError, match=message):
        RouteConfig.model_validate({"router": {"kind": "keywords", "rules": rules}})

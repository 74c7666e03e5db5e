"""Pins hierarchies: P(group) times P(domain | group), held-out questions held out on both levels."""

from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from tasks.kernel.errors import ConfigError
from tasks.route.composite_config import HierarchicalRouter, KeywordRouter
from tasks.route.config import RouteConfig
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.hierarchical import fit_hierarchical
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.single_config import TfidfRouter
from tasks.router_runtime.composite import HierarchyScorer
from tasks.router_runtime.router import Router

FAST = TfidfRouter(char_ngrams=None, C=(1.0,), families=("svm",), class_weights=("none",), folds=3)
GROUPS = {"letters": ("poetry", "music"), "work": ("code", "law")}


def hierarchy(**groups: tuple[str, ...]) -> HierarchicalRouter:
    return HierarchicalRouter(groups=groups or GROUPS, coarse=FAST, fine=FAST)


def fitted_scorer(questions, config: HierarchicalRouter, folder) -> HierarchyScorer:
    scorer = fit_hierarchical(questions, None, config, Resources({}, folder)).scorer
    assert isinstance(scorer, HierarchyScorer)
    return scorer


def test_probabilities_multiply_and_add_up_to_one(library, unseen_library, tmp_path) -> None:
    scorer = fitted_scorer(library, hierarchy(), tmp_path)
    shares = Router(scorer.labels, scorer).predict(unseen_library.texts)[1]
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=0, atol=1e-12)
    groups = scorer.coarse.predict(unseen_library.texts)[1]
    assert scorer.coarse.labels == ("letters", "work")
    for group, fine in enumerate(scorer.fine):
        inside = fine.predict(unseen_library.texts)[1]
        columns = [scorer.labels.index(label) for label in fine.labels]
        np.testing.assert_allclose(shares[:, columns], groups[:, [group]] * inside, rtol=0, atol=1e-9)


def test_the_only_domain_of_a_group_has_the_groups_probability(library, unseen_library, tmp_path) -> None:
    config = hierarchy(verse=("poetry",), other=("code", "law", "music"))
    scorer = fitted_scorer(library, config, tmp_path)
    shares = Router(scorer.labels, scorer).predict(unseen_library.texts)[1]
    groups = scorer.coarse.predict(unseen_library.texts)[1]
    verse = groups[:, scorer.coarse.labels.index("verse")]
    np.testing.assert_allclose(shares[:, scorer.labels.index("poetry")], verse, rtol=0, atol=1e-9)


def test_a_hierarchy_finds_domains_it_was_not_fitted_on_the_questions_of(
    library, unseen_library, tmp_path
) -> None:
    router = fit_router(library, RouteConfig(router=hierarchy()), Resources({}, tmp_path))
    found = np.array(router.predict(unseen_library.texts)[0])
    assert (found == unseen_library.labels).mean() > 0.7


def test_held_out_accuracy_is_no_better_than_chance_where_there_is_nothing_to_learn(
    nonsense, tmp_path
) -> None:
    fitted = fit_hierarchical(nonsense, None, hierarchy(), Resources({}, tmp_path))
    assert fitted.held_out is not None
    assert len(fitted.held_out.questions.texts) == len(nonsense.texts)
    found, shipped = (
        np.array(fitted.labels)[scores.argmax(axis=1)]
        for scores in (
            fitted.held_out.scored.scores,
            fitted.scorer.score(fitted.held_out.questions.texts).scores,
        )
    )
    assert (found == fitted.held_out.questions.labels).mean() < 0.4
    assert (shipped == fitted.held_out.questions.labels).mean() > 0.5


def test_validation_questions_are_held_out_too(library, unseen_library, tmp_path) -> None:
    fitted = fit_hierarchical(library, unseen_library, hierarchy(), Resources({}, tmp_path))
    assert fitted.held_out is not None
    assert set(unseen_library.ids) < set(fitted.held_out.questions.ids)
    rows = [fitted.held_out.questions.ids.index(name) for name in unseen_library.ids]
    assert sorted(rows) == rows
    assert all(second - first == 1 for first, second in pairwise(rows))
    np.testing.assert_allclose(
        fitted.held_out.scored.scores[rows],
        fitted.scorer.score(unseen_library.texts).scores,
        rtol=0,
        atol=1e-5,
    )


def test_levels_may_be_of_different_kinds(library, tmp_path) -> None:
    rules = {"poetry": ("haiku",), "music": ("chord",), "law": ("court",)}
    config = HierarchicalRouter(groups=GROUPS, coarse=FAST, fine=KeywordRouter(rules=rules))
    scorer = fitted_scorer(library, config, tmp_path)
    found = scorer.score(["What is a haiku?", "Why is a court hard?"]).scores.argmax(axis=1)
    assert [scorer.labels[best] for best in found] == ["poetry", "law"]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"one": ("code",), "two": ("law", "music")}, "`groups`: domain poetry is in no group"),
        (GROUPS | {"three": ("cooking",)}, "`groups`: no domain cooking; choose among code, law"),
    ],
)
def test_groups_that_are_not_the_librarys_are_refused(library, tmp_path, groups, message) -> None:
    with pytest.raises(ConfigError, match=message):
        fit_hierarchical(library, None, hierarchy(**groups), Resources({}, tmp_path))


@pytest.mark.parametrize(
    "groups",
    [{"one": ["code"], "two": []}, {"one": ["code"], "two": ["code"]}, {"one": ["a", "a"], "two": ["b"]}],
)
def test_groups_that_are_empty_or_overlap_do_not_validate(groups) -> None:
    with pytest.raises(ValidationError, match="name each domain once, in one group"):
        RouteConfig.model_validate({"router": {"kind": "hierarchical", "groups": groups}})

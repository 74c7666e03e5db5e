"""Explanations: words count for what the router loses without them, and parts speak for themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from scipy.special import expit

from tasks.router_runtime.composite import CascadeScorer, Handover, HierarchyScorer
from tasks.router_runtime.confidence import ScopeModel
from tasks.router_runtime.explain import PartAnswer, explain, word_reasons
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.ngrams import Ngrams
from tasks.router_runtime.policy_network import PolicyNetwork
from tasks.router_runtime.question_scores import QuestionScores
from tasks.router_runtime.router import Router

LABELS = ("anxiety", "ocd")


def linear(labels: tuple[str, ...], *words: str, strength: float = 3.0) -> Router:
    """Return a router with one typical word a label."""
    block = Ngrams(analyzer="word", ngram_range=(1, 1), vocabulary=words)
    size = len(words)
    return Router(labels, LinearScorer((block,), strength * np.eye(size), np.zeros(size), np.ones(size)))


ROUTER = linear(LABELS, "panic", "rituals")


@dataclass(frozen=True)
class Counted:
    """A scorer that notes how many texts come with each call."""

    scorer: LinearScorer
    calls: list[int] = field(default_factory=list)
    stage_names: tuple[str, ...] = ("",)

    def score(self, questions: Sequence[str]) -> QuestionScores:
        """Pass on."""
        self.calls.append(len(questions))
        return self.scorer.score(questions)


def test_a_word_weighs_what_its_label_loses_without_it() -> None:
    [reasons] = word_reasons(ROUTER, ["Rituals, rituals against panic?"])
    variants = ["rituals rituals against panic", "against panic", "rituals rituals against"]
    with_both, without_rituals, without_panic = ROUTER.predict(variants)[1][:, 1]
    found = {reason.text: reason.weight for reason in reasons}
    assert found == {
        "Rituals": pytest.approx(with_both - without_rituals),
        "panic": pytest.approx(with_both - without_panic),
        "against": 0,
    }
    assert found["Rituals"] > 0 > found["panic"]
    assert reasons[-1].text == "against"


def test_a_word_that_comes_twice_is_left_out_twice() -> None:
    [reasons] = word_reasons(ROUTER, ["Panic, then panic: why?"])
    assert [reason.text for reason in reasons] == ["Panic", "then", "why"]
    assert reasons[0].weight == pytest.approx(ROUTER.predict(["panic"])[1][0, 0] - 0.5)


def test_each_question_of_a_batch_gets_its_own_words_from_one_call() -> None:
    assert isinstance(ROUTER.scorer, LinearScorer)
    counted = Counted(ROUTER.scorer)
    questions = ["panic", "why rituals now", "?"]
    together = word_reasons(replace(ROUTER, scorer=counted), questions)
    assert counted.calls == [8]
    alone = [word_reasons(ROUTER, [question])[0] for question in questions]
    assert together == alone


def test_what_a_word_does_for_being_in_scope_is_told_apart() -> None:
    known = ScopeModel(mean=(0,) * 4, deviation=(1,) * 4, weights=(0, 0, 0, 5), intercept=-2)
    [reasons] = word_reasons(replace(ROUTER, scope=known), ["panic taxes"])
    scope = {reason.text: reason.scope for reason in reasons}
    assert scope["panic"] > 0 > scope["taxes"]


def test_every_stage_of_a_cascade_is_heard_and_the_answering_one_is_named() -> None:
    weak = linear(LABELS, "panic", "rituals", strength=1)
    names = ("fast", "slow")
    cascade = Router(LABELS, CascadeScorer(LABELS, (weak, ROUTER), Handover((0.7,), None), names))
    sure, unsure = explain(cascade, ["panic", "why"])
    assert [(part.name, part.label, part.answered) for part in sure.parts] == [
        ("fast", "anxiety", True),
        ("slow", "anxiety", False),
    ]
    assert [part.confidence for part in sure.parts] == pytest.approx([expit(1), expit(3)])
    assert unsure.parts[0] == PartAnswer("fast", "", 0.5, answered=False)
    assert unsure.parts[1].answered


def test_the_answering_stage_speaks_for_the_policy_network() -> None:
    contrary = PolicyNetwork(
        mean=np.zeros(2),
        deviation=np.ones(2),
        inner=np.zeros((2, 1)),
        inner_bias=np.zeros(1),
        outer=np.zeros((1, 2)),
        outer_bias=np.array([0.0, 2.0]),
        trust=np.zeros(1),
    )
    cascade = Router(LABELS, CascadeScorer(LABELS, (ROUTER,), Handover((), contrary), ("slow+network",)))
    [found] = explain(cascade, ["panic"])
    assert ROUTER.predict(["panic"])[0] == ["anxiety"]
    assert found.parts == (PartAnswer("slow+network", "ocd", pytest.approx(expit(2)), answered=True),)


def test_a_hierarchy_tells_group_and_domain() -> None:
    coarse = linear(("law", "mind"), "contract", "panic")
    fine = (linear(("tax",), "tax"), linear(LABELS, "panic", "rituals"))
    labels = ("anxiety", "ocd", "tax")
    [found] = explain(Router(labels, HierarchyScorer(labels, coarse, fine)), ["panic"])
    share = pytest.approx(expit(3))
    assert found.parts == (
        PartAnswer("group", "mind", share, answered=True),
        PartAnswer("within mind", "anxiety", share, answered=True),
    )


def test_a_router_without_parts_or_memory_has_words_alone() -> None:
    [found] = explain(ROUTER, ["panic"])
    assert (found.parts, found.nearest) == ((), ())
    assert found.words[0].text == "panic"

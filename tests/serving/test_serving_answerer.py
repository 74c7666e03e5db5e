"""Who answers: every outcome has its one line, and a missing generalist is never passed over in silence."""

import pytest

from serving.chosen_model import ChosenModel, answerer, refusal, wants_generalist
from tasks.router_runtime.policy import Decision, Outcome, Policy

CAREFUL = Policy(min_confidence=0.7, min_scope=0.5)


def decision(
    outcome: Outcome, confidence: float, scope: float, *others: tuple[str, float], weight: float = 1.0
) -> Decision:
    return Decision(outcome, (("anxiety", weight), *others), confidence, scope)


@pytest.mark.parametrize(
    ("decided", "name", "line"),
    [
        (decision("expert", 0.93, 0.9), "anxiety", "[anxiety 93%]"),
        (
            decision("expert", 0.8, 0.9, ("ocd", 0.2), weight=0.8),
            "anxiety",
            "[anxiety 80%; weights anxiety 0.80, ocd 0.20]",
        ),
        (decision("expert", 0.41, 0.9), "anxiety", "[anxiety 41%: unsure]"),
        (decision("expert", 0.93, 0.1), "anxiety", "[anxiety 93%: out of scope]"),
        (decision("generalist", 0.41, 0.9), "generalist", "[generalist: unsure, anxiety 41%]"),
        (decision("generalist", 0.93, 0.1), "generalist", "[generalist: out of scope]"),
        (decision("refused", 0.93, 0.1), None, "[refused: out of scope]"),
        (decision("refused", 0.41, 0.9), None, "[refused: unsure, anxiety 41%]"),
    ],
)
def test_each_outcome_says_who_answers_and_why(decided: Decision, name: str | None, line: str) -> None:
    assert answerer(decided, CAREFUL, generalist=True) == ChosenModel(name, line)


def test_without_a_generalist_only_what_is_in_scope_reaches_an_expert() -> None:
    unsure, beyond = decision("generalist", 0.41, 0.9), decision("generalist", 0.93, 0.1)
    assert answerer(unsure, CAREFUL, generalist=False).name == "anxiety"
    assert answerer(beyond, CAREFUL, generalist=False) == ChosenModel(
        None, "[refused: out of scope, and there is no generalist here]"
    )


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (Policy(), False),
        (Policy(min_confidence=0.5), True),
        (Policy(min_confidence=0.5, unsure="expert"), False),
        (Policy(min_scope=0.5), False),
        (Policy(min_scope=0.5, out_of_scope="generalist"), True),
    ],
)
def test_a_generalist_is_wanted_where_the_policy_can_send_to_it(policy: Policy, *, wanted: bool) -> None:
    assert wants_generalist(policy) is wanted


def test_a_refusal_names_the_domains_and_leaves_other_braces_alone() -> None:
    policy = Policy(refusal="{domains} only {really} {0}")
    assert refusal(policy, ("anxiety", "ocd", "panic")) == "anxiety, ocd and panic only {really} {0}"
    assert refusal(policy, ("ocd",)) == "ocd only {really} {0}"

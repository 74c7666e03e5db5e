"""Pins the routing tax: paired, additive, silent about what chance explains, and fair to unsure routers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tasks.evaluate.concluding.routing_tax import routing_tax
from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.measuring.float_models import Measured
from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.measuring.systems import GENERALIST, RouterDecisions, assignments, expert
from tasks.evaluate.metrics.chosen_metrics import load_scorer
from tasks.evaluate.run import run
from tasks.kernel.workspace import Inputs, Workspace
from tasks.records.estimate import Estimate
from tasks.records.evaluation import Evaluation, read_answers, read_evaluation
from tasks.records.routing import RoutingTax
from tasks.router_runtime.confidence import ScopeModel
from tasks.router_runtime.policy import Decision, Outcome, Policy
from tasks.statistics.bootstrap import Loss, perplexity

pytestmark = pytest.mark.slow

TaxOf = Callable[[Sequence[tuple[str, Outcome, float]]], RoutingTax]
CONFIG = EvaluateConfig(max_new_tokens=6, latency_prompts=1, bootstrap_samples=200)
NOTHING_IN_SCOPE = ScopeModel(mean=(0,) * 4, deviation=(1,) * 4, weights=(0,) * 4, intercept=-20)


def evaluate(inputs: Inputs, work: Workspace) -> Evaluation:
    run(inputs, CONFIG, work)
    return read_evaluation(work.out)


def evidence(asked: Sequence[tuple[str, Outcome, float]]) -> Evidence:
    """Return questions of `ocd`, each with who is asked and the nats by which that one is worse."""
    questions = [
        Question("ocd", str(place), f"question {place}", "wash hands") for place in range(len(asked))
    ]
    decisions = [Decision(outcome, ((domain, 1.0),), 1.0, 1.0) for domain, outcome, _ in asked]
    routing = RouterDecisions(decisions, [0.0] * len(asked))
    right = {place: Loss(10.0 + place, 10) for place in range(len(asked))}
    worse = {place: Loss(10.0 + place + 10 * asked[place][2], 10) for place in right}
    models = {
        name: Measured(worse, dict.fromkeys(worse, "wash"), {}, [])
        for name in (expert("anxiety"), expert("panic"), GENERALIST)
    }
    models[expert("ocd")] = Measured(right, dict.fromkeys(right, "wash hands"), {}, [])
    systems = assignments(questions, routing)
    return Evidence(questions, ("anxiety", "ocd", "panic"), routing, systems, models, {}, {}, {}, 0)


@pytest.fixture
def tax_of(tmp_path: Path) -> TaxOf:
    config = EvaluateConfig(metrics=("rouge_l", "bleu"), bootstrap_samples=500, seed=1)
    scorer = load_scorer(config, {}, tmp_path)
    return lambda asked: routing_tax(evidence(asked), scorer)


def test_a_costly_confusion_is_told_from_one_that_chance_explains(tax_of: TaxOf) -> None:
    costly = [("anxiety", "expert", 0.2 + 0.01 * place) for place in range(8)]
    chance = [("panic", "expert", 0.2 * (-1) ** place) for place in range(8)]
    anxiety, panic = tax_of([*costly, *chance]).pairs
    assert (anxiety.domain, anxiety.asked, anxiety.questions) == ("ocd", "anxiety", 8)
    assert (anxiety.verdict, anxiety.within_noise) == ("ocd's expert better", False)
    assert anxiety.loss.value == pytest.approx(0.235)
    assert 0.2 <= anxiety.loss.ends[0] < 0.235 < anxiety.loss.ends[1] <= 0.27
    assert anxiety.scores["rouge_l"].value == pytest.approx(2 / 3 - 1)
    assert (panic.verdict, panic.within_noise) == ("no difference beyond the noise", True)


def test_one_question_makes_no_verdict_however_bad_its_answer(tax_of: TaxOf) -> None:
    tax = tax_of([("anxiety", "expert", 5.0), *[("ocd", "expert", 0.0)] * 9])
    [pair] = tax.pairs
    assert (pair.verdict, pair.within_noise) == ("too few questions to tell (1)", True)
    assert (pair.loss.value, pair.loss.bounded) == (pytest.approx(5), False)
    assert tax.total.loss.value == pytest.approx(0.5)


def test_all_shares_add_up_to_the_total(tax_of: TaxOf) -> None:
    tax = tax_of(
        [
            ("anxiety", "expert", 0.3),
            ("panic", "expert", -0.1),
            ("panic", "generalist", 0.2),
            ("anxiety", "refused", 0.7),
            *[("ocd", "expert", 0.0)] * 6,
        ]
    )
    for name, total in {"loss": tax.total.loss, **tax.total.scores}.items():
        shares = [part.share[name] for part in (*tax.pairs, *tax.elsewhere)]
        assert sum(shares) == pytest.approx(total.value)
    assert set(tax.total.scores) == {"rouge_l"}
    assert tax.misrouted == 2
    assert [part.outcome for part in tax.elsewhere] == ["refused", "generalist"]


def test_right_routing_is_free(inputs: Inputs, workspace: Workspace) -> None:
    tax = evaluate(inputs, workspace).router.tax
    assert (tax.pairs, tax.elsewhere, tax.misrouted) == ([], [], 0)
    assert tax.total.perplexity_ratio == Estimate(value=1, low=1, high=1)
    assert tax.total.loss.value == 0


def test_a_confused_pair_is_measured_on_its_own_answers(
    inputs: Inputs, workspace: Workspace, relabel: Callable[[Sequence[str]], None]
) -> None:
    relabel(("beta", "alpha"))
    pairs = {pair.domain: pair for pair in evaluate(inputs, workspace).router.tax.pairs}
    assert {domain: pair.asked for domain, pair in pairs.items()} == {"alpha": "beta", "beta": "alpha"}
    asked, right = (listed(workspace.out, "alpha", expert(domain)) for domain in ("beta", "alpha"))
    assert pairs["alpha"].perplexity_ratio.value == pytest.approx(perplexity(asked) / perplexity(right))


def test_an_unsure_router_asks_the_generalist_and_measures_nothing_more(
    inputs: Inputs, workspace: Workspace, careful: Callable[[Policy, ScopeModel | None], None]
) -> None:
    careful(Policy(min_confidence=1), None)
    report = evaluate(inputs, workspace)
    assert report.router.accuracy == 1
    assert report.router.outcomes == {"expert": 0, "generalist": 6, "refused": 0}
    assert figures(report, "real") == figures(report, "generalist") != figures(report, "oracle")
    assert report.warnings == []
    assert len((workspace.out / "answers.jsonl").read_text(encoding="utf-8").splitlines()) == 12


def test_a_false_refusal_is_counted_and_said(
    inputs: Inputs, workspace: Workspace, careful: Callable[[Policy, ScopeModel | None], None]
) -> None:
    careful(Policy(min_scope=0.5), NOTHING_IN_SCOPE)
    report = evaluate(inputs, workspace)
    assert report.router.outcomes["refused"] == 6
    assert figures(report, "real") == figures(report, "generalist")
    [warning] = report.warnings
    assert warning.startswith("router: 6 of 6 held-out questions would be refused")
    assert {answer.outcome for answer in read_answers(workspace.out)} == {"refused"}


def figures(report: Evaluation, system: str) -> object:
    return report.systems[system].perplexity, report.systems[system].scores


def listed(out: Path, domain: str, model: str) -> list[Loss]:
    answers = read_answers(out)
    return [
        Loss(answer.nats, answer.tokens)
        for answer in answers
        if answer.domain == domain and answer.model == model and answer.nats and answer.tokens
    ]

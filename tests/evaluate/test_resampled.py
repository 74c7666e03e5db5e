"""Pins what intervals are drawn over: whole passages, and questions where there are too few passages."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tasks.evaluate.concluding.evaluation_report import evaluation
from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.measuring.float_models import Measured
from tasks.evaluate.measuring.questions import RECALL, TRANSFER, Question
from tasks.evaluate.measuring.systems import BASE, GENERALIST, RouterDecisions, assignments, expert
from tasks.evaluate.metrics.chosen_metrics import load_scorer
from tasks.records.evaluation import Evaluation
from tasks.router_runtime.policy import Decision
from tasks.statistics.bootstrap import Loss

pytestmark = pytest.mark.slow

EACH = 8
"""Questions on a passage."""


def concluded(
    folder: Path, passages: list[str], recalled: Sequence[str] = (), **config: object
) -> Evaluation:
    """Return what is said of an expert that is better on some passages and worse on others."""
    settings = EvaluateConfig.model_validate({"metrics": ["rouge_l"], **config})
    questions = [
        Question("ocd", f"{passage}-{number}", "why?", "wash hands", passage=passage, yardstick=yardstick)
        for yardstick, names in ((TRANSFER, passages), (RECALL, recalled))
        for passage in names
        for number in range(EACH)
    ]
    places = range(len(questions))
    decisions = [Decision("expert", (("ocd", 1.0),), 1.0, 1.0) for _ in places]
    shifts = {expert("ocd"): 0.4, GENERALIST: 0.0, BASE: 0.0}
    models = {
        name: Measured(
            {place: Loss(10 + shift * (5 if place // EACH % 2 else -10), 5) for place in places},
            dict.fromkeys(places, "wash"),
            dict.fromkeys(places, 1.0),
            [],
        )
        for name, shift in shifts.items()
    }
    routing = RouterDecisions(decisions, [0.0] * len(places))
    systems = assignments(questions, routing)
    evidence = Evidence(questions, ("ocd",), routing, systems, models, {}, {}, {}, 0)
    return evaluation(evidence, settings, load_scorer(settings, {}, folder))


def ratio_width(found: Evaluation) -> float:
    low, high = found.domains["ocd"].comparison.ratio.ends
    return high - low


def test_what_holds_for_some_passages_is_not_sure_of_others(tmp_path: Path) -> None:
    passages = list("abcdefgh")
    whole = concluded(tmp_path, passages)
    single = concluded(tmp_path, passages, resampled="questions")
    assert whole.domains["ocd"].comparison.ratio.value == single.domains["ocd"].comparison.ratio.value
    assert ratio_width(whole) > 2 * ratio_width(single)
    assert not [sentence for sentence in whole.warnings if "passages" in sentence]


def test_too_few_passages_are_named_and_questions_drawn(tmp_path: Path) -> None:
    found = concluded(tmp_path, ["a", "b"])
    assert ratio_width(found) == ratio_width(concluded(tmp_path, ["a", "b"], resampled="questions"))
    [warning] = [sentence for sentence in found.warnings if "passages" in sentence]
    assert warning.startswith("ocd: the 16 held-out questions stand on 2 passages, fewer than 6, so")


def test_questions_of_a_data_set_have_no_passages_and_no_such_warning(tmp_path: Path) -> None:
    assert not [sentence for sentence in concluded(tmp_path, [""]).warnings if "passages" in sentence]


def test_too_few_passages_of_recall_are_named_apart(tmp_path: Path) -> None:
    found = concluded(tmp_path, list("abcdefgh"), recalled=["a", "b"])
    [warning] = [sentence for sentence in found.warnings if "passages" in sentence]
    assert warning.startswith("ocd, recall: the 16 held-out questions stand on 2 passages, fewer than 6, so")

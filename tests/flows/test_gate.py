"""The promotion gate: worse beyond chance, too large, too slow and not measured are refused, noise is not."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.champions.difference import Quality
from flows.champions.gate import Figures, Gate, judge
from flows.champions.same_questions import paired_ratios
from tasks.records.estimate import Estimate

NAMES = ("perplexity", "INT4 loss", "bundle size", "latency")


def perplexity(value: float, spread: float = 0.2) -> Quality:
    estimate = Estimate(value=value, low=value * (1 - spread), high=value * (1 + spread))
    ratio = Estimate(value=value / 20, low=value / 20 * 0.95, high=value / 20 * 1.05)
    return Quality(estimate=estimate, relative=ratio)


def loss(value: float) -> Estimate:
    return Estimate(value=value, low=value - 0.02, high=value + 0.02)


def expert(value: float = 10.0, **changes: object) -> Figures:
    return Figures.model_validate(
        {"quality": {"perplexity": perplexity(value)}, "edge_loss": loss(0.03)}
        | {"bundle_bytes": 100_000_000, "latency_ms": 800.0}
        | changes
    )


def refused(gate: Gate, ours: Figures, theirs: Figures | None, **pairs: Estimate) -> list[str]:
    return [check.criterion for check in judge(gate, ours, theirs, pairs) if not check.passed]


def test_the_first_version_passes_within_the_budgets() -> None:
    assert [check.criterion for check in judge(Gate(), expert(), None)] == list(NAMES)
    assert refused(Gate(), expert(), None) == []
    tight = Gate.model_validate({"max_bundle_bytes": "50MB", "max_latency_ms": 100})
    assert refused(tight, expert(), None) == ["bundle size", "latency"]


@pytest.mark.parametrize(("value", "verdict"), [(9.0, []), (10.4, []), (11.5, ["perplexity"])])
def test_quality_may_be_worse_within_chance_and_no_further(value: float, verdict: list[str]) -> None:
    assert refused(Gate(), expert(value), expert(10.0)) == verdict


def test_a_tolerance_lets_a_known_loss_pass() -> None:
    assert refused(Gate(max_quality_loss=0.1), expert(11.5), expert(10.0)) == []


def test_a_paired_ratio_sees_what_two_intervals_cannot() -> None:
    ratio = Estimate(value=1.04, low=1.02, high=1.06)
    assert refused(Gate(), expert(10.4), expert(10.0)) == []
    assert refused(Gate(), expert(10.4), expert(10.0), perplexity=ratio) == ["perplexity"]


def test_a_hundred_comparisons_need_more_evidence_than_one() -> None:
    ratio = {"perplexity": Estimate(value=1.03, low=1.005, high=1.055)}
    assert [judge(Gate(), expert(), expert(), ratio, count)[0].passed for count in (1, 100)] == [False, True]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"bundle_bytes": 109_000_000}, []),
        ({"bundle_bytes": 111_000_000}, ["bundle size"]),
        ({"latency_ms": 1599.0}, []),
        ({"latency_ms": 1601.0}, ["latency"]),
    ],
)
def test_size_and_latency_stay_near_the_champions(changes: dict[str, float], verdict: list[str]) -> None:
    assert refused(Gate(), expert(**changes), expert()) == verdict


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"quality": {"perplexity": None}}, "perplexity"),
        ({"edge_loss": None}, "INT4 loss"),
        ({"bundle_bytes": None}, "bundle size"),
        ({"latency_ms": None}, "latency"),
    ],
)
@pytest.mark.parametrize("champion", [None, expert()])
def test_what_was_not_measured_is_refused_by_name(
    changes: dict[str, object], name: str, champion: Figures | None
) -> None:
    assert refused(Gate(), expert(**changes), champion) == [name]


def test_a_measure_of_the_champion_may_not_be_left_out() -> None:
    both = {"perplexity": perplexity(10), "INT4 perplexity": perplexity(12)}
    assert refused(Gate(), expert(), expert(quality=both)) == ["INT4 perplexity"]


def test_losses_of_different_base_models_are_not_compared() -> None:
    assert refused(Gate(), expert(base_model="b"), expert(base_model="a")) == ["perplexity"]


@pytest.mark.parametrize(("value", "verdict"), [(-0.01, []), (0.05, []), (0.051, ["INT4 loss"])])
@pytest.mark.parametrize("champion", [None, expert(edge_loss=loss(0.2))])
def test_a_bundle_stays_near_its_own_float_expert_whatever_the_champion_was(
    value: float, verdict: list[str], champion: Figures | None
) -> None:
    assert refused(Gate(), expert(edge_loss=loss(value)), champion) == verdict
    assert refused(Gate(max_edge_loss=0.1), expert(edge_loss=loss(value)), champion) == []


def test_a_gate_may_leave_the_loss_of_bundles_alone() -> None:
    names = [check.criterion for check in judge(Gate(max_edge_loss=None), expert(edge_loss=None), None)]
    assert names == ["perplexity", "bundle size", "latency"]


def test_a_router_is_judged_by_its_accuracy_alone() -> None:
    def router(value: float) -> Figures:
        accuracy = Estimate(value=value, low=value - 0.05, high=value + 0.05)
        return Figures(kind="router", quality={"accuracy": Quality(estimate=accuracy, loss=False)})

    assert refused(Gate(), router(0.88), router(0.90)) == []
    assert refused(Gate(), router(0.80), router(0.90)) == ["accuracy"]
    assert refused(Gate(max_quality_loss=0.1), router(0.80), router(0.90)) == []


def test_the_reason_tells_difference_interval_and_method() -> None:
    check = judge(Gate(), expert(11.5), expert(10.0))[0]
    assert check.champion == "10.0 (8.00 to 12.0)"
    assert check.reason.startswith("worse beyond chance: 15 % above (7")
    assert check.reason.endswith("from each one's ratio to its reference")


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an evaluation in which the model is `worse` times as surprised on top of noise."""

    def write(name: str, worse: float, seed: int = 0, tokens: int = 20) -> Path:
        noise = random.Random(seed)  # noqa: S311  # no secret
        hard = random.Random(1)  # noqa: S311
        folder = tmp_path / name
        folder.mkdir()
        lines = [
            {
                "id": str(number),
                "domain": "ocd",
                "routed": "ocd",
                "outcome": "expert",
                "confidence": 0.9,
                "model": "expert/ocd",
                "systems": ["real"],
                "question": f"q{number}?",
                "reference": "r",
                "answer": "a",
                "rouge_l": 0.5,
                "nats": tokens * (hard.uniform(1, 4) * worse + noise.gauss(0, 0.05)),
                "tokens": tokens,
            }
            for number in range(30)
        ]
        (folder / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return folder

    return write


def test_paired_on_the_same_questions_small_differences_are_seen(write: Write) -> None:
    base = write("base", 1.0)
    worse = paired_ratios(write("worse", 1.03, seed=2), base)
    same = paired_ratios(write("same", 1.0, seed=3), base)
    assert worse.keys() == {"expert/ocd", "system"}
    assert worse["expert/ocd"].ends[0] > 1
    low, high = same["expert/ocd"].ends
    assert low < 1 < high


def test_other_questions_or_tokens_are_not_paired(write: Write) -> None:
    base = write("base", 1.0)
    retokenized = write("retokenized", 1.0, tokens=21)
    other = write("other", 1.0)
    lines = (other / "answers.jsonl").read_text().replace("q7?", "q70?")
    (other / "answers.jsonl").write_text(lines)
    assert paired_ratios(retokenized, base) == paired_ratios(other, base) == {}

"""A link breaks where a bound is missed for sure, says which, and holds where nothing was measured."""

from pathlib import Path

import pytest

from tasks.records.chain import Chain, Link, LinkBounds, Probe, read_chain, write_chain
from tasks.records.estimate import Estimate

BOUNDS = LinkBounds(max_mean_kl=0.1, min_top1_agreement=0.9, max_perplexity_ratio=1.05)


def link(**measured: object) -> Link:
    values = {"mean_kl": 0.05, "top1_agreement": 0.95, "perplexity_ratio": ratio(1.0, 0.9, 1.1), **measured}
    return Link.model_validate({"before": "healed", "after": "float graph", "bounds": BOUNDS, **values})


def ratio(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high)


def test_a_link_within_its_bounds_holds() -> None:
    assert link().break_() == ""
    assert link(mean_kl=0.1, top1_agreement=0.9).break_() == ""


@pytest.mark.parametrize(
    ("measured", "problem"),
    [
        ({"mean_kl": 0.11}, "mean divergence 0.11 nats a token, more than 0.1"),
        ({"mean_kl": float("nan")}, "mean divergence nan nats a token, more than 0.1"),
        ({"top1_agreement": 0.89}, "same first choice at 89.0% of the tokens, less than 90.0%"),
        (
            {"perplexity_ratio": ratio(1.2, 1.06, 1.3)},
            "perplexity 1.200 times as high (1.060 to 1.300), apart by more than a factor of 1.05",
        ),
        (
            {"perplexity_ratio": ratio(0.5, 0.4, 0.94)},
            "perplexity 0.500 times as high (0.400 to 0.940), apart by more than a factor of 1.05",
        ),
    ],
)
def test_a_missed_bound_is_told_with_its_figures(measured: dict[str, object], problem: str) -> None:
    assert link(**measured).break_() == problem


def test_a_ratio_within_chance_holds() -> None:
    assert link(perplexity_ratio=ratio(1.2, 1.04, 1.3)).break_() == ""
    assert link(perplexity_ratio=ratio(0.8, 0.7, 0.96)).break_() == ""


@pytest.mark.parametrize("missing", ["mean_kl", "top1_agreement", "perplexity_ratio"])
def test_what_was_not_measured_or_not_asked_breaks_nothing(missing: str) -> None:
    assert link(**{missing: None}).break_() == ""
    worst = {"mean_kl": 9.0, "top1_agreement": 0.0, "perplexity_ratio": ratio(9.0, 8.0, 10.0)}
    assert link(**worst, bounds=LinkBounds()).break_() == ""


def test_a_chain_is_read_as_it_was_written(tmp_path: Path) -> None:
    chain = Chain(
        links=[link()], probes=[Probe(id="a", prompt=(1,), answer=(2, 3), nats=1.5)], runtime=BOUNDS
    )
    write_chain(tmp_path, chain)
    assert read_chain(tmp_path) == chain

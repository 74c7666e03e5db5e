"""The last link: the runtime is compared with the converted graph on answers that both saw alike."""

import math
from pathlib import Path

import pytest

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.answer_scoring import Encoded
from tasks.evaluate.measuring.bundle_runs import EdgeRun, RuntimeTraits, Scored
from tasks.evaluate.measuring.last_link import followed, last_link, probed
from tasks.kernel.errors import DataError, StageError
from tasks.models.sources import TinyModel
from tasks.records.chain import Chain, Link, LinkBounds, Probe
from tasks.records.dataset import Example
from tasks.records.files import write_records
from tasks.statistics.bootstrap import Bootstrap

pytestmark = pytest.mark.models

BOOTSTRAP = Bootstrap(200, 0.95, 1)
FIRST = Link(before="adapter", after="merged", mean_kl=1e-6)
CHAIN = Chain(
    links=[FIRST],
    probes=[
        Probe(id="a", prompt=(1, 2), answer=(3, 4), nats=2.0),
        Probe(id="b", prompt=(1, 5), answer=(6,), nats=1.0),
    ],
    runtime=LinkBounds(max_perplexity_ratio=1.05),
)


def said(prompt: tuple[int, ...], answer: tuple[int, ...], *nats: float) -> Scored:
    return Scored(Encoded(prompt, answer), nats)


def run_of(*probes: Scored | None) -> EdgeRun:
    """Return what a runtime said of the probes, and of nothing else."""
    return EdgeRun(
        replies=[],
        sequences=[],
        losses=[],
        traits=RuntimeTraits(None, drops_token=False),
        context_tokens=64,
        threads=1,
        init_seconds=0.0,
        memory_bytes=0,
        probes=list(probes),
    )


def test_only_the_tokens_that_the_graph_saw_count() -> None:
    both = [said((1, 2), (3, 4, 7), 1.0, 1.3, 99.0), said((1, 5), (6, 7), 1.0, 99.0)]
    link = last_link(CHAIN, both, BOOTSTRAP)
    assert link.name == "INT4 graph -> runtime"
    assert link.positions == 3
    assert link.perplexity_ratio
    assert link.perplexity_ratio.value == pytest.approx(math.exp(0.3 / 3))


@pytest.mark.parametrize(
    "other", [None, said((9, 2), (3, 4), 1.0, 1.0), said((1, 2), (3, 9), 1.0, 1.0), said((1, 2), (3,), 1.0)]
)
def test_what_does_not_fit_or_has_other_tokens_is_left_out(other: Scored | None) -> None:
    link = last_link(CHAIN, [other, said((1, 5), (6,), 1.0)], BOOTSTRAP)
    assert link.positions == 1
    nothing = last_link(CHAIN, [other, None], BOOTSTRAP)
    assert (nothing.positions, nothing.perplexity_ratio, nothing.break_()) == (0, None, "")


@pytest.mark.parametrize(("extra", "breaks"), [(0.04, False), (0.06, True), (-0.04, False), (-0.06, True)])
def test_a_runtime_that_says_something_else_stops_the_evaluation(extra: float, *, breaks: bool) -> None:
    nats = 1.0 + math.log(1 + extra)
    edges = {"ocd": run_of(said((1, 2), (3, 4), nats, nats), said((1, 5), (6,), nats))}
    if breaks:
        with pytest.raises(
            StageError, match=r"^ocd: link INT4 graph -> runtime: perplexity (1\.060|0\.940) times"
        ):
            followed({"ocd": CHAIN}, edges, EvaluateConfig())
    else:
        links = followed({"ocd": CHAIN}, edges, EvaluateConfig())["ocd"]
        assert [link.name for link in links] == ["adapter -> merged", "INT4 graph -> runtime"]


def test_a_bound_may_be_lifted() -> None:
    edges = {"ocd": run_of(said((1, 2), (3, 4), 9.0, 9.0), said((1, 5), (6,), 9.0))}
    lifted = CHAIN.model_copy(update={"runtime": LinkBounds()})
    assert followed({"ocd": lifted}, edges, EvaluateConfig())


def test_a_probe_that_the_data_lost_is_named(tmp_path: Path) -> None:
    write_records(tmp_path / "test.jsonl", [Example(id="a", question="Why?", answer="So.", teacher="t")])
    with pytest.raises(DataError, match="no held-out question b, which a chain has"):
        probed(CHAIN, tmp_path, TinyModel().folder())

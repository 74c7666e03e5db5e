"""An expert that is an adapter on a shared base is measured with it, and beside it with nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_shared import make_shared

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.run import run
from tasks.kernel.workspace import Inputs, Workspace, silent
from tasks.records.evaluation import EdgePerplexity, read_evaluation

pytestmark = pytest.mark.models
MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture
def shared(made_once: MadeOnce) -> Path:
    return made_once("tiny-shared", make_shared)


def measured(inputs: Inputs, shared: Path, adapter: str, out: Path) -> EdgePerplexity:
    """Return what the runtime makes of an adapter whose float form is the base itself."""
    edge = shared / "int4"
    folders = {"merged/alpha": shared / "base", "edge/alpha": edge / adapter, "edge-base": edge}
    config = EvaluateConfig(max_new_tokens=4, latency_prompts=1, bootstrap_samples=100)
    for name in ("out", "scratch"):
        (out / name).mkdir(parents=True)
    run({**inputs, **folders}, config, Workspace(out / "out", out / "scratch", silent))
    alpha = read_evaluation(out / "out").domains["alpha"]
    assert alpha.edge
    assert alpha.edge_perplexity
    return alpha.edge_perplexity


def test_the_adapter_is_what_is_measured(inputs: Inputs, shared: Path, tmp_path: Path) -> None:
    found = {name: measured(inputs, shared, name, tmp_path / name) for name in ("all", "mlp")}
    assert found["all"].edge.value != found["mlp"].edge.value
    assert found["all"].float_.value == found["mlp"].float_.value

"""Adapters on the healed base: trained, merged and healed on the very weights that they stand on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from quick_healing import healing_of_base, healing_of_expert

from tasks.finetune.config import FinetuneConfig
from tasks.kernel.workspace import Workspace, silent
from tasks.merge.config import MergeConfig
from tasks.merge.merge_plan import MergeError
from tasks.records.healing import read_healing
from tasks.records.training import read_frozen_base

pytestmark = pytest.mark.models

CONFIG = {"quantization": "int4", "compute_dtype": "float32", "num_epochs": 1, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def made(
    base: Path, text: Path, domain: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return the folders of a healed base, of an adapter trained on it, and of both merged."""
    from tasks.finetune import run as finetune
    from tasks.heal import run as heal
    from tasks.merge import run as merge

    root = tmp_path_factory.mktemp("made")

    def work(name: str) -> Workspace:
        (root / f"{name}-scratch").mkdir()
        (root / name).mkdir()
        return Workspace(root / name, root / f"{name}-scratch", silent)

    heal.run({"base": base, "text": text}, healing_of_base(), work("healed"))
    config = FinetuneConfig.model_validate(CONFIG)
    finetune.run({"base": root / "healed", "qa/numbers": domain}, config, work("adapter"))
    merge.run({"base": root / "healed", "adapter": root / "adapter"}, MergeConfig(), work("merged"))
    return lambda name: root / name


def test_the_adapter_says_what_it_stands_on(made: Callable[[str], Path]) -> None:
    assert read_frozen_base(made("adapter")).quantization == "int4"


def test_it_is_merged_into_no_other_weights(made: Callable[[str], Path], base: Path, tmp_path: Path) -> None:
    from tasks.merge.run import run

    with pytest.raises(MergeError, match="trained on another base"):
        run({"base": base, "adapter": made("adapter")}, MergeConfig(), Workspace(tmp_path, tmp_path, silent))


def test_the_merged_expert_is_healed_like_any_other(
    made: Callable[[str], Path], domain: Path, tmp_path: Path
) -> None:
    from tasks.heal.settle import run

    inputs = {name: made(name) for name in ("healed", "adapter")}
    inputs |= {"base": made("healed"), "expert": made("merged"), "qa": domain}
    (tmp_path / "out").mkdir()
    run(inputs, healing_of_expert(), Workspace(tmp_path / "out", tmp_path, silent))
    record = read_healing(tmp_path / "out")
    assert record.divergence_after <= record.divergence_before

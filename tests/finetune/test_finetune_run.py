"""Pins a whole training run: it learns, it can stop and go on, and it is repeatable."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from flows.config import Config
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.run import run
from tasks.kernel.errors import ConfigError, DataError, StageError, UnsupportedError
from tasks.kernel.workspace import Inputs, Workspace
from tasks.records.training import read_adapter

pytestmark = pytest.mark.models

MakeWorkspace = Callable[..., Workspace]
FILES = ["adapter_model.safetensors", "adapter_config.json", "training.json"]


def config(**fields: object) -> FinetuneConfig:
    short = {
        "compute_dtype": "float32",
        "num_epochs": 4,
        "per_device_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "learning_rate": 1e-2,
        "warmup_steps": 0,
    }
    return FinetuneConfig.model_validate({**short, **fields})


@pytest.fixture
def inputs(base: Path, domain: Path) -> Inputs:
    return {"base": base, "qa/numbers": domain}


@pytest.mark.parametrize("quantization", ["nf4", "none"])
@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_every_combination_learns(
    inputs: Inputs, workspace: MakeWorkspace, kind: str, quantization: str
) -> None:
    fields = {"adapter": {"kind": kind, "rank": 4}, "quantization": quantization}
    metrics = run(inputs, config(**fields), workspace())
    assert metrics["validation_loss_after"] < 0.9 * metrics["validation_loss_before"]
    assert sorted(file.name for file in workspace().out.iterdir()) == sorted(FILES)


def test_an_adapter_says_what_was_trained_with_the_domains_own_settings(
    inputs: Inputs, workspace: MakeWorkspace
) -> None:
    targets = ["q_proj", "down_proj"]
    own = {"adapter": {"kind": "dora", "rank": 8, "target_modules": targets}}
    source = {"documents": "library"}
    shared = config(num_epochs=1).model_dump(mode="json")
    domains = {"numbers": {**source, "finetune": own}, "letters": source}
    whole = Config.model_validate({"name": "two", "domains": domains, "finetune": shared})
    run(inputs, whole.finetune_of("numbers"), workspace())
    found = read_adapter(workspace().out)
    assert (found.kind, found.rank, found.target_modules) == ("dora", 8, sorted(targets))
    weights = load_file(workspace().out / "adapter_model.safetensors")
    assert found.parameters == sum(tensor.numel() for tensor in weights.values()) > 0


def test_bfloat16_compute_learns(inputs: Inputs, workspace: MakeWorkspace) -> None:
    metrics = run(inputs, config(compute_dtype="bfloat16"), workspace())
    assert metrics["validation_loss_after"] < 0.9 * metrics["validation_loss_before"]


def test_expert_and_generalist_see_the_same_tokens(
    inputs: Inputs, domain: Path, workspace: MakeWorkspace
) -> None:
    fields = config(token_budget=1000)
    run(inputs, fields, workspace("expert"))
    run({**inputs, "qa/other": domain}, fields, workspace("generalist"))
    seen = [
        json.loads((workspace(name).out / "training.json").read_text())["tokens_seen"]
        for name in ("expert", "generalist")
    ]
    assert all(1000 - 100 < tokens <= 1000 for tokens in seen)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_stopped_run_goes_on_and_ends_like_an_unbroken_one(
    inputs: Inputs, workspace: MakeWorkspace, dtype: str
) -> None:
    settings = config(compute_dtype=dtype, quantization="none")

    def stop(done: int, *_: object, **__: float) -> None:
        if done == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    run(inputs, settings, workspace("unbroken"))
    with pytest.raises(StageError, match="after 6 of 12 steps"):
        run(inputs, settings, workspace("broken", stop))
    steps: list[int] = []
    run(inputs, settings, workspace("broken", lambda done, *_, **__: steps.append(done)))
    assert steps == list(range(7, 13))
    for name in FILES:
        assert (workspace("broken").out / name).read_bytes() == (
            workspace("unbroken").out / name
        ).read_bytes()


def test_a_run_killed_after_its_last_step_has_nothing_left_to_train(
    inputs: Inputs, workspace: MakeWorkspace
) -> None:
    run(inputs, config(), workspace())
    first = (workspace().out / FILES[0]).read_bytes()
    steps: list[int] = []
    run(inputs, config(), workspace("run", lambda done, *_, **__: steps.append(done)))
    assert steps == []
    assert (workspace().out / FILES[0]).read_bytes() == first


def test_the_adapter_names_no_place_and_no_time(inputs: Inputs, base: Path, workspace: MakeWorkspace) -> None:
    run(inputs, config(num_epochs=1), workspace())
    for name in ("adapter_config.json", "training.json"):
        text = (workspace().out / name).read_text()
        assert str(base.parent) not in text
        assert str(workspace().out.parent) not in text


def test_a_kind_that_is_not_built_is_refused_before_anything_is_loaded(workspace: MakeWorkspace) -> None:
    with pytest.raises(UnsupportedError, match="lokr is not built yet"):
        run({}, config(adapter={"kind": "lokr"}), workspace())


def test_a_module_that_the_base_lacks_is_named(inputs: Inputs, workspace: MakeWorkspace) -> None:
    adapter = {"kind": "lora", "target_modules": ["q_proj", "qkv_proj"]}
    with pytest.raises(ConfigError, match=r"has no qkv_proj; name some of .*q_proj"):
        run(inputs, config(adapter=adapter), workspace())


def test_a_run_without_data_is_refused(base: Path, workspace: MakeWorkspace) -> None:
    with pytest.raises(DataError, match="at least one domain"):
        run({"base": base}, config(), workspace())

"""Pins the merge: the written model says what base and adapter say, on the trained weights only."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import safe_open

from tasks.kernel.workspace import Workspace, silent
from tasks.merge.config import MergeConfig
from tasks.merge.merge_plan import MergeError, plan_merge
from tasks.merge.run import compare, probe_logits, run
from tasks.merge.weights import dequantized, folded, trained_base, with_adapter
from tasks.models.loading import load_model, load_tokenizer

pytestmark = pytest.mark.models

MakeAdapter = Callable[..., Path]


def workspace(folder: Path) -> Workspace:
    folder.mkdir()
    return Workspace(folder, folder, silent)


@pytest.mark.parametrize("dora", [False, True], ids=["lora", "dora"])
@pytest.mark.parametrize("quantization", ["nf4", "none"])
def test_the_merged_model_speaks_like_base_and_adapter(
    base: Path, make_adapter: MakeAdapter, tmp_path: Path, quantization: str, *, dora: bool
) -> None:
    inputs = {"base": base, "adapter": make_adapter(quantization, dora=dora)}
    metrics = run(inputs, MergeConfig(), workspace(tmp_path / "out"))
    assert metrics["mean_kl"] < 1e-4
    assert json.loads((tmp_path / "out/merge.json").read_text())["tolerance"] == 0.01


def test_a_bfloat16_base_is_merged_as_it_was_trained(
    base: Path, make_adapter: MakeAdapter, tmp_path: Path
) -> None:
    inputs = {"base": base, "adapter": make_adapter(compute_dtype="bfloat16")}
    assert run(inputs, MergeConfig(), workspace(tmp_path / "out"))["mean_kl"] < 1e-3


def test_the_adapter_itself_makes_a_difference(base: Path, make_adapter: MakeAdapter) -> None:
    plan, probes = plan_merge(base, make_adapter()), MergeConfig().probes
    tokenizer = load_tokenizer(base)
    without = probe_logits(trained_base(plan), tokenizer, probes)
    together = probe_logits(with_adapter(plan, trained_base(plan)), tokenizer, probes)
    assert compare(together, without).mean_kl > 20 * 1e-4


def test_an_nf4_adapter_on_16_bit_weights_is_another_model(base: Path, make_adapter: MakeAdapter) -> None:
    plan, probes = plan_merge(base, make_adapter("nf4")), MergeConfig().probes
    tokenizer = load_tokenizer(base)
    trained = trained_base(plan)
    right = folded(plan, dequantized(plan, trained)).float()
    wrong = folded(plan, load_model(base)).float()
    reference = probe_logits(with_adapter(plan, trained), tokenizer, probes)
    found = [compare(reference, probe_logits(model, tokenizer, probes)).mean_kl for model in (right, wrong)]
    assert found[1] > 20 * found[0]


def test_tied_embeddings_stay_tied_and_sizes_are_the_files(
    base: Path, make_adapter: MakeAdapter, tmp_path: Path
) -> None:
    adapter = make_adapter()
    run({"base": base, "adapter": adapter}, MergeConfig(), workspace(tmp_path / "out"))
    weights = tmp_path / "out/model.safetensors"
    with safe_open(weights, "pt") as file:
        assert "lm_head.weight" not in file.keys()  # noqa: SIM118  a file has no other listing
        assert {str(file.get_tensor(name).dtype) for name in file.keys()} == {"torch.bfloat16"}  # noqa: SIM118
    assert json.loads((tmp_path / "out/sizes.json").read_text()) == {
        "adapter": (adapter / "adapter_model.safetensors").stat().st_size,
        "merged_bf16": weights.stat().st_size,
    }


def test_the_same_merge_gives_the_same_bytes(base: Path, make_adapter: MakeAdapter, tmp_path: Path) -> None:
    inputs = {"base": base, "adapter": make_adapter()}
    for name in ("first", "second"):
        run(inputs, MergeConfig(), workspace(tmp_path / name))
    for file in (tmp_path / "first").iterdir():
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes(), file.name
        assert str(tmp_path).encode() not in file.read_bytes()


def test_beyond_the_tolerance_is_an_error(base: Path, make_adapter: MakeAdapter, tmp_path: Path) -> None:
    strict = MergeConfig(max_mean_kl=1e-12)
    with pytest.raises(MergeError, match="max_mean_kl"):
        run({"base": base, "adapter": make_adapter()}, strict, workspace(tmp_path / "out"))

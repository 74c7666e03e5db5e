"""One base for all experts: an adapter that is kept apart says what the merged weights say, in the runtime.

The runtime loads adapters that it then ignores, so that what they change is compared, and not that they load.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from tiny_shared import ADAPTERS, convert_shared, make_shared, save_trained

from tasks.models.sources import TinyModel

pytestmark = pytest.mark.models

MadeOnce = Callable[[str, Callable[[Path], object]], Path]
PROMPT, ANSWER = "Why do bees", " eat honey"


@pytest.fixture(scope="module")
def floats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shared base in float32, with its adapters."""
    root = tmp_path_factory.mktemp("shared")
    save_trained(root)
    return convert_shared(root, "float")


@pytest.fixture
def int4(made_once: MadeOnce) -> Path:
    """What the stage writes, with its adapters."""
    return made_once("tiny-shared", make_shared) / "int4"


def scores(bundle: Path, adapters: Mapping[str, Path]) -> dict[str, list[float]]:
    """Return the log-probability of each token of the answer, by adapter, from one engine."""
    import litert_lm

    litert_lm.set_min_log_severity(litert_lm.LogSeverity.ERROR)
    found = {}
    with litert_lm.Engine(str(bundle), backend=litert_lm.Backend.CPU(), cache_dir=":nocache") as engine:
        for name, path in adapters.items():
            apart = litert_lm.LoraConfig(lora_path=str(path))
            with engine.create_session(apply_prompt_template=False, lora_config=apart) as session:
                session.run_prefill([PROMPT])
                found[name] = [float(one) for one in session.run_text_scoring([ANSWER]).token_scores[0]]
    return found


def merged_scores(base: Path, update: Mapping[str, np.ndarray], inputs: Path) -> list[float]:
    """Return what transformers says with the update merged, without the token that scoring forgets."""
    import torch

    from tasks.models.loading import load_model, load_tokenizer
    from tasks.records.shared import read_adapter_inputs

    model, tokenizer = load_model(base, torch.float32), load_tokenizer(base)
    with torch.no_grad():
        for one in read_adapter_inputs(inputs).projections:
            if one.a in update:
                a, b = update[one.a] * update[one.scale], update[one.b]
                model.get_submodule(one.module).weight += torch.tensor(a @ b).T
        prompt, answer = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (PROMPT, ANSWER))
        seen = [*prompt[:-2], prompt[-1]]
        odds = model(torch.tensor([seen + answer])).logits.log_softmax(-1)[0]
    return [float(odds[len(seen) - 1 + place, token]) for place, token in enumerate(answer)]


def stored(adapter: Path, inputs: Path) -> dict[str, np.ndarray]:
    """Return what the stage stores of an adapter."""
    from safetensors.torch import load_file

    from tasks.convert.shared import adapter as stage
    from tasks.records.shared import read_adapter_inputs

    settings = stage.PeftSettings.model_validate_json((adapter / "adapter_config.json").read_bytes())
    weights = load_file(adapter / "adapter_model.safetensors")
    return stage.converted(weights, settings, read_adapter_inputs(inputs))


def test_each_adapter_says_in_the_runtime_what_its_merged_weights_say(floats: Path) -> None:
    found = scores(floats / "model.litertlm", {name: floats / name / "adapter.tflite" for name in ADAPTERS})
    root = floats.parent
    plain = merged_scores(root / "base", {}, floats)
    for name in ADAPTERS:
        wanted = merged_scores(root / "base", stored(root / "adapters" / name, floats), floats)
        assert found[name] == pytest.approx(wanted, abs=2e-3)
        assert np.abs(np.subtract(found[name], plain)).max() > 0.5, f"{name} changes nothing"


def test_on_the_int4_base_an_adapter_changes_answers_and_leaves_nothing_behind(int4: Path) -> None:
    none = int4 / "no_adapter.tflite"
    adapters = {name: int4 / name / "adapter.tflite" for name in ADAPTERS}
    found = scores(int4 / "model.litertlm", {"before": none, **adapters, "after": none})
    assert found["before"] == found["after"]
    for name in ADAPTERS:
        assert np.abs(np.subtract(found[name], found["before"])).max() > 0.5, f"{name} changes nothing"


def test_the_base_is_int4_and_its_account_adds_up(int4: Path) -> None:
    rows = json.loads((int4 / "breakdown.json").read_text())
    found = {(row["group"], row["dtype"]): row["bytes"] for row in rows}
    hidden, layers = TinyModel().hidden_size, 2
    assert found["mlp", "int4"] == layers * 3 * hidden * 2 * hidden // 2
    assert sum(found.values()) == (int4 / "model.litertlm").stat().st_size


def test_an_adapter_weighs_what_its_layers_weigh(int4: Path) -> None:
    sizes = {name: (int4 / name / "adapter.tflite").stat().st_size for name in ADAPTERS}
    assert sizes["attention"] < sizes["all"]
    base = json.loads((int4 / "sizes.json").read_text())
    found = json.loads((int4 / "all" / "sizes.json").read_text())
    assert found["bundle"] == base["bundle"] + sizes["all"]
    rows = json.loads((int4 / "all" / "breakdown.json").read_text())
    assert sum(row["bytes"] for row in rows) == found["bundle"]

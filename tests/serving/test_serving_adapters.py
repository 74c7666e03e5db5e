"""Adapters: one base serves all experts, each on the weights it was trained on, each with its own answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from serving.adapters import AdapterExperts
from tasks.kernel.errors import DataError, ModelError
from tasks.models.chat import prompt_text, token_ids
from tasks.models.loading import load_model, load_tokenizer
from tasks.models.sources import TinyModel

pytestmark = pytest.mark.models
PROMPT = torch.tensor([[1, 40, 41, 42]])
MakeAdapter = Callable[..., Path]


@pytest.fixture(scope="module")
def base() -> Path:
    return TinyModel().folder()


@pytest.fixture
def make_adapter(base: Path, tmp_path: Path) -> MakeAdapter:
    def make(name: str, seed: int, quantization: str = "none", *, dora: bool = False) -> Path:
        torch.manual_seed(seed)
        settings = LoraConfig(
            r=4, lora_alpha=64, target_modules=["q_proj", "up_proj"], init_lora_weights=False, use_dora=dora
        )
        get_peft_model(load_model(base), settings).save_pretrained(str(tmp_path / name))
        record = {
            "quantization": quantization,
            "double_quantization": True,
            "compute_dtype": "float32",
            "steps": 1,
        }
        (tmp_path / name / "training.json").write_text(json.dumps(record))
        return tmp_path / name

    return make


def logits(network: torch.nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        output: torch.Tensor = network(input_ids=PROMPT).logits
    return output


def alone(base: Path, adapter: Path) -> torch.Tensor:
    return logits(PeftModel.from_pretrained(load_model(base), str(adapter)).eval())


def test_switching_gives_each_domain_its_own_expert(base: Path, make_adapter: MakeAdapter) -> None:
    adapters = {"values": make_adapter("values", 1), "type": make_adapter("type", 2, dora=True)}
    experts = AdapterExperts(base, adapters, max_new_tokens=8)
    for domain in ("values", "type", "values"):
        torch.testing.assert_close(logits(experts.expert(domain)), alone(base, adapters[domain]))
    assert experts.expert("values") is experts.expert("type")


def test_an_answer_comes_in_pieces_and_ends_at_the_limit(base: Path, make_adapter: MakeAdapter) -> None:
    experts = AdapterExperts(base, {"ocd": make_adapter("ocd", 1)}, max_new_tokens=8)
    network, tokenizer = experts.expert("ocd"), load_tokenizer(base)
    prompt = torch.tensor([token_ids(tokenizer, prompt_text(tokenizer, "Why?"))])
    output = network.generate(input_ids=prompt, max_new_tokens=8, do_sample=False)  # type: ignore[no-untyped-call]  # PEFT
    expected = tokenizer.decode(output[0, prompt.shape[1] :], skip_special_tokens=True)
    assert len(set(expected)) > 1, "an answer of one character would not show a lost context"
    pieces = list(experts.answer("ocd", "Why?"))
    assert "".join(pieces) == expected
    assert len(pieces) > 1


def test_an_nf4_adapter_sits_on_the_rounded_weights(base: Path, make_adapter: MakeAdapter) -> None:
    adapters = {"plain": make_adapter("plain", 1), "nf4": make_adapter("nf4", 1, "nf4")}
    experts = AdapterExperts(base, adapters, max_new_tokens=8)
    rounded = PeftModel.from_pretrained(_nf4(base), str(adapters["nf4"])).eval()
    torch.testing.assert_close(logits(experts.expert("nf4")), logits(rounded), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(logits(experts.expert("nf4")), logits(experts.expert("plain")), atol=1e-3)


def test_a_question_that_fills_the_context_is_refused(base: Path, make_adapter: MakeAdapter) -> None:
    experts = AdapterExperts(base, {"ocd": make_adapter("ocd", 1)}, max_new_tokens=8)
    with pytest.raises(DataError, match="fill the model's context of 2048; shorten it"):
        next(experts.answer("ocd", "why " * 600))


def test_a_domain_without_adapter_is_named(base: Path, make_adapter: MakeAdapter) -> None:
    experts = AdapterExperts(base, {"ocd": make_adapter("ocd", 1)}, max_new_tokens=8)
    with pytest.raises(ModelError, match="poetry: this run has no adapter"):
        next(experts.answer("poetry", "Why?"))


def test_an_adapter_without_its_record_is_refused(base: Path, make_adapter: MakeAdapter) -> None:
    adapter = make_adapter("ocd", 1)
    (adapter / "training.json").unlink()
    with pytest.raises(DataError, match=r"training\.json: .*run finetune again"):
        AdapterExperts(base, {"ocd": adapter}, max_new_tokens=8)


def _nf4(base: Path) -> torch.nn.Module:
    from transformers import BitsAndBytesConfig

    settings = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
    )
    model = load_model(base, quantization_config=settings)
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            vars(module)["support_avx512bf16_for_cpu"] = False
    return model

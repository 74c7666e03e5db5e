"""Adapters: one base serves all experts, each on the weights it was trained on, each with its own answers."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel

from serving.adapter_experts import AdapterExperts, Network, switch
from tasks.kernel.errors import DataError
from tasks.models.chat import prompt_text, token_ids
from tasks.models.loading import load_model, load_tokenizer
from tasks.models.precision import load_held
from tasks.records.training import read_frozen_base

pytestmark = pytest.mark.models
PROMPT = torch.tensor([[1, 40, 41, 42]])
MakeAdapter = Callable[..., Path]


def logits(network: torch.nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        output: torch.Tensor = network(input_ids=PROMPT).logits
    return output


def loaded(base: Path, adapters: dict[str, Path], name: str) -> Network:
    return AdapterExperts(base, adapters, max_new_tokens=8).load(name)


def alone(base: Path, adapter: Path) -> torch.Tensor:
    return logits(PeftModel.from_pretrained(load_model(base), str(adapter)).eval())


def test_switching_gives_each_domain_its_own_expert(base: Path, make_adapter: MakeAdapter) -> None:
    adapters = {"values": make_adapter(1), "type": make_adapter(2, dora=True)}
    model = loaded(base, adapters, "type").model
    for domain in ("values", "type", "values"):
        switch(model, domain)
        torch.testing.assert_close(logits(model), alone(base, adapters[domain]))


def test_experts_on_the_same_weights_share_them(base: Path, make_adapter: MakeAdapter) -> None:
    made = {
        "ocd": make_adapter(1),
        "tax": make_adapter(2),
        "nf4": make_adapter(3, "nf4"),
    }
    adapters = AdapterExperts(base, made, max_new_tokens=8)
    assert adapters.shared("ocd") == adapters.shared("tax") != adapters.shared("nf4")


def test_an_adapter_of_the_grid_answers_on_the_healed_base(
    base: Path, make_adapter: MakeAdapter, tmp_path: Path
) -> None:
    healed = tmp_path / "healed"
    other = load_model(base)
    with torch.no_grad():
        other.get_parameter("model.layers.0.mlp.up_proj.weight").mul_(3)
    other.save_pretrained(healed)
    made = {"ocd": make_adapter(1, "int4"), "tax": make_adapter(1)}
    experts = AdapterExperts(base, made, 8, healed)
    torch.testing.assert_close(logits(experts.load("ocd").model), alone(healed, made["ocd"]))
    torch.testing.assert_close(logits(experts.load("tax").model), alone(base, made["tax"]))


def test_an_answer_comes_in_pieces_and_ends_at_the_limit(base: Path, make_adapter: MakeAdapter) -> None:
    network, tokenizer = loaded(base, {"ocd": make_adapter(1)}, "ocd"), load_tokenizer(base)
    prompt = torch.tensor([token_ids(tokenizer, prompt_text(tokenizer, "Why?"))])
    output = network.model.generate(input_ids=prompt, max_new_tokens=8, do_sample=False)  # type: ignore[no-untyped-call]  # PEFT
    expected = tokenizer.decode(output[0, prompt.shape[1] :], skip_special_tokens=True)
    assert len(set(expected)) > 1, "an answer of one character would not show a lost context"
    pieces = list(network.answer("ocd", "Why?"))
    assert "".join(pieces) == expected
    assert len(pieces) > 1


def test_an_nf4_adapter_sits_on_the_rounded_weights(base: Path, make_adapter: MakeAdapter) -> None:
    adapters = {"plain": make_adapter(1), "nf4": make_adapter(1, "nf4")}
    rounded = PeftModel.from_pretrained(
        load_held(base, read_frozen_base(adapters["nf4"])), str(adapters["nf4"])
    ).eval()
    nf4, plain = (logits(loaded(base, adapters, name).model) for name in ("nf4", "plain"))
    torch.testing.assert_close(nf4, logits(rounded), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(nf4, plain, atol=1e-3)


def test_a_question_that_fills_the_context_is_refused(base: Path, make_adapter: MakeAdapter) -> None:
    network = loaded(base, {"ocd": make_adapter(1)}, "ocd")
    with pytest.raises(DataError, match="fill the model's context of 2048; shorten it"):
        next(network.answer("ocd", "why " * 600))


def test_an_adapter_without_its_record_is_refused(base: Path, make_adapter: MakeAdapter) -> None:
    adapter = make_adapter(1)
    (adapter / "training.json").unlink()
    with pytest.raises(DataError, match=r"training\.json: .*train the adapter again"):
        AdapterExperts(base, {"ocd": adapter}, max_new_tokens=8)

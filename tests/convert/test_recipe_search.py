"""The search for a recipe: the smallest one whose rounding is within the bound, on what was measured."""

from pathlib import Path

import pytest
import torch
from small_training import write_numbers
from transformers import PreTrainedModel

from tasks.convert.recipe import choice
from tasks.convert.recipe.answers import Answer, distributions, divergence, losses, read_answers
from tasks.convert.recipe.candidates import candidate, uniform
from tasks.convert.recipe.config import AutoRecipe, recipe_check
from tasks.convert.recipe.mixing import mix, sensitivities
from tasks.convert.recipe.rounding import Roundable
from tasks.convert.recipe.run import run
from tasks.convert.recipe.trials import Trials
from tasks.kernel.config import Slice
from tasks.kernel.errors import ConfigError, DataError, StageError
from tasks.kernel.workspace import Workspace, silent
from tasks.models.grid import on_grid
from tasks.models.int4 import ROWS, Grid, Int4
from tasks.models.loading import load_model, load_tokenizer
from tasks.models.sources import TinyModel
from tasks.records.recipe import RecipeSearch, read_choice, read_search

AUTO = {"answers": 8, "answer_tokens": 24}
OUTLIER = "model.layers.1.mlp.down_proj"


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_numbers(tmp_path_factory.mktemp("qa"), {"validation": range(24, 34)})


@pytest.fixture(scope="module")
def base(domain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that knows the answers, so that rounding costs; most in one layer, which has outliers.

    They meet inputs that are next to nothing, so that they say nothing, and only spoil their blocks.
    """
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    model = load_model(TinyModel().folder(), tie_word_embeddings=False)
    tokenizer = load_tokenizer(TinyModel().folder())
    learn(model, read_answers([domain], tokenizer, AutoRecipe.model_validate(AUTO), 10))
    with torch.no_grad():
        layer = model.get_submodule(OUTLIER.rpartition(".")[0])
        layer.up_proj.weight[::32] *= 1e-3
        layer.down_proj.weight[:, ::32] = 3.0
        # An unused row of the table, or else no recipe could store it in blocks.
        model.get_input_embeddings().weight[0] = 0.01
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def learn(model: PreTrainedModel, answers: list[Answer]) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    with torch.enable_grad():
        for step in range(120):
            one = answers[step % len(answers)]
            ids = torch.tensor([one.prompt + one.answer])
            wanted = torch.tensor([[-100] * len(one.prompt) + list(one.answer)])
            model(input_ids=ids, labels=wanted).loss.backward()
            optimizer.step()
            optimizer.zero_grad()


def trials_of(base: Path, domain: Path, **fields: object) -> Trials:
    config = recipe_check(AutoRecipe.model_validate({**AUTO, **fields}), (32,))
    model = load_model(base)
    shapes = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
    found, _ = uniform(shapes, config)
    answers = read_answers([domain], load_tokenizer(base), config, config.answers)
    return Trials(Roundable(model, found[0].grids), shapes, answers, config)


def searched(base: Path, domain: Path, out: Path, **fields: object) -> RecipeSearch:
    config = recipe_check(AutoRecipe.model_validate({**AUTO, **fields}), (32,))
    run({"base": base, "qa/one": domain}, config, Workspace(out, out, silent))
    return read_search(out)


def test_the_smallest_recipe_whose_interval_is_within_the_bound_is_chosen(base, domain, tmp_path) -> None:
    search = searched(base, domain, tmp_path, max_loss=0.01)
    within = [one for one in search.tried if one.perplexity_ratio.ends[1] <= 1.01]
    assert {one.name for one in search.tried if one.within} == {one.name for one in within}
    assert 0 < len(within) < len(search.tried)
    assert search.choice().bytes == min(one.bytes for one in within)
    assert search.answers == 8


def test_what_is_scored_is_what_the_quantizer_would_store(base, domain) -> None:
    trials = trials_of(base, domain)
    recipe = Int4(block_size=32, int8_layers=(OUTLIER,))
    tried = trials.score(candidate(trials.shapes, recipe, 32))
    model = load_model(base)
    expected = losses(model, trials.answers)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2:
                exact = ".layers." not in name or name.startswith(OUTLIER)
                weight.copy_(on_grid(weight, ROWS if exact else Grid(4, 32)))
    rounded = losses(model, trials.answers)
    ratio = sum(one.nats for one in rounded) - sum(one.nats for one in expected)
    tokens = sum(one.tokens for one in expected)
    assert tried.perplexity_ratio.value == pytest.approx(torch.tensor(ratio / tokens).exp().item(), rel=1e-6)


def test_a_layer_is_as_sensitive_as_it_is_when_it_alone_is_rounded(base, domain) -> None:
    trials = trials_of(base, domain)
    start = candidate(trials.shapes, Int4(block_size=32), 32)
    order = sensitivities(trials, start, trials.answers, lambda *_: None)
    assert len(order) == 14
    assert order[0].layer == OUTLIER
    model = load_model(base)
    wanted = list(distributions(model, trials.answers))
    with torch.no_grad():
        weight = model.get_parameter(f"{OUTLIER}.weight")
        weight.copy_(on_grid(weight, Grid(4, 32)))
    assert order[0].mean_kl == pytest.approx(divergence(model, trials.answers, wanted), rel=1e-5)


def test_the_most_sensitive_layer_at_8_bits_is_enough_and_no_other_is(base, domain, tmp_path) -> None:
    only = {"down_proj": ["int4"], "embedding": ["int8"], "block_sizes": [32]}
    uniform_loss = searched(base, domain, tmp_path, **only, mixed=False, max_loss=9).tried[0]
    layer = trials_of(base, domain, **only)
    mixed = layer.score(candidate(layer.shapes, Int4(block_size=32, int8_layers=(OUTLIER,)), 32))
    within, beyond = (one.perplexity_ratio.ends[1] - 1 for one in (mixed, uniform_loss))
    assert within < beyond / 2
    search = searched(base, domain, tmp_path, **only, max_loss=beyond / 2)
    assert search.choice().quantization["int8_layers"] == [OUTLIER]
    assert search.choice().bytes == uniform_loss.bytes + search.sensitivities[0].extra_bytes


def test_mixed_recipes_that_could_not_be_smaller_are_not_scored(base, domain) -> None:
    trials = trials_of(base, domain, max_loss=10)
    smallest = trials.score(candidate(trials.shapes, Int4(block_size=64), 64))
    assert smallest.within
    mix(trials, candidate(trials.shapes, Int4(block_size=32), 32), [OUTLIER])
    assert trials.tried == [smallest]


def test_no_recipe_within_the_bound_names_the_nearest(base, domain, tmp_path) -> None:
    with pytest.raises(
        StageError, match=r"no recipe keeps the perplexity within \+0\.0%.*blocks of.*raise `max_loss`"
    ):
        searched(base, domain, tmp_path, max_loss=1e-9, mixed=False, down_proj=["int4"], embedding=["int8"])


def test_blocks_that_do_not_divide_a_layer_are_left_out_by_name(base, domain, tmp_path) -> None:
    search = searched(base, domain, tmp_path, max_loss=9, mixed=False)
    assert [sentence.partition(":")[0] for sentence in search.left_out] == ["blocks of 128"]
    assert "which is 64 wide" in search.left_out[0]
    assert not any("128" in one.name for one in search.tried)
    with pytest.raises(ConfigError, match=r"block_sizes: none fits this model.*64 wide"):
        searched(base, domain, tmp_path, block_sizes=[128])


def test_a_table_with_a_block_of_zeros_may_be_stored_in_blocks(domain, tmp_path) -> None:
    search = searched(TinyModel().folder(), domain, tmp_path, max_loss=9, mixed=False)
    assert any("embedding" in one.name for one in search.tried)


def test_float_weights_come_back_when_a_recipe_is_left(base, domain) -> None:
    trials = trials_of(base, domain)
    before = losses(trials.model.model, trials.answers)
    trials.score(candidate(trials.shapes, Int4(block_size=32, embedding="int4", head="int4"), 32))
    trials.model.take({})
    assert losses(trials.model.model, trials.answers) == before


def test_a_search_repeats_itself_byte_for_byte(base, domain, tmp_path) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        searched(base, domain, tmp_path / name, max_loss=0.01)
        found.append((tmp_path / name / "search.json").read_bytes())
    assert found[0] == found[1]


def test_the_choice_is_handed_on_without_the_figures(base, domain, tmp_path) -> None:
    chosen = []
    for name, answers in (("few", 4), ("more", 8)):
        for folder in (tmp_path / name, tmp_path / f"{name}-grid"):
            folder.mkdir()
        search = searched(base, domain, tmp_path / name, max_loss=9, answers=answers, mixed=False)
        work = Workspace(tmp_path / f"{name}-grid", tmp_path, silent)
        choice.run({"recipe": tmp_path / name}, Slice(), work)
        assert read_choice(work.out) == search.choice().quantization
        chosen.append((work.out / "recipe.json").read_bytes())
    assert chosen[0] == chosen[1]
    assert Int4.model_validate(read_choice(work.out)).block_size == 64


def test_validation_without_a_prompt_that_fits_is_refused_with_the_field(base, domain, tmp_path) -> None:
    with pytest.raises(DataError, match=r"fits into 16 tokens.*max_length"):
        searched(base, domain, tmp_path, max_length=16)

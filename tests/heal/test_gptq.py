"""GPTQ: the numbers survive a second rounding, and errors make up for each other where inputs go together."""

from pathlib import Path

import pytest
from quick_healing import GRID, QUICK, healing_of_base
from small_training import MakeWorkspace

pytestmark = pytest.mark.models


def problem(rows: int = 24, width: int = 64) -> "tuple[torch.Tensor, torch.Tensor]":  # type: ignore[name-defined]  # noqa: F821
    """Return a matrix, and inputs of which each resembles its neighbours."""
    import torch

    torch.manual_seed(7)
    inputs = torch.randn(512, width).cumsum(1) / 4 + torch.randn(512, width)
    return torch.randn(rows, width) * torch.rand(rows, 1), inputs


@pytest.mark.parametrize(("bits", "block"), [(4, 32), (4, 64), (8, None)])
def test_rounding_finds_the_same_numbers_again(bits: int, block: int | None) -> None:
    import torch

    from tasks.heal.gptq import compensated
    from tasks.models.grid import levels, on_grid
    from tasks.models.int4 import Grid

    grid = Grid(bits, block)  # type: ignore[arg-type]
    weight, inputs = problem()
    weight[3] = 0.0
    moved = compensated(weight, inputs.T @ inputs, grid)
    values = on_grid(moved, grid)
    numbers, scales = levels(values, grid)
    assert torch.equal(on_grid(values, grid), values)
    assert torch.equal(levels(moved, grid)[0], numbers)
    assert torch.equal(levels(moved, grid)[1], scales)
    assert (numbers.abs().amax(-1)[torch.arange(len(weight)) != 3] == grid.largest).all()
    assert not values[3].any()


def test_the_output_is_nearer_than_after_plain_rounding() -> None:
    from tasks.heal.gptq import compensated
    from tasks.models.grid import on_grid
    from tasks.models.int4 import Grid

    grid, (weight, inputs) = Grid(4, 32), problem()

    def error(values: object) -> float:
        return float(((values - weight) @ inputs.T).square().mean())  # type: ignore[operator]

    assert error(on_grid(compensated(weight, inputs.T @ inputs, grid), grid)) < 0.5 * error(
        on_grid(weight, grid)
    )


def test_inputs_that_have_nothing_to_do_with_each_other_change_no_number_but_by_the_scale() -> None:
    import torch

    from tasks.heal.gptq import compensated
    from tasks.models.grid import levels
    from tasks.models.int4 import Grid

    grid, (weight, _) = Grid(4, 32), problem()
    numbers, scales = levels(compensated(weight, torch.eye(64), grid), grid)
    blocks = weight.reshape(len(weight), -1, 32)
    assert torch.equal(numbers, (blocks / scales).round().clamp(-7, 7))
    assert (scales < levels(weight, grid)[1]).any(), (
        "some blocks are better off with their largest weight cut"
    )


def test_an_input_that_no_text_has_is_rounded_as_it_is() -> None:
    import torch

    from tasks.heal.gptq import compensated
    from tasks.models.int4 import Grid

    weight, inputs = problem()
    inputs[:, 5] = 0.0
    assert torch.isfinite(compensated(weight, inputs.T @ inputs, Grid(4, 32))).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_base_begins_nearer_to_its_float_form(
    base: Path, text: Path, workspace: MakeWorkspace, dtype: str
) -> None:
    from tasks.heal.run import run
    from tasks.records.healing import read_healing

    work = workspace()
    units: set[str] = set()
    work = workspace("gptq", lambda _, __, unit, **___: units.add(unit))
    schedule = {**QUICK, "sequence_tokens": 64, "start": "gptq", "max_steps": 0}
    run({"base": base, "text": text}, healing_of_base(base=schedule, compute_dtype=dtype), work)
    record = read_healing(work.out)
    assert record.divergence_after < 0.9 * record.divergence_before
    assert units == {"layers"}


def test_every_layer_is_reached_and_stays_on_the_grid(base: Path, text: Path) -> None:
    import torch

    from tasks.heal.gptq import compensate
    from tasks.heal.grid_model import load_float, model_grid, put_on_grid
    from tasks.heal.texts import file_pieces
    from tasks.models.grid import on_grid
    from tasks.models.loading import load_tokenizer

    model = load_float(base)
    grid = model_grid(model, base, GRID)
    weights = put_on_grid(model, grid)
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    ready: list[tuple[int, int]] = []
    compensate(
        model, weights, grid.body, file_pieces(load_tokenizer(base), text, 64), lambda *at: ready.append(at)
    )
    assert ready == [(1, 2), (2, 2)]
    for name, one in grid.body.items():
        assert not torch.equal(on_grid(weights[name], one), on_grid(before[name], one)), name


def test_a_layer_with_8_bits_keeps_them_beside_others_that_have_its_inputs(base: Path, text: Path) -> None:
    from tasks.heal.gptq import compensate
    from tasks.heal.grid_model import load_float, model_grid, put_on_grid
    from tasks.heal.texts import file_pieces
    from tasks.models.grid import on_grid
    from tasks.models.loading import load_tokenizer

    model = load_float(base)
    grid = model_grid(model, base, GRID.model_copy(update={"int8_layers": ("*.v_proj",)}))
    weights = put_on_grid(model, grid)
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    compensate(model, weights, grid.body, file_pieces(load_tokenizer(base), text, 64), lambda *_: None)

    def moved(name: str) -> float:
        """Return the largest move of a weight, in the largest weight."""
        change = on_grid(weights[name], grid.body[name]) - before[name]
        return (change.abs().max() / before[name].abs().max()).item()

    layer = "model.layers.0.self_attn"
    assert moved(f"{layer}.v_proj.weight") < 0.02 < moved(f"{layer}.q_proj.weight")


def test_a_healing_killed_after_its_start_ends_on_the_same_bits(
    base: Path, text: Path, workspace: MakeWorkspace
) -> None:
    from tasks.heal.run import run

    def die(done: int, total: int, unit: str, **_: float) -> None:  # noqa: ARG001  progress's form
        if unit == "steps" and done == 7:
            raise InterruptedError

    inputs = {"base": base, "text": text}
    config = healing_of_base(base={**QUICK, "sequence_tokens": 64, "start": "gptq"})
    whole = workspace("whole")
    run(inputs, config, whole)
    with pytest.raises(InterruptedError):
        run(inputs, config, workspace("killed", die))
    units: set[str] = set()
    again = workspace("killed", lambda _, __, unit, **___: units.add(unit))
    assert run(inputs, config, again)["resumed_from_step"] == 4
    assert units == {"steps"}
    for file in whole.out.iterdir():
        assert (again.out / file.name).read_bytes() == file.read_bytes(), file.name

"""Healing: it brings the model on its grid nearer to the float one, and what is written is on the grid."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from quick_healing import GRID, healing_of_base, healing_of_expert

from tasks.heal.config import BaseHealing, ExpertHealing
from tasks.kernel.errors import DataError, StageError
from tasks.kernel.workspace import Workspace
from tasks.records.healing import RESTS, read_healing

pytestmark = pytest.mark.models

MakeWorkspace = Callable[..., Workspace]


@pytest.fixture(scope="module")
def healed(base: Path, text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tasks.heal.run import run

    folder = tmp_path_factory.mktemp("healed")
    scratch = tmp_path_factory.mktemp("scratch")
    run({"base": base, "text": text}, healing_of_base(), Workspace(folder, scratch, lambda *_, **__: None))
    return folder


def settled(
    base: Path, healed: Path, expert: Path, domain: Path, work: Workspace, config: ExpertHealing | None = None
) -> Path:
    from tasks.heal.settle import run

    inputs = {"base": base, "healed": healed, "expert": expert, "qa": domain}
    run(inputs, config or healing_of_expert(), work)
    return work.out


def weights(folder: Path) -> dict[str, object]:
    from tasks.models.loading import load_model

    return dict(load_model(folder).named_parameters())


def test_the_divergence_of_a_healed_base_falls(healed: Path) -> None:
    record = read_healing(healed)
    assert record.divergence_after < 0.8 * record.divergence_before
    assert record.best_step == record.steps == 12
    assert [step for step, _ in record.validations] == [0, 4, 8, 12]


def test_the_divergence_of_an_expert_falls_from_that_of_its_update_on_the_healed_base(
    base: Path, healed: Path, expert: Path, domain: Path, workspace: MakeWorkspace
) -> None:
    record = read_healing(settled(base, healed, expert, domain, workspace()))
    assert record.divergence_after < 0.8 * record.divergence_before


def test_an_expert_begins_where_gptq_rounds_it_and_needs_no_healed_base(
    expert: Path, domain: Path, workspace: MakeWorkspace
) -> None:
    from tasks.heal.settle import run

    units: set[str] = set()
    work = workspace("gptq", lambda _, __, unit, **___: units.add(unit))
    no_step = healing_of_expert(expert={"start": "gptq", "max_steps": 0})
    run({"expert": expert, "qa": domain}, no_step, work)
    record = read_healing(work.out)
    assert record.divergence_after < 0.9 * record.divergence_before
    assert units == {"layers"}


def test_rounding_what_was_written_changes_no_bit(
    base: Path, healed: Path, expert: Path, domain: Path, workspace: MakeWorkspace
) -> None:
    import torch

    from tasks.heal.grid_model import model_grid
    from tasks.models.grid import on_grid
    from tasks.models.int4 import ROWS
    from tasks.models.loading import load_model

    for folder in (healed, settled(base, healed, expert, domain, workspace())):
        model = load_model(folder)
        grid = model_grid(model, folder, GRID)
        assert len(grid.body) == 14
        for name, one in {**grid.body, "model.embed_tokens.weight": ROWS}.items():
            weight = model.get_parameter(name)
            assert weight.dtype == torch.float32
            assert torch.equal(on_grid(weight, one), weight), name


def test_what_is_no_matrix_stays_as_it_was(base: Path, healed: Path) -> None:
    import torch

    before, after = weights(base), weights(healed)
    for name in before:
        if "norm" in name:
            assert torch.equal(before[name], after[name])


def test_an_update_smaller_than_a_step_of_the_grid_is_not_lost(
    base: Path, healed: Path, expert: Path, domain: Path, workspace: MakeWorkspace
) -> None:
    """Without what rounding took from the base, most of an update would be rounded away again."""
    import torch

    no_step = healing_of_expert(expert={"max_steps": 0, "start": "healed"})
    only_rounded = settled(base, healed, expert, domain, workspace(), no_step)
    name = "model.layers.0.mlp.up_proj.weight"
    start, wanted, found = (weights(folder)[name] for folder in (base, expert, only_rounded))
    on_base = weights(healed)[name]
    update, kept = wanted - start, found - on_base
    share = (update * kept).sum() / (update * update).sum()
    assert 0.8 < share.item() < 1.2
    assert not torch.equal(found, on_base)


def test_where_no_step_helps_the_start_is_kept(base: Path, text: Path, workspace: MakeWorkspace) -> None:
    from tasks.heal.run import run

    work = workspace()
    ruinous = {
        "start": "rounded",
        "max_steps": 40,
        "learning_rate": 1.0,
        "validations": 8,
        "patience": 2,
        "sequence_tokens": 64,
    }
    metrics = run({"base": base, "text": text}, healing_of_base(base=ruinous), work)
    assert metrics["best_step"] == 0
    assert metrics["steps"] == 10, "two validations without a better one end it"
    assert metrics["divergence_after"] == metrics["divergence_before"]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_activations_may_have_16_bits(base: Path, text: Path, workspace: MakeWorkspace, dtype: str) -> None:
    from tasks.heal.run import run

    metrics = run({"base": base, "text": text}, healing_of_base(compute_dtype=dtype), workspace())
    assert metrics["divergence_after"] < 0.8 * metrics["divergence_before"]


def test_the_same_healing_gives_the_same_bytes(
    base: Path, text: Path, healed: Path, workspace: MakeWorkspace
) -> None:
    from tasks.heal.run import run

    work = workspace()
    run({"base": base, "text": text}, healing_of_base(), work)
    names = sorted(file.name for file in healed.iterdir())
    assert {"model.safetensors", "healing.json", RESTS, "tokenizer.json"} < set(names)
    for name in names:
        assert (work.out / name).read_bytes() == (healed / name).read_bytes(), name


def test_a_killed_healing_ends_on_the_same_bits(
    base: Path, text: Path, healed: Path, workspace: MakeWorkspace
) -> None:
    from tasks.heal.run import run

    def die(done: int, total: int, unit: str, **_: float) -> None:  # noqa: ARG001  progress's form
        if done == 7:
            raise InterruptedError

    inputs, config = {"base": base, "text": text}, healing_of_base()
    with pytest.raises(InterruptedError):
        run(inputs, config, workspace("killed", die))
    seen: list[int] = []
    work = workspace("killed", lambda done, *_, **__: seen.append(done))
    metrics = run(inputs, config, work)
    assert metrics["resumed_from_step"] == 4
    assert seen == list(range(5, 13))
    for file in healed.iterdir():
        assert (work.out / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_healing_that_is_asked_to_stop_repeats_no_step(
    base: Path, text: Path, healed: Path, workspace: MakeWorkspace
) -> None:
    from tasks.heal.run import run

    def stop(done: int, *_: object, **__: float) -> None:
        if done == 6:
            os.kill(os.getpid(), signal.SIGTERM)

    inputs, config = {"base": base, "text": text}, healing_of_base()
    with pytest.raises(StageError, match="asked to stop after 6 of 12 steps; a checkpoint is kept"):
        run(inputs, config, workspace("stopped", stop))
    work = workspace("stopped")
    assert run(inputs, config, work)["resumed_from_step"] == 6
    for file in healed.iterdir():
        assert (work.out / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_checkpoint_that_was_cut_short_is_begun_anew(
    base: Path, text: Path, workspace: MakeWorkspace
) -> None:
    from tasks.heal.checkpoint import NAME
    from tasks.heal.run import run

    work = workspace()
    (work.scratch / NAME).write_bytes(b"PK\x03\x04")
    assert run({"base": base, "text": text}, healing_of_base(), work)["resumed_from_step"] == 0


def test_a_base_may_write_its_text_itself(base: Path, workspace: MakeWorkspace) -> None:
    from tasks.heal.run import run

    config: BaseHealing = healing_of_base(text={"kind": "written", "conversations": 4, "documents": 2})
    units: set[str] = set()
    work = workspace("written", lambda _, __, unit, **___: units.add(unit))
    metrics = run({"base": base}, config, work)
    assert metrics["steps"] > 0
    assert units == {"texts", "steps"}


def test_plain_text_is_read_as_it_is(base: Path, tmp_path: Path, workspace: MakeWorkspace) -> None:
    from tasks.heal.run import run

    file = tmp_path / "neutral.txt"
    file.write_text("The harbour opens at six and closes when the last boat is in. " * 20)
    assert run({"base": base, "text": file}, healing_of_base(), workspace())["steps"] > 0


def test_too_little_text_and_a_damaged_line_are_named(
    base: Path, tmp_path: Path, workspace: MakeWorkspace
) -> None:
    from tasks.heal.run import run

    file = tmp_path / "short.jsonl"
    file.write_text('{"question": "Why?", "answer": "So."}\n')
    with pytest.raises(DataError, match=r"shorter than two pieces; give a longer `heal\.text`"):
        run({"base": base, "text": file}, healing_of_base(), workspace())
    file.write_text('{"question": "Why?", "answer": "So."}\n{"question": "Why?", "answer": 5}\n')
    with pytest.raises(DataError, match=r"short\.jsonl:2: answer: .*correct or remove this line"):
        run({"base": base, "text": file}, healing_of_base(), workspace())


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "iso8859_2", "cp1251"]
)
def test_text_of_any_encoding_is_read_as_what_it_says(base: Path, tmp_path: Path, encoding: str) -> None:
    from tasks.heal.texts import file_pieces
    from tasks.models.loading import load_tokenizer

    said = {"cp1251": "В гавани тихо, лодки стоят у берега, и люди ждут утра. "}
    said |= {"iso8859_2": "Przystań otwiera się o szóstej, a zamyka się, gdy wróci ostatnia łódź. "}
    text = said.get(encoding, "Der Hafen öffnet früh und schließt spät, wenn alle zurück sind. ") * 20
    tokenizer = load_tokenizer(base)
    (tmp_path / "plain.txt").write_text(text)
    (tmp_path / "other.TXT").write_bytes(text.encode(encoding))
    rows = "\n".join(json.dumps({"question": "Wo?", "answer": text}, ensure_ascii=False) for _ in range(2))
    (tmp_path / "plain.jsonl").write_text(rows)
    (tmp_path / "other.JSONL").write_bytes(rows.encode(encoding))
    for plain, other in (("plain.txt", "other.TXT"), ("plain.jsonl", "other.JSONL")):
        wanted = file_pieces(tokenizer, tmp_path / plain, 32)
        assert len(wanted) > 10
        assert file_pieces(tokenizer, tmp_path / other, 32) == wanted


def test_what_is_no_text_is_refused_with_what_to_give(base: Path, tmp_path: Path) -> None:
    from tasks.heal.texts import file_pieces
    from tasks.models.loading import load_tokenizer

    binary, unknown = tmp_path / "weights.txt", tmp_path / "noise.txt"
    binary.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 8)
    unknown.write_bytes("Straße, Öl und Mühle: ünämöß. ".encode() * 9 + b"\xff\xfe\xfd" * 40)
    for file in (binary, unknown, tmp_path, tmp_path / "nothing.txt"):
        with pytest.raises(DataError, match=r"`heal\.text`") as caught:
            file_pieces(load_tokenizer(base), file, 32)
        assert str(caught.value).startswith(f"{file}: ")

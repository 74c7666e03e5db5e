"""A graph for all experts: filled with a model's weights it is what tracing gives, byte for byte."""

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
CONVERTER = PROJECT / ".venv-convert" / "bin" / "python"
BASE, EXPERT = "base", "expert"
SCRIPT = """
import hashlib, json, sys
from pathlib import Path
from tasks.convert.config import GraphConfig
from tasks.convert.exchange import put_in, take_out
from tasks.convert.graph import load, trace
from tasks.convert.slots import values_of

root, config = Path(sys.argv[1]), GraphConfig(prefill_lengths=(32,), cache_length=64)
found = {"told": {}}
def quiet():
    pass

for name in ("base", "expert"):
    scratch, graph = root / f"{name}-scratch", root / f"{name}-graph"
    scratch.mkdir(), graph.mkdir()
    source = load(root / name, config, scratch, quiet)
    contents = source.contents()
    values = values_of(contents.weights)
    found[name] = str(trace(source, quiet))
    taken = take_out(Path(found[name]), contents, values, graph)
    found["told"][name] = [len(taken.slots), list(taken.fixed)]
for name in sys.argv[2:]:
    contents = load(root / name, config, root / "expert-scratch", quiet).contents()
    try:
        put_in(root / "base-graph", contents, root / f"{name}.tflite", root / name)
    except OSError as error:
        found["told"][name + " refused"] = str(error)
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trace a base and an expert each by itself, and fill the base's graph with several models."""
    assert CONVERTER.is_file(), f"{CONVERTER}: no such interpreter; run `make install`"
    root = tmp_path_factory.mktemp("exchange")
    save_models(root)
    names = (EXPERT, "wider", "untied", "other-norm")
    command = [CONVERTER, "-c", SCRIPT, root, *names]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND"))
    (root / "found.json").write_text(line.removeprefix("FOUND"))
    return root


def save_models(root: Path) -> None:
    """Save a base with one norm of ones, and models that differ from it in one respect each."""
    save(root / BASE, seed=0)
    save(root / EXPERT, seed=1)
    save(root / "wider", seed=1, hidden_size=128)
    save(root / "untied", seed=1, tied=False)
    save(root / "other-norm", seed=1, plain_norm=1.5)


def save(
    folder: Path, seed: int, hidden_size: int = 64, plain_norm: float = 1.0, *, tied: bool = True
) -> None:
    import torch

    from tasks.models.loading import load_model, load_tokenizer
    from tasks.models.sources import TinyModel

    made = TinyModel(hidden_size=hidden_size).folder()
    model = load_model(made, tie_word_embeddings=tied)
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(1.0 if weight.dim() == 1 else 0.0, 0.1)
            if name == "model.norm.weight":
                weight.fill_(plain_norm)
    model.to(torch.bfloat16).save_pretrained(folder)
    load_tokenizer(made).save_pretrained(folder)


def told(made: Path) -> dict[str, object]:
    return json.loads((made / "found.json").read_text())["told"]


def test_the_filled_graph_equals_the_one_that_was_traced(made: Path) -> None:
    traced = Path(json.loads((made / "found.json").read_text())[EXPERT]).read_bytes()
    assert (made / f"{EXPERT}.tflite").read_bytes() == traced


def test_a_graph_without_its_weights_is_the_same_whatever_they_were(made: Path) -> None:
    for file in ("graph.bin", "graph.json"):
        assert (made / "base-graph" / file).read_bytes() == (made / "expert-graph" / file).read_bytes()
    weights = (made / BASE / "model.safetensors").stat().st_size
    traced = Path(json.loads((made / "found.json").read_text())[BASE]).stat().st_size
    assert (made / "base-graph" / "graph.bin").stat().st_size < traced - weights


def test_only_a_weight_without_values_of_its_own_has_no_slot(made: Path) -> None:
    layers, a_layer, table = 2, 9, 1
    assert told(made)[BASE] == [layers * a_layer + table, ["model.norm.weight"]]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("wider", "config.json: head_dim is 64 and was 32"),
        ("untied", "config.json: tie_word_embeddings is False and was True"),
        (
            "other-norm",
            "weight model.norm.weight has other values, and the graph holds it in a form of its own",
        ),
    ],
)
def test_a_model_that_does_not_fit_is_refused_by_name(made: Path, name: str, problem: str) -> None:
    assert told(made)[f"{name} refused"] == (
        f"{made / name}: {problem}, so it cannot use the graph of its base model;"
        " set `convert.trace: own`, which traces each expert by itself"
    )
    assert not (made / f"{name}.tflite").exists()

"""The chain: every form of an expert says what the one before says, and the first that does not is named."""

import json
import subprocess
from pathlib import Path

import pytest

from tasks.records.chain import read_chain
from tasks.records.dataset import Example
from tasks.records.files import write_records
from tasks.records.merge import MergeCheck, write_merge_check

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
CONVERTER = PROJECT / ".venv-convert" / "bin" / "python"
SCRIPT = """
import json, sys
from pathlib import Path

import torch
from tasks.convert import run, tracing
from tasks.convert.chain import run as chain
from tasks.convert.config import ChainConfig, ConvertConfig, chain_check
from tasks.kernel.workspace import Workspace, silent

root = Path(sys.argv[1])
config = ConvertConfig(prefill_lengths=(32,), cache_length=128)

def work(name):
    for folder in (root / name, root / "scratch"):
        folder.mkdir(exist_ok=True)
    return Workspace(root / name, root / "scratch", silent)

def inputs(**others):
    names = {"merged": "expert", "graph": "graph", "edge": "edge", "qa": "qa", **others}
    return {key: root / name for key, name in names.items()}

tracing.run({"model": root / "expert"}, config.graph(), work("graph"))
for expert, edge in (("expert", "edge"), ("other", "other-edge")):
    run.run({"merged": root / expert, "graph": root / "graph"}, config, work(edge))
content = (root / "graph" / "graph.bin").read_bytes()
frequencies = 1.0 / (10000.0 ** (torch.arange(0, 32, 2).float() / 32))
turns = frequencies.numpy().tobytes()
assert turns in content
bent = content.replace(turns, frequencies.flip(0).numpy().tobytes())
work("bent").out.joinpath("graph.bin").write_bytes(bent)
(root / "bent" / "graph.json").write_bytes((root / "graph" / "graph.json").read_bytes())

told, strict = {}, {"int4": {"max_mean_kl": 1e-9}}
for name, others, changes in (
    ("whole", {}, {}),
    ("settled", {"healed": "expert"}, {}),
    ("other weights", {"healed": "other", "edge": "other-edge"}, {}),
    ("bent graph", {"graph": "bent"}, {}),
    ("other bundle", {"edge": "other-edge"}, {}),
    ("strict", {}, strict),
):
    check = chain_check(ChainConfig.model_validate({"probes": 3, **changes}), config)
    try:
        chain.run(inputs(**others), check, work(name))
    except RuntimeError as error:
        told[name] = str(error)
(root / "told.json").write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Convert two tiny experts, and follow one of them through right and wrong files."""
    assert CONVERTER.is_file(), f"{CONVERTER}: no such interpreter; run `make install`"
    folder = tmp_path_factory.mktemp("chain")
    for seed, name in enumerate(("expert", "other")):
        save(folder / name, seed)
        write_merge_check(folder / name, MergeCheck(mean_kl=2e-5, tolerance=0.01, top1_agreement=0.99))
    (folder / "qa").mkdir()
    pairs = [("What is it, and why, and for how long has it been there?", f"It is {n}.") for n in range(5)]
    write_records(
        folder / "qa" / "test.jsonl",
        (Example(id=str(n), question=ask, answer=say, teacher="t") for n, (ask, say) in enumerate(pairs)),
    )
    command = [CONVERTER, "-c", SCRIPT, folder]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def save(folder: Path, seed: int) -> None:
    """Save a tiny model whose choices differ from token to token."""
    import torch

    from tasks.models.loading import load_model, load_tokenizer
    from tasks.models.sources import TinyModel

    model = load_model(TinyModel().folder())
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(std=0.2)
    model.to(torch.bfloat16).save_pretrained(folder)
    load_tokenizer(TinyModel().folder()).save_pretrained(folder)


def told(root: Path) -> dict[str, str]:
    return json.loads((root / "told.json").read_text())


def test_every_form_is_compared_with_the_one_before(root: Path) -> None:
    plain, settled = read_chain(root / "whole").links, read_chain(root / "settled").links
    assert [link.name for link in plain] == [
        "adapter -> merged",
        "merged -> float graph",
        "float graph -> INT4 graph",
    ]
    assert [link.name for link in settled][1:3] == ["merged -> healed", "healed -> float graph"]
    assert settled[1].mean_kl == 0
    assert settled[1].top1_agreement == 1


def test_the_graph_says_what_the_weights_say_and_int4_says_less(root: Path) -> None:
    merged, graph, int4 = read_chain(root / "whole").links
    assert merged.mean_kl == 2e-5
    assert graph.mean_kl == pytest.approx(0, abs=1e-9)
    assert graph.perplexity_ratio
    assert graph.perplexity_ratio.value == pytest.approx(1, abs=1e-5)
    assert graph.positions == int4.positions == 3 * len("It is 0.") + 3
    assert int4.mean_kl
    assert int4.mean_kl > 1e-4


def test_probes_are_the_first_held_out_answers_with_the_loss_of_what_ships(root: Path) -> None:
    chain = read_chain(root / "whole")
    assert [probe.id for probe in chain.probes] == ["0", "1", "2"]
    assert all(probe.nats > 0 for probe in chain.probes)
    assert chain.runtime.max_perplexity_ratio == 1.05


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("other weights", "merged -> healed"),
        ("bent graph", "merged -> float graph"),
        ("other bundle", "float graph -> INT4 graph"),
        ("strict", "float graph -> INT4 graph"),
    ],
)
def test_the_first_broken_link_is_named_and_nothing_is_published(root: Path, name: str, link: str) -> None:
    assert told(root)[name].startswith(f"link {link}: mean divergence ")
    assert not list((root / name).iterdir())


def test_nothing_else_broke(root: Path) -> None:
    assert set(told(root)) == {"other weights", "bent graph", "other bundle", "strict"}

"""What healing the base gives and costs, recipe by recipe: text that it did not see, processor time, memory.

In: folders of PDFs or text files, which neither chose a setting nor were learned from. Out:
`results/healing.json`, to which each recipe is added once it is measured, in a process of its own: so its
memory is known.
"""

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from benchmarks.machine import RESULTS, save
from flows.config import load_config
from tasks.heal.config import NEUTRAL, BaseHealing, HealConfig, of_base
from tasks.heal.gptq import compensated
from tasks.heal.grid_model import load_float, model_grid, rounded
from tasks.heal.run import run
from tasks.ingest.passages.stored_documents import StoredPages
from tasks.ingest.reading.reader import Request
from tasks.ingest.reading.supervising import read_apart
from tasks.ingest.reading_config import ReadingConfig
from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import PROJECT
from tasks.kernel.workspace import Workspace, silent
from tasks.models.chat import token_ids
from tasks.models.embedded import embedded_model_folder
from tasks.models.int4 import Int4
from tasks.models.loading import load_tokenizer
from tasks.records.healing import read_healing

TOKENS, PIECES = 256, 2
"""Of each document so many pieces of so many tokens are scored."""
UNIFORM, DEMO = "int4", "the demo's"
RECIPES: Mapping[str, tuple[str, dict[str, object] | None]] = {
    "rounded, all int4": (UNIFORM, {"start": "rounded", "max_steps": 0}),
    "clipped, all int4": (UNIFORM, None),
    "gptq, all int4": (UNIFORM, {"start": "gptq", "max_steps": 0}),
    "rounded and 40 steps, all int4": (UNIFORM, {"start": "rounded", "max_steps": 40}),
    "gptq and 80 steps, all int4": (UNIFORM, {"start": "gptq", "max_steps": 80}),
    "rounded": (DEMO, {"start": "rounded", "max_steps": 0}),
    "gptq": (DEMO, {"start": "gptq", "max_steps": 0}),
    "as configured": (DEMO, {}),
}
"""A grid, and settings of `heal.base` that are not the demo's; none: each block has the scale with the least
error."""


@dataclass(frozen=True)
class Scores:
    """Of a model on the unseen text."""

    perplexity: float
    perplexity_float: float
    """Of the model that it is to follow."""
    divergence: float
    """From that model, in nats a token."""


def main() -> None:
    """Measure each recipe in a process of its own, and add it to the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", type=Path, nargs="+", help="PDFs or text files that are scored")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--dtype", choices=("auto", "bfloat16", "float32"), default="auto")
    parser.add_argument("--keep", type=Path, help="a folder for the healed models, which are large")
    parser.add_argument("--score", type=Path, help="only score this healed model, and print JSON")
    parser.add_argument("--here", action="store_true", help="measure in this process, and print JSON")
    asked = parser.parse_args()
    if asked.score:
        found = score(asked.score, embedded_model_folder(), asked.folders)
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return
    if asked.here:
        sys.stdout.write(json.dumps(measure(asked.recipes[0], asked.dtype, asked.folders, asked.keep)) + "\n")
        return
    for recipe in asked.recipes:
        command = [sys.executable, "-m", "benchmarks.healing", *map(str, asked.folders), "--here"]
        command += ["--recipes", recipe, "--dtype", asked.dtype]
        command += ["--keep", str(asked.keep)] if asked.keep else []
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        _add(json.loads(done.stdout.splitlines()[-1]))


def measure(recipe: str, dtype: str, folders: list[Path], keep: Path | None) -> dict[str, object]:
    """Heal the embedded base by one recipe, and score it on the text of the folders."""
    base = embedded_model_folder()
    kind, settings = RECIPES[recipe]
    healing, stored = _demo()
    grid = stored if kind == DEMO else Int4(block_size=32)
    told = healing.model_dump()
    config = HealConfig.model_validate(
        {**told, "base": {**told["base"], **(settings or {})}, "compute_dtype": dtype}
    )
    with tempfile.TemporaryDirectory() as scratch:
        out, wall, processor = Path(scratch, "out"), time.monotonic(), time.process_time()
        out.mkdir()
        if settings is None:
            _clip(base, out, grid)
        else:
            run({"base": base, "text": NEUTRAL}, of_base(config, grid), Workspace(out, Path(scratch), silent))
        cost = {
            "seconds": time.monotonic() - wall,
            "processor_seconds": time.process_time() - processor,
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        if keep:
            shutil.copytree(out, keep / f"{recipe} {config.compute_dtype}", dirs_exist_ok=True)
        scored = score(out, base, folders)
        held_back = {} if settings is None else {"held_back": read_healing(out).divergence_after}
    return {
        "recipe": recipe,
        "settings": _settings(of_base(config, grid)),
        "threads": torch.get_num_threads(),
        **cost,
        **held_back,
        "unseen": scored.divergence,
        "perplexity": scored.perplexity,
        "perplexity_float": scored.perplexity_float,
        "loss": scored.perplexity / scored.perplexity_float - 1,
    }


def _demo() -> tuple[HealConfig, Int4]:
    """Return how the demo heals, and what its bundles store."""
    demo = load_config([PROJECT / "configs" / "demo.yaml"])
    stored = demo.convert.quantization
    if not isinstance(stored, Int4):
        raise ConfigError("configs/demo.yaml: `convert.quantization: auto` is no grid yet; name one")
    return demo.heal, stored


@torch.no_grad()
def score(model: Path, base: Path, folders: list[Path]) -> Scores:
    """Return the perplexities of a model and its base on the text of the PDFs, and how far they are apart."""
    asked, reference = load_float(model), load_float(base)
    surprise, expected, apart, count = 0.0, 0.0, 0.0, 0
    for piece in _pieces(base, folders):
        ids = torch.tensor([piece], device=asked.device)
        said, wanted = (
            one(input_ids=ids, use_cache=False).logits[0, :-1].log_softmax(-1) for one in (asked, reference)
        )
        surprise -= said.gather(1, ids[0, 1:, None]).sum().item()
        expected -= wanted.gather(1, ids[0, 1:, None]).sum().item()
        apart += (wanted.exp() * (wanted - said)).sum().item()
        count += len(piece) - 1
    return Scores(math.exp(surprise / count), math.exp(expected / count), apart / count)


def _pieces(base: Path, folders: list[Path]) -> list[list[int]]:
    tokenizer, found = load_tokenizer(base), []
    documents = [file for folder in folders for file in folder.rglob("*") if file.suffix in (".pdf", ".txt")]
    for path in sorted(documents):
        ids = token_ids(tokenizer, _text(path))
        starts = range(0, min(len(ids) - TOKENS + 1, PIECES * TOKENS), TOKENS)
        found += [ids[start : start + TOKENS] for start in starts]
    return found


def _text(path: Path) -> str:
    if path.suffix == ".txt":
        return path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "pages.jsonl")
        request = Request(
            path=path.resolve(), format="pdf", config=ReadingConfig(), password_variable=None, out=out
        )
        found = read_apart(request, lambda _page: None)
        return "\n".join(line.text for page in StoredPages(out, found.pages or 0) for line in page)


@torch.no_grad()
def _clip(base: Path, out: Path, stored: Int4) -> None:
    """Round each weight alone, by the scale with the least squared error: GPTQ on unrelated inputs."""
    model = load_float(base)
    grid = model_grid(model, base, stored)
    weights = {name: model.get_parameter(name) for name in grid.body}
    moved = {
        name: compensated(weight, torch.eye(weight.shape[1]), grid.body[name])
        for name, weight in weights.items()
    }
    rounded(base, grid, moved).save_pretrained(out)


def _settings(config: BaseHealing) -> dict[str, object]:
    return {"compute_dtype": config.compute_dtype, **config.schedule.model_dump(mode="json")}


def _add(measured: dict[str, object]) -> None:
    """Put a recipe's figures into the results, in place of earlier ones with the same settings."""
    path = RESULTS / "healing.json"
    before = json.loads(path.read_text(encoding="utf-8"))["recipes"] if path.is_file() else []
    dtype = measured["settings"]["compute_dtype"]  # type: ignore[index]
    kept = [
        one
        for one in before
        if (one["recipe"], one["settings"]["compute_dtype"]) != (measured["recipe"], dtype)
    ]
    save("healing", {"load": os.getloadavg()[0], "recipes": [*kept, measured]})


if __name__ == "__main__":
    main()

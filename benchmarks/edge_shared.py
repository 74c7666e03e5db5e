"""The shared form: one base and an adapter for each expert, in bytes, milliseconds and answers.

In: a run. Out: its base and adapters, made by the product's stages where the run has none; the bytes of whole
systems; how long a switch takes; how far the runtime is from the adapter itself where nothing is rounded.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil
import torch
from litert_lm import LoraConfig
from safetensors.torch import load_file, save_file

from benchmarks.edge_quality import GREEDY, Pairs, compare
from benchmarks.edge_runs import MeasuredRun
from benchmarks.staged import run_stage
from tasks.evaluate.measuring.bundle_runs import run_bundle
from tasks.evaluate.measuring.generation import answer
from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import Settings
from tasks.models.bundle import Bundle, sampler
from tasks.models.chat import Turns
from tasks.models.edge_files import ADAPTER, BUNDLE, ExpertFiles
from tasks.models.loading import load_model, load_tokenizer
from tasks.records.shared import NO_ADAPTER
from tasks.records.training import ADAPTER_CONFIG, WEIGHTS
from tasks.router_runtime.phone.export import export_router
from tasks.router_runtime.router_files import load_router

TEN = 10
SWITCHES = 100
FIRST_TOKENS = 10
QUESTION = "What helps against fear?"


@dataclass(frozen=True)
class Shared:
    """A base, and the folder of each adapter by its expert."""

    base: Path
    adapters: Mapping[str, Path]

    def files(self, domain: str) -> ExpertFiles:
        """Return what an expert is opened with."""
        return ExpertFiles(self.base / BUNDLE, self.adapters[domain] / ADAPTER)


def shared_form(run: MeasuredRun, work: Path) -> Shared:
    """Return the run's own shared form, or make one of its healed base."""
    parts, domains = run.parts, run.domains
    if "edge-base" in parts.artifacts:
        kind = "edge-adapter" if any(name.startswith("edge-adapter/") for name in parts.artifacts) else "edge"
        return Shared(parts.part("edge-base"), {name: parts.part(f"{kind}/{name}") for name in domains})
    if "healed" not in parts.artifacts:
        raise ConfigError(f"{parts.folder}: has no healed base; run it with `convert: {{form: both}}`")
    config = run.convert() | {"form": "shared"}
    base = conversion("tasks.convert.shared.base", {"base": parts.part("healed")}, config, work / "base")
    return Shared(
        base, _adapters(base, {name: parts.part(f"adapter/{name}") for name in domains}, work / "adapters")
    )


def float_form(run: MeasuredRun, work: Path) -> Shared:
    """Return base and adapters with nothing rounded."""
    config = run.convert() | {"form": "shared", "shared": {"dtype": "float32"}}
    base = conversion(
        "benchmarks.float_base", {"base": run.parts.base_model.folder()}, config, work / "float"
    )
    adapters = {name: run.parts.part(f"adapter/{name}") for name in run.domains}
    return Shared(base, _adapters(base, adapters, work / "floats"))


def system_bytes(run: MeasuredRun, shared: Shared, work: Path) -> dict[str, int]:
    """Return the bytes of the run's experts, and of ten, with base and router, as real files."""
    shutil.rmtree(work / "router", ignore_errors=True)
    export_router(load_router(run.parts.part("router")), work / "router")
    router = sum(file.stat().st_size for file in (work / "router").rglob("*") if file.is_file())
    fixed = (shared.base / BUNDLE).stat().st_size + (shared.base / NO_ADAPTER).stat().st_size + router
    own = [(folder / ADAPTER).stat().st_size for folder in shared.adapters.values()]
    more = _adapters(shared.base, dict(_drawn(run, TEN - len(own), work)), work / "more")
    drawn = [(folder / ADAPTER).stat().st_size for folder in more.values()]
    return {
        "base_bytes": (shared.base / BUNDLE).stat().st_size,
        "adapter_bytes": max(own),
        "router_bytes": router,
        "system_bytes": fixed + sum(own),
        "ten_experts_bytes": fixed + sum(own) + sum(drawn),
    }


def switching(shared: Shared) -> dict[str, float]:
    """Return how long it takes to open a conversation with another expert, and to its first token."""
    paths = [str(folder / ADAPTER) for folder in shared.adapters.values()]
    with closing(Bundle(shared.base / BUNDLE)) as bundle:
        opened = [_opened(bundle, paths[turn % len(paths)]) for turn in range(SWITCHES)]
        other = [_first_token(bundle, paths[turn % len(paths)]) for turn in range(FIRST_TOKENS)]
        same = [_first_token(bundle, paths[0]) for _ in range(FIRST_TOKENS)]
    return {
        "switch_ms_p95": float(np.percentile(opened, 95)),
        "first_token_ms_after_a_switch": float(np.median(other)),
        "first_token_ms_without_a_switch": float(np.median(same)),
    }


def equal_answers(
    shared: Shared, domain: str, merged: Path, asked: Sequence[str], turns: Sequence[Turns], cache: Path
) -> dict[str, float]:
    """Return how far the float base with an adapter is from the merged float weights in transformers."""
    files, questions = shared.files(domain), list(zip(asked, turns, strict=True))
    said = run_bundle(files.bundle, questions, GREEDY, cache, lambda _: None, (), files.adapter).replies
    expected = answer(
        load_model(merged), load_tokenizer(merged), [one.prompt for one in turns], GREEDY, 1, lambda _: None
    )
    pairs = compare({"float": files}, merged, turns, cache)["float"]
    equal = sum(reply is not None and reply.text == text for reply, text in zip(said, expected, strict=True))
    return {"asked": len(asked), "equal_texts": equal, "most_nats_a_token": _furthest(pairs)}


def _furthest(pairs: Pairs) -> float:
    both = zip(pairs.edge, pairs.floating, strict=True)
    return max(abs(ours.nats - theirs.nats) / ours.tokens for ours, theirs in both)


def _adapters(base: Path, sources: Mapping[str, Path], work: Path) -> dict[str, Path]:
    return {
        name: conversion("tasks.convert.shared.adapter", {"base": base, "adapter": folder}, {}, work / name)
        for name, folder in sources.items()
    }


def _drawn(run: MeasuredRun, count: int, work: Path) -> Iterator[tuple[str, Path]]:
    """Write adapters of a trained one's shape and spread, with values by chance: training takes too long."""
    trained = run.parts.part(f"adapter/{run.domains[0]}")
    for number in range(count):
        folder = work / f"drawn-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(number)
        weights = load_file(trained / WEIGHTS)
        drawn = {name: torch.randn_like(values) * values.float().std() for name, values in weights.items()}
        save_file({name: value.to(weights[name].dtype) for name, value in drawn.items()}, folder / WEIGHTS)
        shutil.copyfile(trained / ADAPTER_CONFIG, folder / ADAPTER_CONFIG)
        yield f"drawn-{number}", folder


def conversion(module: str, inputs: Mapping[str, Path], config: dict[str, object], folder: Path) -> Path:
    """Run a stage of the converter, or return what an earlier benchmark made of the same inputs."""
    asked = json.dumps([module, {name: str(path) for name, path in inputs.items()}, config], default=str)
    noted = folder / "asked.json"
    if not noted.is_file() or noted.read_text(encoding="utf-8") != asked:
        shutil.rmtree(folder, ignore_errors=True)
        python, threads = Settings.read().convert_python, psutil.cpu_count() or 1
        run_stage(module, inputs, config, folder, threads, python)
        noted.write_text(asked, encoding="utf-8")
    return folder / "out"


def _opened(bundle: Bundle, adapter: str) -> float:
    start = perf_counter()
    with bundle.engine.create_conversation(
        sampler_config=sampler(), lora_config=LoraConfig(lora_path=adapter)
    ):
        return 1000 * (perf_counter() - start)


def _first_token(bundle: Bundle, adapter: str) -> float:
    start = perf_counter()
    with bundle.engine.create_conversation(
        sampler_config=sampler(), lora_config=LoraConfig(lora_path=adapter)
    ) as conversation:
        conversation.send_message(QUESTION, max_output_tokens=1)
    return 1000 * (perf_counter() - start)

"""A run's artifact folders with the figures of a plausible run, for the tests of the report."""

import json
from collections.abc import Mapping
from pathlib import Path

import account_run
import evaluation_run

from flows.report.schema import Environment, RunFacts, StageRow
from tasks.records.files import write_records

DOMAINS = ("anxiety", "depression", "ocd")
CONFIG: dict[str, object] = {
    "name": "demo",
    "domains": {name: {"documents": "examples/library"} for name in DOMAINS},
}


def write_run(root: Path) -> dict[str, Path]:
    """Write every artifact of a finished run; return the folders by name."""
    contents = {
        "router": {"report.json": router_report()},
        "evaluation": {"evaluation.json": evaluation_run.written(DOMAINS)},
    }
    merge = {"mean_kl": 0.0004, "top1_agreement": 0.992, "tolerance": 0.01, "probes": 6}
    peft = {"peft_type": "LORA", "r": 4, "use_dora": False, "target_modules": ["k_proj", "q_proj"]}
    adapter = {"adapter_config.json": peft}
    contents["adapter-generalist"] = {**adapter, "training.json": training(0.4)}
    contents["merged-generalist"] = {"merge.json": merge}
    contents["healed"] = {"healing.json": healing(0.38, 0.19)}
    for place, name in enumerate(DOMAINS):
        contents[f"corpus/{name}"] = {"documents.json": account_run.documents(place)}
        contents[f"qa/{name}"] = {
            "funnel.json": account_run.funnel(place),
            "coverage.json": account_run.coverage(),
            "samples.json": account_run.samples(),
        }
        contents[f"adapter/{name}"] = {**adapter, "training.json": training(0.1 * place)}
        contents[f"merged/{name}"] = {
            "merge.json": merge,
            "sizes.json": {"adapter": 9_789_032, "merged_bf16": 269_060_552},
        }
        contents[f"healed/{name}"] = {"healing.json": healing(0.12, 0.03)}
        contents[f"edge/{name}"] = {"sizes.json": edge_sizes(), "breakdown.json": breakdown()}
    folders = {name: root / name for name in contents}
    for name, files in contents.items():
        write_folder(folders[name], files)
    write_records(folders["evaluation"] / "answers.jsonl", evaluation_run.answers(DOMAINS))
    for name in DOMAINS:
        (folders[f"edge/{name}"] / "model.litertlm").write_bytes(b"bundle")
        write_weights(folders[f"adapter/{name}"])
    write_weights(folders["adapter-generalist"])
    return folders


def write_weights(folder: Path) -> None:
    """Write a safetensors file with a header alone: 4 x 64 and 32 x 4 numbers."""
    shapes = {"a": [4, 64], "b": [32, 4]}
    header = {
        name: {"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()
    }
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    (folder / "adapter_model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)


def write_folder(folder: Path, files: Mapping[str, object]) -> None:
    folder.mkdir(parents=True)
    for file, value in files.items():
        (folder / file).write_text(json.dumps(value), encoding="utf-8")


def stage_rows() -> list[StageRow]:
    rows = [("route", "", 2.1), ("finetune", "generalist", 121.0), ("merge", "generalist", 17.0)]
    rows.append(("heal", "", 204.0))
    seconds = {
        "ingest": 2.0,
        "generate": 71.0,
        "finetune": 118.0,
        "merge": 16.4,
        "heal": 88.0,
        "convert": 93.0,
    }
    rows += [(stage, name, time) for name in DOMAINS for stage, time in seconds.items()]
    rows.append(("evaluate", "", 188.0))
    return [
        StageRow(
            stage=stage,
            domain=domain,
            status="cached" if stage in {"ingest", "generate"} else "built",
            seconds=time,
            peak_memory_bytes=int(8e8 + 2e7 * time),
            metrics=account_run.metrics() if stage == "generate" else {},
            key="ab" * 32,
            digest="cd" * 32,
        )
        for stage, domain, time in rows
    ]


def facts(**changes: object) -> RunFacts:
    values = {"run": "demo-1", "status": "completed", "seconds": 1093.4, "peak_memory_bytes": 6_400_000_000}
    machine = Environment(
        cores=2, memory_bytes=24_000_000_000, versions={"torch": "2.13.0", "peft": "0.21.2"}
    )
    return RunFacts.model_validate({**values, "environment": machine, **changes})


def healing(before: float, after: float) -> dict[str, object]:
    validations = [[0, before], [20, after], [40, after + 0.01]]
    counts = {"steps": 40, "best_step": 20, "tokens": 5080, "block_size": 32}
    return {"divergence_before": before, "divergence_after": after, "validations": validations, **counts}


def training(offset: float) -> dict[str, object]:
    losses = [round(2.9 + offset - 1.4 * (step / 24) ** 0.5, 4) for step in range(24)]
    counts = {"tokens_seen": 29_950, "token_budget": 30_000, "examples_seen": 420, "steps": 24}
    below = {"base": "0b", "quantization": "nf4", "double_quantization": True, "compute_dtype": "bfloat16"}
    return {
        **counts,
        **below,
        "step_losses": losses,
        "validation_loss_before": {"a": 3.0},
        "adapter": {"kind": "lora"},
        "sample": [
            {"text": "<|user|>What is <b>?<|assistant|>", "supervised": False},
            {"text": "It is bold.<|end|>", "supervised": True},
        ],
    }


def router_report() -> dict[str, object]:
    support = {"precision": 0.95, "recall": 0.9, "f1": 0.92, "support": 22}
    return {
        "accuracy": 0.9091,
        "accuracy_low": 0.815,
        "accuracy_high": 0.958,
        "macro_f1": 0.91,
        "mean_confidence": 0.87,
        "questions": 66,
        "train_questions": 291,
        "repeated_questions": 0,
        "report": dict.fromkeys(DOMAINS, support),
        "labels": list(DOMAINS),
        "confusion": [[20, 1, 1], [2, 20, 0], [1, 1, 20]],
        "stratified_8020": {
            "accuracy": 0.968,
            "macro_f1": 0.96,
            "questions": 83,
            "report": dict.fromkeys(DOMAINS, support),
            "labels": list(DOMAINS),
            "confusion": [[27, 0, 0], [1, 27, 0], [0, 1, 27]],
        },
        "note": "",
    }


def edge_sizes() -> dict[str, float]:
    sizes = {"float_tflite": 540_113_000, "int4_tflite": 92_114_000, "bundle": 92_914_560}
    return {**sizes, "merged_bf16": 269_060_552, "reduction_vs_bf16": 0.655}


def breakdown() -> list[dict[str, object]]:
    rows = [
        ("mlp", "int4", 44_800_000, 90),
        ("embedding", "int8", 28_300_000, 1),
        ("attention", "int4", 13_300_000, 120),
        ("mlp", "scales", 4_100_000, 90),
        ("graph", "flatbuffer", 1_400_000, 0),
        ("tokenizer", "zlib", 690_000, 0),
        ("norms", "float32", 280_000, 61),
        ("header and padding", "bytes", 44_560, 0),
    ]
    return [
        {"group": group, "dtype": dtype, "bytes": size, "tensors": tensors}
        for group, dtype, size, tensors in rows
    ]

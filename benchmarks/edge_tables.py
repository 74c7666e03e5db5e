"""The tables of what ships, for README and the guides: results in, Markdown out."""

from typing import Any

Json = dict[str, Any]


def edge_tables(result: Json) -> dict[str, str]:
    """Return what the bundles weigh, lose and take, beside the bounds."""
    quality, shared = result["quality"], result["quality"]["shared"]
    merged, beside = quality["merged"], quality["shared_beside_merged"]
    rows = [
        ("an expert's bundle", _megabytes(result["bundle_bytes"]), "95 MB"),
        ("perplexity above the float expert, all domains", _loss(merged), "5 %"),
        ("the same, worst domain", f"{100 * result['perplexity_loss']:+.1f} %", ""),
        ("tokens a second, times those of transformers float32", f"{result['decode_speedup']:.1f}", "2.5"),
        ("one conversion", f"{result['convert_seconds']:.0f} s", "120 s"),
        ("its memory", f"{result['convert_peak_memory_bytes'] / 1e9:.1f} GB", "4 GB"),
        ("healing the base, alone", f"{result['heal_base_seconds'] / 60:.1f} min", "8 min"),
        ("healing an expert, alone", f"{result['heal_seconds'] / 60:.1f} min", "3 min"),
        ("shared form: experts of the demo, base and router", _megabytes(result["system_bytes"]), "120 MB"),
        ("shared form: ten experts", _megabytes(result["ten_experts_bytes"]), "170 MB"),
        ("shared form: perplexity above the float expert", _loss(shared), ""),
        ("shared form: perplexity above the merged bundles", _loss(beside), ""),
        ("switch of expert, 95th percentile", f"{result['switch_ms_p95']:.1f} ms", "5 ms"),
    ]
    lines = [f"| {name} | {value} | {bound} |" for name, value, bound in rows]
    head = (
        f"{merged['answers']} held-out answers, {_seeds(result['seeds'])}, {_machine(result)}; intervals"
        f" at 95 %; {result['drawn_adapters']} of the ten adapters are of the real shape with drawn values:\n"
    )
    return {"edge": "\n".join([head, "| | measured | bound |", "| --- | ---: | ---: |", *lines])}


def start_tables(result: Json) -> dict[str, str]:
    """Return what experts lose where GPTQ leaves them, and after the steps behind it."""
    one = next(iter(result["ways"].values()))["all"]
    domains = list(next(iter(result["ways"].values()))["domains"])
    rows = [
        f"| {' | '.join([name, *map(_loss, [way['all'], *(way['domains'][one] for one in domains)])])} |"
        for name, way in result["ways"].items()
    ]
    head = (
        f"Perplexity above the float expert, {one['answers']} held-out answers, {_seeds(result['seeds'])},"
        f" {_machine(result)}, in LiteRT-LM; intervals at 95 %:\n"
    )
    columns = f"| | all | {' | '.join(domains)} |"
    return {"edge-start": "\n".join([head, columns, "| --- |" + " ---: |" * (len(domains) + 1), *rows])}


def gemma_tables(result: Json) -> dict[str, str]:
    """Return what Gemma-3-1B's architecture weighs with either token table."""
    rows = [
        f"| {kind} | {_megabytes(result[kind]['bundle_bytes'])} | {bound} | {theirs} |"
        f" {result[kind]['seconds'] / 60:.1f} | {result[kind]['peak_memory_bytes'] / 1e9:.1f} GB |"
        for kind, bound, theirs in (("int8", "675 MB", "657 MB"), ("int4", "535 MB", "529 MB"))
        if kind in result
    ]
    traced = result["trace"]
    head = (
        f"Random weights, blocks of {result['block_size']}, a context of {result['context']},"
        f" {_machine(result)}; tracing once took {traced['seconds'] / 60:.1f} minutes and"
        f" {traced['peak_memory_bytes'] / 1e9:.1f} GB:\n"
    )
    columns = "| token table | bundle | bound | Google's file | minutes | memory |"
    return {"edge-gemma": "\n".join([head, columns, "| --- | ---: | ---: | ---: | ---: | ---: |", *rows])}


def _megabytes(count: float) -> str:
    return f"{count / 1e6:.1f} MB"


def _loss(told: Json) -> str:
    low, high = (100 * end for end in told["interval"])
    return f"{100 * told['loss']:+.1f} % ({low:+.1f} to {high:+.1f})"


def _machine(result: Json) -> str:
    return f"{result['machine']['cores']} cores ({result['machine']['processor']})"


def _seeds(seeds: list[object]) -> str:
    return f"{len(seeds)} seed{'' if len(seeds) == 1 else 's'}"

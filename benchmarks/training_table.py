"""The table of the guide on experts: what a second of training is worth, from `results/training.json`."""

from typing import Any

Json = dict[str, Any]


def training_table(result: Json) -> dict[str, str]:
    """Return the Markdown of the table by its marker's name."""
    machine, ways = result["machine"], result["ways"]
    slowest = min(way["answer_tokens_per_second"] for way in ways)
    where = f"one thread of {machine['processor']}, which other work shared, in seconds of the processor"
    head = [
        f"{ways[0]['examples']} examples of the demo in {ways[0]['compute_dtype']}, {where}:\n",
        "| way | answer tokens a second | times | held-out loss | memory |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    rows = [
        f"| {way['way']} | {way['answer_tokens_per_second']:.1f}"
        f" | {way['answer_tokens_per_second'] / slowest:.1f}"
        f" | {way['held_out_loss']:.2f} | {way['peak_memory_bytes'] / 1e9:.1f} GB |"
        for way in ways
    ]
    return {"training": "\n".join([*head, *rows])}

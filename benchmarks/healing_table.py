"""The tables of the guide on devices: what healing a base costs and gives, and what its layers cost.

In: `results/{healing,sensitivity}.json`. Out: Markdown.
"""

from typing import Any

Json = dict[str, Any]


def healing_table(result: Json) -> dict[str, str]:
    """Return the Markdown of the table by its marker's name."""
    machine, rows = result["machine"], result["recipes"]
    given = rows[0]["perplexity_float"]
    where = f"{machine['cores']} cores ({machine['processor']})"
    head = [
        f"The embedded base on {where}, which other work shared; its perplexity in float is {given:.2f}:\n",
        "| recipe | activations | perplexity | change | divergence | processor minutes | memory |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    return {"healing": "\n".join([*head, *map(_row, rows)])}


def _row(row: Json) -> str:
    cells = (
        row["recipe"],
        row["settings"]["compute_dtype"],
        f"{row['perplexity']:.2f}",
        f"{row['loss']:+.1%}".replace("%", " %"),
        f"{row['unseen']:.3f}",
        f"{row['processor_seconds'] / 60:.1f}",
        f"{row['peak_memory_bytes'] / 1e9:.1f} GB",
    )
    return f"| {' | '.join(cells)} |"


LISTED = 10


def sensitivity_table(result: Json) -> dict[str, str]:
    """Return the Markdown of the table by its marker's name: kinds of layers, and the dearest of them."""
    kinds = [(f"all `{kind}`", row) for kind, row in _dearest(result["kinds"])]
    layers = [(f"`{layer}`", row) for layer, row in _dearest(result["layers"])[:LISTED]]
    head = ["| rounded to 4 bits | divergence | 8 bits add |", "| --- | ---: | ---: |"]
    rows = [
        f"| {name} | {row['divergence']:.3f} | {row['extra_bytes'] / 1e6:.2f} MB |"
        for name, row in [("everything", result["all"]), *kinds, *layers]
    ]
    return {"sensitivity": "\n".join([*head, *rows])}


def _dearest(rows: Json) -> list[tuple[str, Json]]:
    return sorted(rows.items(), key=lambda item: -item[1]["divergence"])

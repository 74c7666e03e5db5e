"""The tables of README on routers, from `results/routing.json`."""

from typing import Any

Json = dict[str, Any]


def routing_tables(result: Json) -> dict[str, str]:
    """Return the Markdown of both tables by their markers' names."""
    return {"routing": _kinds(result), "routing-scope": _scope(result)}


def _kinds(result: Json) -> str:
    machine = result["machine"]
    head = [
        f"On {machine['cores']} cores ({machine['processor']}); times of asking on one core:\n",
        "| questions | kind | accuracy | leak-free | ECE | p95 | questions/s | file | training |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    titles = {"clinc150": "CLINC150, 150 intents", "legal": "three codes of law"}
    return "\n".join(
        [*head, *(_kind(title, row) for name, title in titles.items() for row in result.get(name, []))]
    )


def _kind(title: str, row: Json) -> str:
    cells = (
        title,
        f"`{row['name']}`",
        f"{row['accuracy']:.1%} ({row['accuracy_low']:.1%} to {row['accuracy_high']:.1%})",
        f"{row['leak_free_accuracy']:.1%}" if row["leak_free_accuracy"] is not None else "",
        f"{row['ece']:.1%}",
        f"{row['p95_ms']:.2f} ms",
        f"{row['queries_per_second']:,.0f}",
        f"{row['file_bytes'] / 1e6:.1f} MB",
        f"{row['train_seconds']:.0f} s",
    )
    return f"| {' | '.join(cells)} |"


def _scope(result: Json) -> str:
    titles = {"clinc150": "none", "examples": "100"}
    rows = [
        _outside(title, row)
        for name, title in titles.items()
        for row in result.get(name, [])
        if row["out_of_scope"] and row["out_of_scope"]["own_recall"] is not None
    ]
    head = [
        "| examples | kind | AUROC | recall at a 4 % loss | own threshold: recall | rejected | accuracy |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *rows])


def _outside(title: str, row: Json) -> str:
    scope = row["out_of_scope"]
    shares = (scope[name] for name in ("recall", "own_recall", "own_loss", "own_accuracy"))
    cells = (title, f"`{row['name']}`", f"{scope['auroc']:.3f}", *(f"{share:.1%}" for share in shares))
    return f"| {' | '.join(cells)} |"

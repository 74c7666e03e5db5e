"""The table of the guide on routers: what learning from more than questions is worth.

From `results/router_text.json`.
"""

from typing import Any

Json = dict[str, Any]
_TITLES = {
    "demo": "demo library, 3 domains",
    "brochures": "brochures on mental health, 5 domains",
    "articles": "articles of an encyclopedia, questions by people",
    "law": "three codes of law",
    "intents": "CLINC150, 150 intents",
}


def router_text_table(result: Json) -> dict[str, str]:
    """Return the Markdown of the table by its marker's name."""
    head = [
        "| questions | training questions a domain | kind | learned from | accuracy | gain | ECE |",
        "| --- | ---: | --- | --- | ---: | ---: | ---: |",
    ]
    rows = [
        _row(name, one, kind, variant, figures)
        for name, one in result.items()
        if name != "machine"
        for kind, variants in one["kinds"].items()
        for variant, figures in sorted(variants.items(), key=lambda item: (item[0] != "questions", item[0]))
    ]
    return {"router-text": "\n".join([*head, *rows])}


def _row(name: str, one: Json, kind: str, variant: str, figures: Json) -> str:
    low, high = (f"{100 * end:+.1f}" for end in figures["gain_interval"])
    gain = "" if variant == "questions" else f"{100 * figures['gain']:+.1f} ({low} to {high})"
    cells = (
        _TITLES[name.partition("-")[0]],
        f"{one['each']:,}",
        f"`{kind}`",
        variant.replace("passages", "answers") if name.startswith("law") else variant,
        f"{figures['accuracy']:.1%}",
        gain,
        f"{figures['ece']:.1%}",
    )
    return f"| {' | '.join(cells)} |"

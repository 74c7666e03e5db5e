"""The table of the benchmark `book`: results in, Markdown out."""

from typing import Any

Json = dict[str, Any]


def book_table(result: Json) -> dict[str, str]:
    """Return what was measured beside what is to be reached."""
    rows = [
        *(_expert(name, found) for name, found in result["recall"].items()),
        *(_facts(name, found) for name, found in result["recall"].items()),
        *(_router(name, found) for name, found in result["router"].items()),
    ]
    lines = [f"| {name} | {value} | {bound} |" for name, value, bound in rows]
    return {"book": "\n".join(["| | measured | to reach |", "| --- | ---: | ---: |", *lines])}


def _expert(name: str, found: Json) -> tuple[str, str, str]:
    low, high = found["interval"]
    ratio = f"{found['to_generalist']:.2f} ({low:.2f} to {high:.2f})"
    return f"recall, {name}: perplexity, times the generalist's", ratio, "below 1 as a whole"


def _facts(name: str, found: Json) -> tuple[str, str, str]:
    facts = found["key_facts"]
    shares = f"{facts['expert']:.0%} and {facts['base']:.0%}"
    return f"recall, {name}: key facts right, expert and base", shares, "1.5 times the base"


def _router(name: str, found: Json) -> tuple[str, str, str]:
    least = {"recall": "80 %", "transfer": "70 %"}[name]
    value = f"{found['accuracy']:.1%}, {found['ece']:.1%}"
    return f"router, {name}: accuracy and calibration error", value, f"at least {least}, at most 8 %"

"""Tell whether two artifacts folders hold the same results: `python -m benchmarks.same BEFORE AFTER`.

In: two folders in each of which the same configuration ran. Out: one row a stage, and exit code 1 where one
differs. Digests must be equal; of the evaluation, whose file holds times and may gain fields, every
value that the first has must be in the second, times and settings apart.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

TIMED = ("latency", "memory", "_per_second", "_ms", "seconds", "peak_bytes")
"""Parts of the names of figures that differ from run to run."""


def differing(before: object, after: object, place: str = "") -> Iterator[str]:
    """Yield each place where a value of `before` is missing or another in `after`, times apart."""
    if place == "settings" or any(part in place.rpartition(".")[2] for part in TIMED):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            where = f"{place}.{name}".lstrip(".")
            if name not in after:
                yield f"{where}: gone"
            else:
                yield from differing(value, after[name], where)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differing(one, other, f"{place}[{number}]")
    elif before != after:
        yield f"{place}: {before} -> {after}"


def _digests(home: Path) -> dict[tuple[str, str], str]:
    report = json.loads((home / "runs" / "latest" / "report.json").read_text(encoding="utf-8"))
    return {(row["stage"], row["domain"]): row["digest"] for row in report["stages"]}


def _evaluation(home: Path, digest: str) -> dict[str, object]:
    path = home / "store" / "evalreport" / digest / "data" / "evaluation.json"
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


def main(
    before: Annotated[Path, typer.Argument(help="An artifacts folder.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
) -> None:
    """Compare the newest run of both folders."""
    old, new = _digests(before), _digests(after)
    table, same = Table("stage", "domain", "result"), True
    for label in old | new:
        problems = [] if old.get(label) == new.get(label) else [f"{old.get(label)} -> {new.get(label)}"]
        if label[0] == "evaluate" and label in old and label in new:
            found = (_evaluation(before, old[label]), _evaluation(after, new[label]))
            problems = list(differing(*found))
        table.add_row(*label, "\n".join(problems) or "same")
        same = same and not problems
    Console(soft_wrap=True).print(table)
    sys.exit(not same)


if __name__ == "__main__":
    typer.run(main)

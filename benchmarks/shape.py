"""Measure the shape of the code: source files in, a table out.

`python -m benchmarks.shape [ROOT ...]` puts several checkouts side by side. A file's importers are the other
product files that import it or a name from it; a package's `__init__.py` counts as a file and as no importer.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

PACKAGES = ("flows", "tasks", "serving")
PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Shape:
    """What one checkout measures."""

    files: int
    median_lines: float
    longest_file: str
    longest_lines: int
    functions: int
    median_function: float
    ninth_function: float
    """Nine in ten functions have at most so many lines."""
    one_importer: int
    shared_names: tuple[str, ...]
    """Base names that stand in two or more folders."""


def measure(root: Path) -> Shape:
    """Return the shape of the product's packages below `root`."""
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    sources = {_module(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}
    trees = {name: ast.parse(source) for name, source in sources.items()}
    lines = {name: len(source.splitlines()) for name, source in sources.items()}
    longest = max(lines, key=lines.__getitem__)
    functions = [size for tree in trees.values() for size in _function_lines(tree)]
    importers = _importers(trees)
    names = Counter(path.name for path in paths if path.name != "__init__.py")
    return Shape(
        files=len(paths),
        median_lines=median(lines.values()),
        longest_file=longest.replace(".", "/") + ".py",
        longest_lines=lines[longest],
        functions=len(functions),
        median_function=median(functions),
        ninth_function=quantiles(functions, n=10)[-1],
        one_importer=sum(len(found) == 1 for found in importers.values()),
        shared_names=tuple(sorted(name for name, count in names.items() if count > 1)),
    )


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _function_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.end_lineno - node.lineno + 1


def _importers(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in trees}
    for importer, tree in trees.items():
        for node in ast.walk(tree):
            for name in _imported(node):
                if name in found and name != importer:
                    found[name].add(importer)
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def table(shapes: Mapping[str, Shape]) -> Table:
    """Return one column a checkout."""
    shown = Table("", *shapes)
    found = list(shapes.values())
    shown.add_row("product files", *(f"{one.files}" for one in found))
    shown.add_row("lines of a file, median", *(f"{one.median_lines:.0f}" for one in found))
    shown.add_row("longest file", *(f"{one.longest_lines} ({one.longest_file})" for one in found))
    shown.add_row("functions", *(f"{one.functions}" for one in found))
    shown.add_row("lines of a function, median", *(f"{one.median_function:.0f}" for one in found))
    shown.add_row("lines of a function, nine in ten", *(f"{one.ninth_function:.0f}" for one in found))
    shown.add_row("files with one importer", *(f"{one.one_importer}" for one in found))
    shown.add_row("base names in several folders", *(f"{len(one.shared_names)}" for one in found))
    return shown


def main(
    roots: Annotated[list[Path] | None, typer.Argument(help="Checkouts; none: this one.")] = None,
) -> None:
    """Print the shape of each checkout."""
    shapes = {str(root): measure(root) for root in roots or [PROJECT]}
    console = Console()
    console.print(table(shapes))
    for name, shape in shapes.items():
        console.print(f"{name}: in several folders: {', '.join(shape.shared_names)}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)

"""A domain small enough to learn in a few seconds, and a workspace for each run on it."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tasks.kernel.workspace import Progress, Workspace, silent
from tasks.records.dataset import Example
from tasks.records.files import write_records

MakeWorkspace = Callable[..., Workspace]


def write_numbers(folder: Path, splits: Mapping[str, Iterable[int]]) -> Path:
    """Write a question and its answer for every number of a split."""
    for split, numbers in splits.items():
        examples = (
            Example(id=str(n), question=f"What is {n}?", answer=f"It is the number {n}.", teacher="test")
            for n in numbers
        )
        write_records(folder / f"{split}.jsonl", examples)
    return folder


def workspaces(folder: Path) -> MakeWorkspace:
    """Return what makes a workspace below `folder`, or finds the one of that name again."""

    def make(name: str = "run", progress: Progress = silent) -> Workspace:
        folders = folder / name / "out", folder / name / "scratch"
        for one in folders:
            one.mkdir(parents=True, exist_ok=True)
        return Workspace(*folders, progress)

    return make

"""Tell the terminal of a run how its stages stand.

In: a stage's label and what is new of it. Out: records of the logger `pocketmoe.progress`, which
whoever shows the run takes in.
"""

import logging
from collections.abc import Mapping

Progress = Mapping[str, float | str]

PROGRESS = logging.getLogger("pocketmoe.progress")
"""Carries live progress as records with the fields `label` and `progress`."""


def announce(label: str, **progress: float | str) -> None:
    """Tell the terminal a stage's `state`, a `note`, or how far it is."""
    PROGRESS.info("", extra={"label": label, "progress": progress})


def describe_progress(progress: Progress) -> str:
    """Return one line such as `12 of 40 steps, loss 2.31`."""
    head = f"{progress['done']:.0f} of {progress['total']:.0f} {progress['unit']}"
    extras = [
        f"{name} {value:.4g}" for name, value in progress.items() if name not in {"done", "total", "unit"}
    ]
    return ", ".join([head, *extras])

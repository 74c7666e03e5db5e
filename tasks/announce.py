"""Tell the terminal of a run how its stages stand.

In: a stage's label and what is new of it. Out: records of the logger `pocketmoe.progress`, which
whoever shows the run takes in.
"""

import logging
from collections.abc import Mapping

Progress = Mapping[str, float | str]
"""`done`, `total` and `unit`, with a rate and the time left where they are known, and live metrics."""

RATE = "per_second"
LEFT = "seconds_left"
_PLACE = frozenset({"done", "total", "unit", RATE, LEFT})
_MINUTE = 60
_HOUR = 3600
_DAY = 24 * _HOUR

PROGRESS = logging.getLogger("pocketmoe.progress")
"""Carries live progress as records with the fields `label` and `progress`."""


def announce(label: str, **progress: float | str) -> None:
    """Tell the terminal a stage's `state`, a `note`, or how far it is."""
    PROGRESS.info("", extra={"label": label, "progress": progress})


def describe_progress(progress: Progress) -> str:
    """Return one line such as `12 of 40 steps, 3.2 a minute, 9 min left, loss 2.31`."""
    head = f"{progress['done']:.0f} of {progress['total']:.0f} {progress['unit']}"
    pace = [_rate(float(progress[RATE])), f"{_span(float(progress[LEFT]))} left"] if RATE in progress else []
    extras = [f"{name} {value:.4g}" for name, value in progress.items() if name not in _PLACE]
    return ", ".join([head, *pace, *extras])


def _rate(per_second: float) -> str:
    for unit, seconds in (("a second", 1), ("a minute", _MINUTE), ("an hour", _HOUR)):
        if per_second * seconds >= 1:
            return f"{_two_digits(per_second * seconds)} {unit}"
    return f"{_two_digits(per_second * _DAY)} a day"


def _two_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004


def _span(seconds: float) -> str:
    """Return a time in words: its two greatest units where the smaller one matters."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    hours, minutes = divmod(round(seconds / _MINUTE), _MINUTE)
    return f"{hours} h {minutes} min"

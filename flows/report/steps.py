"""The way of one domain's pairs, step by step: a funnel in, bars for the page out.

Bars hang from each other: what a step loses begins where the next one ends.
"""

from dataclasses import dataclass
from typing import Literal

from flows.report import words
from flows.report.figures import Funnel


@dataclass(frozen=True)
class Step:
    """One row of the funnel."""

    label: str
    count: int
    kind: Literal["there", "lost", "kept"]
    offset: float
    width: float
    """Per cent of the longest bar."""


def steps(funnel: Funnel) -> list[Step]:
    """Return the steps from planned to kept; losses of nothing are left out."""
    rows = [row for row in _rows(funnel) if row[1] or row[2] != "lost"]
    longest = max((count for _, count, _ in rows), default=0) or 1
    found, level = [], 0
    for label, count, kind in rows:
        level = level - count if kind == "lost" else count
        start = max(0, level) if kind == "lost" else 0
        found.append(Step(label, count, kind, 100 * start / longest, 100 * count / longest))
    return found


def _rows(funnel: Funnel) -> list[tuple[str, int, Literal["there", "lost", "kept"]]]:
    rows: list[tuple[str, int, Literal["there", "lost", "kept"]]] = []
    if funnel.not_asked:
        rows += [("planned", funnel.planned or 0, "there"), ("left by the budget", funnel.not_asked, "lost")]
    rows.append(("asked for", funnel.asked or 0, "there"))
    rows.append(("no reply", funnel.no_reply or 0, "lost"))
    rows.append(("returned", funnel.returned or 0, "there"))
    rows.append(("not readable", funnel.unread or 0, "lost"))
    rows.append(("parsed", funnel.parsed or 0, "there"))
    given = (funnel.examples or 0) + (funnel.restored or 0)
    if given:
        rows.append(("with those given", (funnel.parsed or 0) + given, "there"))
    reasons = sorted(funnel.rejected.items(), key=lambda item: (-item[1], item[0]))
    rows += [(words.said(reason), count, "lost") for reason, count in reasons]
    return [*rows, ("kept", funnel.kept or 0, "kept")]

"""Collect the teacher's replies, with a checkpoint after each group of passages.

In: a plan and a teacher. Out: drafts in the order of the plan. A group is one line of the
checkpoint file, and its seed is its number, so a killed run loses at most one group and
what it writes afterwards is what it would have written anyway.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from tasks.generate.asking import Ask, Plan
from tasks.records import Record, append_records, read_records

CHECKPOINT = "drafts.jsonl"


class Draft(Record):
    """What the teacher answered to one ask."""

    passage: str
    answer: str
    opening: str
    reply: str


class Group(Record):
    """The drafts of a few passages, written at once."""

    number: int
    drafts: list[Draft]


class AskTeacher(Protocol):
    """Writes questions."""

    def __call__(self, asks: Sequence[Ask], seed: int, report: Callable[[int], None]) -> list[str]:
        """Return one reply an ask, in order; call `report` with the number of replies after each batch."""


def collect_drafts(
    plan: Plan,
    make_teacher: Callable[[], AskTeacher],
    seed: int,
    scratch: Path,
    report: Callable[[list[Draft], int], None],
) -> list[Draft]:
    """Return a draft for each ask of `plan`, reading those that `scratch` holds already.

    The teacher is made only where something is left to ask. `report` gets the finished
    drafts and the number of replies so far, those of the unfinished group included.
    """
    path = scratch / CHECKPOINT
    finished = _finished(path)
    drafts = [draft for group in finished for draft in group.drafts]
    if len(finished) == len(plan.groups):
        return drafts
    teacher = make_teacher()
    for number, asks in enumerate(plan.groups[len(finished) :], len(finished)):
        replies = teacher(asks, seed + number, lambda written: report(drafts, len(drafts) + written))
        group = [_draft(ask, reply) for ask, reply in zip(asks, replies, strict=True)]
        append_records(path, [Group(number=number, drafts=group)])
        drafts.extend(group)
        report(drafts, len(drafts))
    return drafts


def _finished(path: Path) -> list[Group]:
    """Read the checkpoint, after cutting off the line that a killed run left half-written."""
    if not path.is_file():
        return []
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return read_records(path, Group)


def _draft(ask: Ask, reply: str) -> Draft:
    return Draft(passage=ask.passage, answer=ask.answer, opening=ask.opening, reply=reply)

"""Collect the teacher's replies, with a checkpoint after each group of passages.

In: a plan and a teacher. Out: drafts in the order of the plan. A group is one line of the
checkpoint file, and its seed is its number, so a killed run loses at most one group and
what it writes afterwards is what it would have written anyway.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from tasks.generate.asking import Plan
from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import Ask, Draft
from tasks.generate.teachers import make_teacher
from tasks.records import Record, append_records, read_records
from tasks.workspace import Workspace

CHECKPOINT = "drafts.jsonl"


class Group(Record):
    """The drafts of a few passages, written at once."""

    number: int
    drafts: list[Draft]


@dataclass(frozen=True)
class Drafted:
    """What was asked and answered."""

    drafts: list[Draft]
    seconds: float = 0.0
    """Time of asking, that of killed attempts included."""
    stopped_by: str = ""
    """The limit of the budget that ended it early; empty: everything was asked."""


def collect_drafts(plan: Plan, config: GenerateConfig, folder: Path | None, work: Workspace) -> Drafted:
    """Return a draft for each ask of `plan`, reading those that are there already.

    The teacher is made only where something is left to ask.
    """
    path = work.scratch / CHECKPOINT
    finished = _finished(path)
    drafts = [draft for group in finished for draft in group.drafts]
    if len(finished) == len(plan.groups):
        return Drafted(drafts)
    asks: list[Ask] = [ask for group in plan.groups for ask in group]
    teacher = make_teacher(config.teacher, folder, asks)

    def report(written: int) -> None:
        work.progress(len(drafts) + written, len(asks), "questions")

    for number, group_asks in enumerate(plan.groups[len(finished) :], len(finished)):
        replies = teacher(group_asks, config.seed + number, report)
        group = [Draft(ask=ask, reply=reply) for ask, reply in zip(group_asks, replies, strict=True)]
        append_records(path, [Group(number=number, drafts=group)])
        drafts.extend(group)
        report(0)
    return Drafted(drafts)


def _finished(path: Path) -> list[Group]:
    """Read the checkpoint, after cutting off the line that a killed run left half-written."""
    if not path.is_file():
        return []
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return read_records(path, Group)

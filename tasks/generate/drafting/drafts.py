"""Collect the teacher's replies: those that any run has asked for already, and the rest from the teacher.

In: a plan and a teacher. Out: drafts in the order of the plan. The passages of a group are asked
together and kept at once, so a killed run loses at most one group, and a changed check, threshold
or benchmark file, or a new document, asks only what was never asked.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from tasks.generate.config import GenerateConfig
from tasks.generate.drafting.budgets import Spent, reached, spent_on
from tasks.generate.drafting.groups import AnsweredGroup, group_seed, read_group, write_group
from tasks.generate.pairs import Ask, Draft, RequestLimitError
from tasks.generate.questions.asking import Plan
from tasks.generate.teachers.making import AskTeacher, make_teacher
from tasks.kernel.workspace import Workspace
from tasks.records.corpus import Passage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DraftingResult:
    """What was asked and answered."""

    drafts: list[Draft]
    seconds: float = 0.0
    """Time of asking for these drafts, whichever run it was that asked."""
    stopped_by: str = ""
    """The limit that ended it early, such as `30 minutes`; empty: everything was asked."""


def collect_drafts(
    plan: Plan,
    passages: Mapping[str, Passage],
    config: GenerateConfig,
    folder: Path | None,
    work: Workspace,
) -> DraftingResult:
    """Return a draft for each ask of `plan`, or for as many as the budget allows.

    The teacher is made only where something is left to ask.
    """
    answered, stopped = _Collection(plan, passages, config, folder, work).collect()
    drafts = [draft for group in answered for draft in group.drafts]
    if stopped:
        logger.warning(
            "stopped by the budget of %s: %d of %d passages asked;"
            " raise it and run again: what is asked is kept",
            stopped,
            _passages(draft.ask for draft in drafts),
            _passages(ask for group in plan.groups for ask in group),
        )
    return DraftingResult(drafts, sum(group.seconds for group in answered), stopped)


@dataclass(frozen=True)
class _Collection:
    """One pass over the groups of a plan."""

    plan: Plan
    passages: Mapping[str, Passage]
    config: GenerateConfig
    folder: Path | None
    work: Workspace

    def collect(self) -> tuple[list[AnsweredGroup], str]:
        """Return the groups in order, and the limit that kept some of them out.

        The data set holds groups up to its budget, whoever asked them; and nothing is asked once all
        that this plan has cost so far, wherever it stands in the plan, is as much as the budget.
        """
        known = [self._read(asks) for asks in self.plan.groups]
        paid = sum((self._spent(group) for group in known if group), Spent())
        held, answered, stopped = Spent(), list[AnsweredGroup](), ""
        for asks, there in zip(self.plan.groups, known, strict=True):
            if limit := reached(self.config.budget, held):
                return answered, limit
            group = there
            if group is None and not stopped:
                group, stopped = self._ask(asks, paid)
                if group is not None:
                    paid += self._spent(group)
                    self._tell(paid)
            if group is not None:
                answered.append(group)
                held += self._spent(group)
        return answered, stopped

    def _ask(self, asks: Sequence[Ask], paid: Spent) -> tuple[AnsweredGroup | None, str]:
        """Return the replies to a group, or the limit that forbids to ask for them."""
        if limit := reached(self.config.budget, replace(paid, pairs=0)):
            return None, limit

        teacher = self._teacher
        self._tell(paid)
        seed, start = self._seed(asks), time.monotonic()
        try:
            replies = teacher(asks, seed, partial(self._tell, paid))
        except RequestLimitError as error:
            return None, str(error)
        return write_group(self._place, asks, seed, replies, time.monotonic() - start), ""

    def _tell(self, paid: Spent, written: int = 0) -> None:
        unit = "questions" if self.config.teacher.mode == "answer_first" else "prompts"
        self.work.progress(
            paid.asks + written, self.plan.asked, unit, passages=paid.passages, pairs=paid.pairs
        )

    def _read(self, asks: Sequence[Ask]) -> AnsweredGroup | None:
        return (
            read_group(self._place, asks, self._seed(asks)) if asks else AnsweredGroup(drafts=[], seconds=0)
        )

    def _seed(self, asks: Sequence[Ask]) -> int:
        return group_seed(self.config.seed, asks)

    def _spent(self, group: AnsweredGroup) -> Spent:
        return spent_on(group, self.config.teacher, self.passages)

    @cached_property
    def _teacher(self) -> AskTeacher:
        return make_teacher(self.config.teacher, self.folder)

    @property
    def _place(self) -> Path:
        return self.work.reuse or self.work.scratch


def _passages(asks: Iterable[Ask]) -> int:
    return len({ask.passage for ask in asks})

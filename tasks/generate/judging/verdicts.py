"""Let a model judge each pair that the rules let through.

In: candidates, their passages, a judge's config and folder. Out: the same candidates, those that the model
doubts with a reason and its probability. The probabilities of a batch are one line of a checkpoint file,
named by the digest of the pairs: a killed run asks about nothing twice, and a torn line costs one batch.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, assert_never

from tasks.generate.config import EntailmentJudge, TeacherJudge
from tasks.generate.judging.grounding import Evidence
from tasks.generate.judging.judge_input import JudgeQuestion
from tasks.kernel.workspace import Workspace
from tasks.records.dataset import Candidate, Example
from tasks.records.files import Record, append_records, read_records

CHECKPOINT = "verdicts.jsonl"


class PairJudge(Protocol):
    """Tells how probable it is that passages support pairs."""

    def __call__(self, questions: Sequence[JudgeQuestion]) -> list[float]:
        """Return one probability a question."""


class JudgedBatch(Record):
    """The probabilities of one batch."""

    digest: str
    probabilities: list[float]


def refuse_by_model(
    candidates: Sequence[Candidate],
    evidence_of: Callable[[str], Evidence],
    config: EntailmentJudge | TeacherJudge,
    folder: Path | None,
    work: Workspace,
) -> list[Candidate]:
    """Refuse pairs with a passage whose probability is below the threshold of `config`."""
    places = [at for at, one in enumerate(candidates) if not one.reason and one.example.passage]
    examples = [candidates[at].example for at in places]
    batches = [examples[at : at + config.batch_size] for at in range(0, len(examples), config.batch_size)]
    path = work.scratch / CHECKPOINT
    known = _read_whole(path)
    judge = make_judge(config, folder) if any(_digest(batch) not in known for batch in batches) else None
    found: list[float] = []
    for batch in batches:
        digest = _digest(batch)
        if judge and digest not in known:
            questions = [JudgeQuestion(evidence_of(one.passage).sentences, one) for one in batch]
            known[digest] = judge(questions)
            append_records(path, [JudgedBatch(digest=digest, probabilities=known[digest])])
        found += known[digest]
        work.progress(len(found), len(examples), "pairs judged")
    verdicts = dict(zip(places, found, strict=True))
    reason = "not_entailed" if config.kind == "entailment" else "judged_wrong"
    return [
        one.model_copy(update={"reason": reason, "detail": f"probability {verdicts[at]:.2f}"})
        if verdicts.get(at, 1.0) < config.threshold
        else one
        for at, one in enumerate(candidates)
    ]


def make_judge(config: EntailmentJudge | TeacherJudge, folder: Path | None) -> PairJudge:
    """Return the judge; raise ModelError where `folder` holds no fitting model."""
    if folder is None:
        raise ValueError("a judge with a model needs the input `judge`")
    match config:
        case EntailmentJudge():
            from tasks.generate.judging.entailment import EntailmentModel

            return EntailmentModel(folder)
        case TeacherJudge():
            from tasks.generate.judging.yes_no import YesNoModel

            return YesNoModel(folder)
        case _:
            assert_never(config)


def _read_whole(path: Path) -> dict[str, list[float]]:
    """Read the checkpoint, after cutting off the line that a killed run left half-written."""
    if not path.is_file():
        return {}
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return {batch.digest: batch.probabilities for batch in read_records(path, JudgedBatch)}


def _digest(batch: Sequence[Example]) -> str:
    asked = "\n".join(one.model_dump_json(include={"passage", "question", "answer"}) for one in batch)
    return hashlib.sha256(asked.encode()).hexdigest()

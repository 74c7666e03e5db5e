"""Turn a corpus into questions and answers.

In: `corpus` (passages and ready-made examples) and, for a teacher with a model, `teacher`
(its folder). Out: `train.jsonl`, `validation.jsonl`, `test.jsonl` and `funnel.json`, which
accounts for every sentence and example from the corpus to the splits.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tasks.errors import DataError, UnsupportedError
from tasks.generate.asking import Plan, plan_asks
from tasks.generate.config import GenerateConfig, ScriptedTeacher
from tasks.generate.drafts import Draft, collect_drafts
from tasks.generate.filters import question_of, rejection
from tasks.generate.splitting import draw_splits, drop_duplicates, drop_leaks
from tasks.generate.teachers import make_teacher
from tasks.records import SPLITS, Example, Passage, read_records, write_json, write_records
from tasks.workspace import Inputs, Metrics, Workspace

logger = logging.getLogger(__name__)

Written = tuple[Draft, str, str | None]
"""A draft, its question, and why the pair is refused."""


def run(inputs: Inputs, config: GenerateConfig, work: Workspace) -> Metrics:
    """Write the pairs of one domain; raise DataError where too few are worth keeping."""
    if refused := config.refusals():
        raise UnsupportedError("\n".join(refused))
    passages = read_records(inputs["corpus"] / "passages.jsonl", Passage)
    ready = read_records(inputs["corpus"] / "examples.jsonl", Example)
    guided = not isinstance(config.teacher, ScriptedTeacher) and config.teacher.guided
    plan = plan_asks(passages, config, guided=guided)
    drafts = _ask(plan, config, inputs.get("teacher"), work)
    written = _read_questions(drafts)
    rejected = Counter(reason for _, _, reason in written if reason)
    pairs = _examples(written, passages, config.teacher.name)
    kept = _select([*pairs, *ready], rejected, config, passages)
    counts: dict[str, int] = {
        "passages": plan.passages,
        "sentences": plan.sentences,
        "asked": len(drafts),
        "returned": sum(bool(draft.opening + draft.reply) for draft in drafts),
        "parsed": len(written),
        "examples": len(ready),
        "kept": len(kept),
    }
    for split in SPLITS:
        part = [example for example in kept if example.split == split]
        counts[split] = write_records(work.out / f"{split}.jsonl", part)
    write_json(work.out / "funnel.json", {**counts, "rejected": rejected, "skipped": plan.skipped})
    return {**counts, **{f"rejected_{reason}": count for reason, count in sorted(rejected.items())}}


def _ask(plan: Plan, config: GenerateConfig, folder: Path | None, work: Workspace) -> list[Draft]:
    asks = [ask for group in plan.groups for ask in group]
    logger.info("%d of %d sentences are asked about", len(asks), plan.sentences)

    def report(drafts: Sequence[Draft], replies: int) -> None:
        pairs = sum(reason is None for _, _, reason in _read_questions(drafts))
        work.progress(replies, len(asks), "questions", pairs=pairs)

    return collect_drafts(
        plan, lambda: make_teacher(config.teacher, folder, asks), config.seed, work.scratch, report
    )


def _read_questions(drafts: Sequence[Draft]) -> list[Written]:
    """Return the drafts that hold a question, with the reason where it is refused."""
    questions = ((draft, question_of(draft)) for draft in drafts)
    return [(draft, text, rejection(text, draft.answer)) for draft, text in questions if text]


def _examples(written: Sequence[Written], passages: Sequence[Passage], teacher: str) -> list[Example]:
    by_id = {passage.id: passage for passage in passages}
    numbers: Counter[str] = Counter()
    examples = []
    for draft, question, reason in written:
        numbers[draft.passage] += 1
        if reason is None:
            passage = by_id[draft.passage]
            examples.append(
                Example(
                    id=f"{passage.id}-{numbers[passage.id]:02d}",
                    question=question,
                    answer=draft.answer,
                    passage=passage.id,
                    document=passage.document,
                    pages=passage.pages,
                    teacher=teacher,
                )
            )
    return examples


def _select(
    examples: Sequence[Example], rejected: Counter[str], config: GenerateConfig, passages: Sequence[Passage]
) -> list[Example]:
    """Drop what repeats or leaks, draw the splits and count each refusal in `rejected`."""
    distinct, reasons = drop_duplicates(examples, config)
    rejected.update(reasons)
    _require(len(distinct), config, passages)
    kept, leaks = drop_leaks(draw_splits(distinct, config), config)
    if leaks:
        rejected["leaks_to_held_out"] = leaks
    _require(len(kept), config, passages)
    return kept


def _require(pairs: int, config: GenerateConfig, passages: Sequence[Passage]) -> None:
    if pairs < config.min_pairs:
        sources = ", ".join(sorted({passage.document for passage in passages})) or "the data set"
        raise DataError(
            f"{sources}: {pairs} question-answer pairs are too few (`min_pairs` is {config.min_pairs});"
            " add documents or a data set to this domain, or lower `min_pairs` and `min_test_pairs`"
        )

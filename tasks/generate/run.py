"""Turn a corpus into questions and answers.

In: `corpus` (passages and ready-made examples), for a teacher with a model `teacher`, for a judge
with a model `judge`, and optionally `review` (a review file) and `benchmark/<name>` (files whose
questions must stay out of training). Out: `train.jsonl`, `validation.jsonl`, `test.jsonl`,
`candidates.jsonl` (every pair and what became of it), `funnel.json`, `coverage.json` (every page),
`samples.json` (pairs to read) and `README.md`, the data-set card.
"""

import logging
from collections.abc import Sequence

from tasks.generate.account.page_coverage import read_sources
from tasks.generate.account.tallies import Account
from tasks.generate.account.write import write_dataset
from tasks.generate.config import GenerateConfig
from tasks.generate.drafting.drafts import collect_drafts
from tasks.generate.judging.judge import judge_pairs
from tasks.generate.pairs import candidates_of
from tasks.generate.questions.asking import plan_asks
from tasks.generate.questions.subject_naming import name_subjects
from tasks.generate.questions.unwritten import require_written, unwritten_language
from tasks.generate.review.apply import apply_reviews, read_decisions
from tasks.generate.selection.select import select_pairs
from tasks.generate.teachers.parsing import parse_drafts
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example
from tasks.records.files import read_records
from tasks.records.reviewed_pairs import finder

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: GenerateConfig, work: Workspace) -> Metrics:
    """Write the pairs of one domain; raise DataError where too few are worth keeping."""
    passages = {passage.id: passage for passage in read_records(inputs["corpus"] / "passages.jsonl", Passage)}
    ready = read_records(inputs["corpus"] / "examples.jsonl", Example)
    decisions = read_decisions(inputs.get("review"))
    plan = plan_asks(list(passages.values()), config)
    logger.info("%d of %d sentences are asked about", plan.asked, plan.sentences)
    require_written(list(passages.values()), plan.asked, len(ready), config)
    drafted = collect_drafts(plan, passages, config, inputs.get("teacher"), work)
    parsed = parse_drafts(drafted.drafts, passages, config.teacher)
    judged = judge_pairs(
        parsed.candidates,
        passages,
        config.judging,
        inputs.get("judge"),
        work,
        answers_given=config.teacher.mode == "answer_first",
    )
    if config.decontextualize and config.judging.language == "en":
        judged = name_subjects(judged, passages, finder(decisions, passages))
    reviewed = apply_reviews([*judged, *candidates_of(ready)], decisions, passages)
    chosen = _selected(reviewed, list(passages.values()), config, inputs)
    account = Account(plan=plan, drafted=drafted, parsed=parsed, ready=len(ready), candidates=chosen)
    texts = list(passages.values())
    return write_dataset(work.out, account, texts, read_sources(inputs["corpus"], texts), config)


def _selected(
    candidates: Sequence[Candidate], passages: Sequence[Passage], config: GenerateConfig, inputs: Inputs
) -> list[Candidate]:
    """Return the candidates with splits; where they are too few, the language may be why."""
    try:
        return select_pairs(candidates, config, inputs)
    except DataError as error:
        if cause := unwritten_language(passages, config):
            raise DataError(f"{error}. {cause}") from error
        raise

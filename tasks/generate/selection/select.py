"""Choose among the pairs of a domain: each thing once, nothing contradicted, nothing on two sides.

In: candidates. Out: the same candidates, each with a split or the reason why it has none. How a candidate
came here makes no difference but one: of two that exclude each other, the one that a person has read stays.
"""

import logging
from collections.abc import Sequence

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import kept
from tasks.generate.selection.contradictions import drop_contradictions
from tasks.generate.selection.decontamination import drop_benchmarks, drop_leaks
from tasks.generate.selection.deduplication import drop_duplicates
from tasks.generate.selection.precedence import REVIEWED, precedence
from tasks.generate.selection.splitting import draw_splits
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, domain_inputs
from tasks.records.dataset import Candidate

logger = logging.getLogger(__name__)


def select_pairs(candidates: Sequence[Candidate], config: GenerateConfig, inputs: Inputs) -> list[Candidate]:
    """Return the candidates with splits.

    Raises DataError where too few pairs or passages are left, or where a benchmark cannot be read.
    """
    clean = drop_benchmarks(candidates, domain_inputs(inputs, "benchmark"), config)
    agreed = drop_contradictions(clean, config.min_answer_words)
    distinct = drop_duplicates(agreed, config)
    _require_enough(distinct, config)
    chosen = drop_leaks(_placed(distinct, config), config)
    _tell_of_reviewed(candidates, chosen)
    _require_enough(chosen, config)
    return chosen


def _placed(candidates: Sequence[Candidate], config: GenerateConfig) -> list[Candidate]:
    drawn = iter(draw_splits(kept(candidates), config))
    return [one if one.reason else one.model_copy(update={"example": next(drawn)}) for one in candidates]


def _tell_of_reviewed(before: Sequence[Candidate], after: Sequence[Candidate]) -> None:
    for one, other in zip(before, after, strict=True):
        if other.reason and not one.reason and precedence(one) == REVIEWED:
            logger.warning(
                "%s: a reviewed pair is left out: %s %s", one.example.id, other.reason, other.detail
            )


def _require_enough(candidates: Sequence[Candidate], config: GenerateConfig) -> None:
    pairs = len(kept(candidates))
    if pairs < config.min_pairs:
        documents = sorted({candidate.example.document for candidate in candidates} - {""})
        raise DataError(
            f"{', '.join(documents) or 'the data set'}: {pairs} question-answer pairs are too few"
            f" (`min_pairs` is {config.min_pairs}); add documents or a data set to this domain, or lower"
            " `min_pairs` and `min_test_pairs`"
        )

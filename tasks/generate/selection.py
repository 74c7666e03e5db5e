"""Choose among the pairs of a domain: each thing once, nothing on two sides.

In: candidates. Out: the same candidates, each with a split or the reason why it has none.
"""

from collections.abc import Sequence

from tasks.errors import DataError
from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import Candidate, kept
from tasks.generate.splitting import draw_splits, drop_duplicates, drop_leaks
from tasks.workspace import Inputs


def select_pairs(candidates: Sequence[Candidate], config: GenerateConfig, inputs: Inputs) -> list[Candidate]:
    """Return the candidates with splits; raise DataError where too few pairs or passages are left."""
    del inputs
    distinct = drop_duplicates(candidates, config)
    _require_enough(distinct, config)
    splits = {example.id: example for example in draw_splits(kept(distinct), config)}
    placed = [
        candidate if candidate.reason else Candidate(example=splits[candidate.example.id])
        for candidate in distinct
    ]
    chosen = drop_leaks(placed, config)
    _require_enough(chosen, config)
    return chosen


def _require_enough(candidates: Sequence[Candidate], config: GenerateConfig) -> None:
    pairs = len(kept(candidates))
    if pairs < config.min_pairs:
        documents = sorted({candidate.example.document for candidate in candidates} - {""})
        raise DataError(
            f"{', '.join(documents) or 'the data set'}: {pairs} question-answer pairs are too few"
            f" (`min_pairs` is {config.min_pairs}); add documents or a data set to this domain, or lower"
            " `min_pairs` and `min_test_pairs`"
        )

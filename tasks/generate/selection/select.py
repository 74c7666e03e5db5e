"""Choose among the pairs of a domain: each thing once, nothing contradicted, nothing on two sides.

In: candidates. Out: the same candidates, each with a split or the reason why it has none. How a candidate
came here makes no difference but one: of two that exclude each other, the one that a person has read stays.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import kept
from tasks.generate.selection.contradictions import drop_contradictions
from tasks.generate.selection.decontamination import drop_benchmarks, drop_leaks
from tasks.generate.selection.deduplication import drop_duplicates
from tasks.generate.selection.precedence import REVIEWED, precedence
from tasks.generate.selection.recall import hold_out_recall, take_back_untold
from tasks.generate.selection.sharing import shared_sides
from tasks.generate.selection.splitting import HELD_OUT, draw_splits
from tasks.generate.selection.yes_no_share import TOO_MANY, limit_yes_no
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, domain_inputs
from tasks.records.corpus import Passage
from tasks.records.dataset import DRAWN, Candidate, Example, Split
from tasks.records.files import read_records

logger = logging.getLogger(__name__)
LEAKS = {
    "leaks_to_held_out": "resemble held-out ones",
    "in_benchmark": "are in a benchmark",
}
"""Why a training pair is left out although nothing is wrong with it."""


def select_pairs(candidates: Sequence[Candidate], config: GenerateConfig, inputs: Inputs) -> list[Candidate]:
    """Return the candidates with splits.

    Raises DataError where too few pairs or passages are left, too few of them to train on, or too few of
    these because of what is tested; or where a benchmark cannot be read.
    """
    clean = drop_benchmarks(candidates, domain_inputs(inputs, "benchmark"), config)
    agreed = drop_contradictions(clean, config.min_answer_words)
    distinct = drop_duplicates(agreed, config)
    _require_enough(distinct, config)
    # Held-out pairs first, so that nothing is refused for resembling one that goes; training pairs last.
    placed = limit_yes_no(_placed(distinct, config, _sides(config, inputs)), config, HELD_OUT)
    recalled = hold_out_recall(drop_leaks(placed, config), config)
    chosen = take_back_untold(limit_yes_no(recalled, config, DRAWN))
    _tell_of_reviewed(candidates, chosen)
    _require_training(chosen, config)
    _require_enough(chosen, config)
    return chosen


def _sides(config: GenerateConfig, inputs: Inputs) -> dict[str, Split]:
    """Return the splits of what other domains have as well, by passage and example."""
    if config.shared is None:
        return {}
    passages = read_records(inputs["corpus"] / "passages.jsonl", Passage)
    ready = read_records(inputs["corpus"] / "examples.jsonl", Example)
    sides = shared_sides(passages, ready, config.shared)
    logger.warning("%d passages and examples stand in other domains too, on the same side", len(sides))
    return sides


def _placed(
    candidates: Sequence[Candidate], config: GenerateConfig, sides: Mapping[str, Split]
) -> list[Candidate]:
    drawn = iter(draw_splits(kept(candidates), config, sides))
    return [one if one.reason else one.model_copy(update={"example": next(drawn)}) for one in candidates]


def _tell_of_reviewed(before: Sequence[Candidate], after: Sequence[Candidate]) -> None:
    for one, other in zip(before, after, strict=True):
        if other.reason and not one.reason and precedence(one) == REVIEWED:
            logger.warning(
                "%s: a reviewed pair is left out: %s %s", one.example.id, other.reason, other.detail
            )


def _require_training(candidates: Sequence[Candidate], config: GenerateConfig) -> None:
    """Refuse a domain of which what is tested leaves too little to train on; tell of what it takes."""
    lost = Counter(one.reason for one in candidates if one.reason in LEAKS)
    left = sum(not one.reason and one.example.split == "train" for one in candidates)
    every, leaked = left + lost.total(), lost.total()
    reasons = " and ".join(f"{lost[reason]} {said}" for reason, said in LEAKS.items() if lost[reason])
    told = f"{_sources(candidates)}: {left} of {every} training pairs are left"
    told += f", because {reasons}" if leaked else ""
    if leaked > config.max_leaked_share * every:
        raise DataError(
            f"{told}: more than `max_leaked_share` ({config.max_leaked_share:.0%}) is left out; remove what"
            " stands on both sides from the data set, compare less strictly (`judging.leak_similarity`,"
            " `judging.leak_ngram_share`), or raise `max_leaked_share`"
        )
    if left < config.fewest_training_pairs:
        raise DataError(
            f"{told}: `min_training_pairs` is {config.fewest_training_pairs}; {_yes_no(candidates)}add"
            " documents or a data set to this domain, or lower `min_training_pairs`, `test_share` or"
            " `validation_share`"
        )
    if leaked:
        logger.warning("%s", told)


def _sources(candidates: Sequence[Candidate]) -> str:
    documents = sorted({candidate.example.document for candidate in candidates} - {""})
    return ", ".join(documents) or "the data set"


def _require_enough(candidates: Sequence[Candidate], config: GenerateConfig) -> None:
    pairs = len(kept(candidates))
    if pairs < config.min_pairs:
        raise DataError(
            f"{_sources(candidates)}: {pairs} question-answer pairs are too few"
            f" (`min_pairs` is {config.min_pairs}{_refused(candidates)}); {_in_other_language(candidates)}"
            f"{_yes_no(candidates)}add documents or a data set to this domain, or lower `min_pairs` and"
            " `min_test_pairs`"
        )


def _refused(candidates: Sequence[Candidate]) -> str:
    """Return how many pairs are refused for which reasons, the most frequent first."""
    reasons = Counter(one.reason for one in candidates if one.reason).most_common()
    return "; refused: " + ", ".join(f"{count} {reason}" for reason, count in reasons) if reasons else ""


def _in_other_language(candidates: Sequence[Candidate]) -> str:
    """Return what to do about pairs most of which are refused for their language."""
    found = Counter(one.detail for one in candidates if one.reason == "language")
    if 2 * found.total() <= len(candidates):
        return ""
    return f"set `judging.language: {found.most_common()[0][0]}` where that is the language of the pairs, "


def _yes_no(candidates: Sequence[Candidate]) -> str:
    """Return what to do about the yes/no questions that are refused for being too many."""
    found = sum(one.reason == TOO_MANY for one in candidates)
    return f"raise `judging.max_yes_no_share`, which refuses {found} yes/no questions, " if found else ""

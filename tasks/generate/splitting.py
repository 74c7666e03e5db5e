"""Split a domain's pairs into train, validation and test without anything on two sides.

In: pairs. Out: pairs with their split. Whole passages are drawn, never single pairs, and a
training pair that resembles a held-out one is dropped, because a model that has seen the
answer in other words would be praised for memory.
"""

import random
from collections.abc import Iterable, Sequence

from tasks.errors import DataError
from tasks.generate.config import GenerateConfig
from tasks.generate.duplicates import NearDuplicates
from tasks.generate.pairs import Candidate, kept, refuse
from tasks.generate.sentences import WORD
from tasks.records import SPLITS, Example, Split

PLACES = len(SPLITS)


def drop_duplicates(candidates: Sequence[Candidate], config: GenerateConfig) -> list[Candidate]:
    """Refuse near duplicates; of two that resemble each other, the one that a data set holds out stays."""
    questions, answers = _indexes(kept(candidates), config.judging.near_duplicate)
    rank = {"test": 0, "validation": 1}
    judged = list(candidates)
    for number in sorted(range(len(judged)), key=lambda at: rank.get(judged[at].example.split or "", 2)):
        example = judged[number].example
        comparable = _comparable(example.answer, config)
        if judged[number].reason:
            continue
        if example.question in questions:
            judged[number] = judged[number].model_copy(update={"reason": "duplicate_question"})
        elif comparable and example.answer in answers:
            judged[number] = judged[number].model_copy(update={"reason": "duplicate_answer"})
        else:
            questions.add(example.question)
            if comparable:
                answers.add(example.answer)
    return judged


def draw_splits(examples: Sequence[Example], config: GenerateConfig) -> list[Example]:
    """Return the examples with a split each; one that a data set has fixed stays as it is.

    Where a data set names training examples alone, held-out ones are drawn from those. Raises
    DataError where there are fewer than three passages (or questions) to draw from.
    """
    units = _units(examples)
    random.Random(config.seed).shuffle(units)  # noqa: S311  # a sample, no secret
    drawn: dict[str, Split] = {
        unit[0].id: unit[0].split for unit in units if unit[0].split in {"validation", "test"}
    }
    _fill(units, drawn, "test", max(config.min_test_pairs, round(config.test_share * len(examples))))
    _fill(units, drawn, "validation", max(1, round(config.validation_share * len(examples))))
    _require_places(units, drawn)
    place = {example.id: drawn.get(unit[0].id, "train") for unit in units for example in unit}
    return [example.model_copy(update={"split": place[example.id]}) for example in examples]


def drop_leaks(candidates: Sequence[Candidate], config: GenerateConfig) -> list[Candidate]:
    """Refuse training pairs that resemble held-out ones."""
    examples = kept(candidates)
    questions, answers = _indexes(examples, config.judging.leak_similarity)
    for example in examples:
        if example.split != "train":
            questions.add(example.question)
            if _comparable(example.answer, config):
                answers.add(example.answer)

    def leaks(example: Example) -> tuple[str, str] | None:
        known_answer = _comparable(example.answer, config) and example.answer in answers
        leaked = example.split == "train" and (known_answer or example.question in questions)
        return ("leaks_to_held_out", "") if leaked else None

    return refuse(candidates, leaks)


def _indexes(examples: Iterable[Example], threshold: float) -> tuple[NearDuplicates, NearDuplicates]:
    pairs = [(example.question, example.answer) for example in examples]
    questions = NearDuplicates((question for question, _ in pairs), threshold)
    return questions, NearDuplicates((answer for _, answer in pairs), threshold)


def _comparable(answer: str, config: GenerateConfig) -> bool:
    """Tell answers from labels ("positive", "B"), which many examples rightly share."""
    return len(WORD.findall(answer)) >= config.min_answer_words


def _units(examples: Iterable[Example]) -> list[list[Example]]:
    """Group what must stay together: the pairs of a passage, or one example of a data set."""
    units: dict[str, list[Example]] = {}
    for example in examples:
        units.setdefault(example.passage or example.id, []).append(example)
    return [units[key] for key in sorted(units)]


def _fill(units: Sequence[list[Example]], drawn: dict[str, Split], split: Split, wanted: int) -> None:
    """Draw units for `split` until it holds `wanted` pairs, unless a data set has fixed it."""
    if split in drawn.values():
        return
    open_units = [unit for unit in units if unit[0].id not in drawn]
    free = [unit for unit in open_units if unit[0].split is None]
    size = 0
    for unit in free or open_units:
        if size >= wanted:
            return
        drawn[unit[0].id] = split
        size += len(unit)


def _require_places(units: Sequence[list[Example]], drawn: dict[str, Split]) -> None:
    places = {drawn.get(unit[0].id, "train") for unit in units}
    if len(places) < PLACES:
        missing = ", ".join(sorted(set(SPLITS) - places))
        raise DataError(
            f"no pairs are left for {missing}: {len(units)} passages with pairs are too few to split;"
            " add documents, or lower `min_test_pairs`, `test_share` or `validation_share`"
        )

"""Keep each pair of a domain once.

In: candidates. Out: the same, with `duplicate_question` or `duplicate_answer` for those that another one
makes superfluous, whose id is the detail. The one of higher precedence stays, then the earlier one. Of two
questions of a data set, what a template puts around both does not count: else short texts with one label are
one pair.
"""

from collections.abc import Sequence

import numpy as np

from tasks.generate.config import GenerateConfig
from tasks.generate.judging.relevance import Vectors, sentence_vectors
from tasks.generate.selection.framing import Frames
from tasks.generate.selection.precedence import precedence
from tasks.generate.selection.resemblance import Pair, same_answer, same_question
from tasks.records.dataset import Candidate
from tasks.text.near import NearDuplicates


def drop_duplicates(candidates: Sequence[Candidate], config: GenerateConfig) -> list[Candidate]:
    """Refuse pairs that ask, or ask about the same and tell, nearly what another one does."""
    judged = list(candidates)
    frames = Frames(judged, config.min_answer_words)
    pairs = {at: Pair(frames.compared(one.example)) for at, one in enumerate(judged) if not one.reason}
    known = _Known(list(pairs.values()), config.judging.near_duplicate)
    for at in sorted(pairs, key=lambda at: -precedence(judged[at])):
        pair, states = pairs[at], bool(frames.told(judged[at].example.answer))
        found = known.repeated(pair, states=states)
        if found:
            judged[at] = judged[at].model_copy(update={"reason": found[0], "detail": found[1]})
        else:
            known.add(pair, states=states)
    if config.judging.semantic_duplicate is None:
        return judged

    return drop_same_meaning(judged, config.judging.semantic_duplicate)


class _Known:
    """The pairs that stay, by question and by answer."""

    def __init__(self, pairs: Sequence[Pair], threshold: float) -> None:
        self._threshold = threshold
        self._questions = NearDuplicates((one.example.question for one in pairs), self._threshold)
        self._answers = NearDuplicates((one.example.answer for one in pairs), self._threshold)
        self._asked: list[Pair] = []
        self._told: list[Pair] = []

    def add(self, pair: Pair, *, states: bool) -> None:
        """Remember `pair`; `states` tells its answer from a label, which many examples rightly share."""
        self._questions.add(pair.example.question)
        self._asked.append(pair)
        if states:
            self._answers.add(pair.example.answer)
            self._told.append(pair)

    def repeated(self, pair: Pair, *, states: bool) -> tuple[str, str] | None:
        """Return why `pair` is superfluous, with the id of the other one."""
        for number in self._questions.near(pair.example.question):
            if same_question(self._asked[number], pair, self._threshold):
                return "duplicate_question", self._asked[number].example.id
        for number in self._answers.near(pair.example.answer) if states else ():
            if same_answer(self._told[number], pair, self._threshold):
                return "duplicate_answer", self._told[number].example.id
        return None


_BLOCK = 512


def drop_same_meaning(candidates: Sequence[Candidate], least: float) -> list[Candidate]:
    """Refuse pairs whose question and answer both reach a cosine of `least` with those of a kept one."""
    judged = list(candidates)
    places = sorted(
        (at for at, one in enumerate(judged) if not one.reason), key=lambda at: -precedence(judged[at])
    )
    frames = Frames(judged, 1)
    asked = sentence_vectors([frames.asked(judged[at].example.question) for at in places])
    told = sentence_vectors([judged[at].example.answer for at in places])
    for start in range(0, len(places), _BLOCK):
        for row, column in _near(asked, told, start, least):
            at, other = places[row], places[column]
            if not judged[at].reason and not judged[other].reason:
                update = {"reason": "duplicate_meaning", "detail": judged[other].example.id}
                judged[at] = judged[at].model_copy(update=update)
    return judged


def _near(asked: Vectors, told: Vectors, start: int, least: float) -> list[tuple[int, int]]:
    """Return the rows of a block with the earlier rows that they resemble, in order."""
    stop = min(start + _BLOCK, len(asked))
    both = np.minimum(asked[start:stop] @ asked[:stop].T, told[start:stop] @ told[:stop].T)
    rows, columns = np.nonzero(both >= least)
    return [
        (start + int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if column < start + row
    ]

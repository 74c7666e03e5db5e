"""Refuse pairs that mean what another one means, in whatever words.

In: candidates and a cosine. Out: the same, with `duplicate_meaning` and the other one's id. Questions are
compared with questions and answers with answers: a pair is superfluous where both are near.
"""

from collections.abc import Sequence

import numpy as np

from tasks.generate.judging.relevance import Vectors, sentence_vectors
from tasks.generate.pairs import Candidate
from tasks.generate.selection.standing import standing

_BLOCK = 512


def drop_same_meaning(candidates: Sequence[Candidate], least: float) -> list[Candidate]:
    """Refuse pairs whose question and answer both reach a cosine of `least` with those of a kept one."""
    judged = list(candidates)
    places = sorted(
        (at for at, one in enumerate(judged) if not one.reason), key=lambda at: -standing(judged[at])
    )
    asked = sentence_vectors([judged[at].example.question for at in places])
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

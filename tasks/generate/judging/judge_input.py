"""What a judge with a model reads: a pair, and its passage in pieces that fit.

In: sentences and the number of tokens of each. Out: runs of sentences that fit, each beginning with the last
sentence of the one before, so that what two neighbours say together is read together.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tasks.records.dataset import Example


class JudgeQuestion(NamedTuple):
    """Does the passage, given as sentences, support this pair?"""

    sentences: Sequence[str]
    example: Example


def windows(sentences: Sequence[str], sizes: Sequence[int], room: int) -> list[str]:
    """Return texts of at most `room` tokens; a sentence that is longer stands alone, for the model to cut."""
    pieces: list[list[int]] = [[]]
    for number, size in enumerate(sizes):
        used = sum(sizes[at] for at in pieces[-1])
        if pieces[-1] and used + size > room:
            last = pieces[-1][-1]
            pieces.append([last] if sizes[last] + size <= room else [])
        pieces[-1].append(number)
    return [" ".join(sentences[at] for at in piece) for piece in pieces]

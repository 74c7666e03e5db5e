"""Recognise sentences in other bytes: with other spaces, ligatures or line ends they have the same keys.

In: text. Out: a number for each sentence that is long enough to tell. They hold within one process, for
whole libraries are compared by them.
"""

from collections.abc import Iterator

from tasks.text.near import comparable
from tasks.text.sentences import paragraph_sentences
from tasks.text.words import lowered

_SHORTEST = 20
"""Letters of a sentence; shorter ones may stand anywhere."""


def sentence_keys(text: str) -> Iterator[int]:
    """Yield the key of each sentence of a text whose lines are paragraphs."""
    for paragraph in text.split("\n"):
        for sentence in paragraph_sentences(paragraph):
            words = " ".join(lowered(comparable(sentence)))
            if len(words) >= _SHORTEST:
                yield hash(words)

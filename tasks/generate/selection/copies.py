"""Find texts that share long stretches of words.

In: texts known beforehand. Out: those that copies in another text cover to a given share. A text shorter than
a stretch is one stretch as a whole.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tasks.generate.judging.wording import lowered


class Copies:
    """An index of all stretches of `length` words."""

    def __init__(self, texts: Sequence[str], length: int, share: float) -> None:
        self._length = length
        self._share = share
        self._sizes = [len(lowered(text)) for text in texts]
        self._places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, text in enumerate(texts):
            for at, stretch in self._stretches(lowered(text)):
                self._places[stretch].append((number, at))

    def found(self, text: str) -> list[int]:
        """Return the numbers of the known texts of which copies in `text` cover the share, in order.

        The shorter of both must be covered: a question copied out of a long known text is found as well.
        """
        words = lowered(text)
        here: dict[int, set[int]] = defaultdict(set)
        there: dict[int, set[int]] = defaultdict(set)
        for at, stretch in self._stretches(words):
            for number, place in self._places.get(stretch, ()):
                here[number].update(range(at, at + len(stretch)))
                there[number].update(range(place, place + len(stretch)))
        return sorted(number for number in here if self._covered(number, words, here[number], there[number]))

    def _covered(self, number: int, words: list[str], here: set[int], there: set[int]) -> bool:
        size = self._sizes[number]
        if len(words) <= size:
            return len(here) >= self._share * len(words)
        return len(there) >= self._share * size

    def _stretches(self, words: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        if 0 < len(words) < self._length:
            yield 0, tuple(words)
        for at in range(len(words) - self._length + 1):
            yield at, tuple(words[at : at + self._length])

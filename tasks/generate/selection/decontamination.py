"""Keep what is tested out of training.

In: candidates with splits, and benchmark files. Out: the same, with `leaks_to_held_out` or `in_benchmark` for
those that resemble a held-out text: by the share of their words (Jaccard), or because copies of 8 words in
a row cover half of it. What a template puts around the texts of a data set does not count. GPT-3 looked for
13 words in a row (Brown et al. 2020, appendix C), PaLM for 70 % of a text's 8-grams (Chowdhery et al. 2022),
Tulu 3 for 8-grams that cover half of a test's tokens (Lambert et al. 2024).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tasks.generate.config import GenerateConfig, JudgingConfig
from tasks.generate.pairs import kept, refuse
from tasks.generate.selection.benchmarks import read_benchmark
from tasks.generate.selection.framing import Frames
from tasks.generate.selection.precedence import REVIEWED, precedence
from tasks.records.dataset import Candidate, Example
from tasks.text.near import NearDuplicates
from tasks.text.words import find_words, lowered

_BENCHMARK_WORDS = 5
"""Shorter texts of a benchmark are labels or names, which anybody may use."""


class KnownTexts:
    """Texts that training must not resemble, each with the name of its place."""

    def __init__(
        self, texts: Sequence[tuple[str, str]], compared: Iterable[str], config: JudgingConfig
    ) -> None:
        """Index `texts`, pairs of place and text; `compared` are all that will be looked up."""
        self._places = [place for place, _ in texts]
        known = [text for _, text in texts]
        self._near = NearDuplicates([*known, *compared], config.leak_similarity)
        for text in known:
            self._near.add(text)
        self._copies = Copies(known, config.leak_ngram, config.leak_ngram_share)

    def found(self, text: str) -> str:
        """Return the place of the first text that `text` resembles, or ""."""
        near = self._near.near(text)[:1] or self._copies.found(text)[:1]
        return self._places[near[0]] if near else ""


def drop_leaks(candidates: Sequence[Candidate], config: GenerateConfig) -> list[Candidate]:
    """Refuse training pairs that resemble held-out ones, or these where the training pair is reviewed."""
    frames = Frames(candidates, config.min_answer_words)
    reviewed = [one for one in candidates if _trains(one) and precedence(one) == REVIEWED]
    spared = _refuse(
        candidates,
        _Sides(reviewed, candidates, frames, config.judging),
        lambda one: not _trains(one) and precedence(one) != REVIEWED,
        "leaks_to_reviewed",
    )
    held_out = [one for one in spared if not one.reason and not _trains(one)]
    sides = _Sides(held_out, spared, frames, config.judging)
    return _refuse(spared, sides, _trains, "leaks_to_held_out")


def drop_benchmarks(
    candidates: Sequence[Candidate], benchmarks: Mapping[str, Path], config: GenerateConfig
) -> list[Candidate]:
    """Refuse pairs that are in a benchmark file, unless a data set holds them out itself.

    Raises DataError where a file cannot be read.
    """
    read = [text for name in sorted(benchmarks) for text in read_benchmark(benchmarks[name], name)]
    long = [text for text in read if len(find_words(text.text)) >= _BENCHMARK_WORDS]
    if not long:
        return list(candidates)
    frames = Frames(candidates, config.min_answer_words)
    texts = [(text.place, bare) for text in long for bare in _readings(text.text, frames)]
    known = KnownTexts(texts, _texts(candidates, frames), config.judging)

    def listed(example: Example) -> tuple[str, str] | None:
        if example.split in {"test", "validation"}:
            return None
        place = known.found(frames.asked(example.question)) or known.found(frames.told(example.answer))
        return ("in_benchmark", place) if place else None

    return refuse(candidates, listed)


def _readings(text: str, frames: Frames) -> list[str]:
    """Return a text as a question and as an answer of the data set: without the frame of either."""
    return list(dict.fromkeys(bare for bare in (frames.asked(text), frames.told(text)) if bare))


class _Sides:
    """Questions and answers of the pairs on one side."""

    def __init__(
        self,
        known: Sequence[Candidate],
        compared: Sequence[Candidate],
        frames: Frames,
        config: JudgingConfig,
    ) -> None:
        self._frames = frames
        questions = [(one.example.id, frames.asked(one.example.question)) for one in known]
        answers = [(one.example.id, told) for one in known if (told := frames.told(one.example.answer))]
        texts = _texts(compared, frames)
        self._questions = KnownTexts(questions, texts, config)
        self._answers = KnownTexts(answers, texts, config)

    def found(self, example: Example) -> str:
        """Return the id of a pair whose question or answer `example` resembles, or ""."""
        told = self._frames.told(example.answer)
        answer = self._answers.found(told) if told else ""
        return self._questions.found(self._frames.asked(example.question)) or answer


def _refuse(
    candidates: Sequence[Candidate], side: _Sides, suspect: Callable[[Candidate], bool], reason: str
) -> list[Candidate]:
    return [
        one.model_copy(update={"reason": reason, "detail": found})
        if not one.reason and suspect(one) and (found := side.found(one.example))
        else one
        for one in candidates
    ]


def _trains(candidate: Candidate) -> bool:
    return candidate.example.split == "train"


def _texts(candidates: Iterable[Candidate], frames: Frames) -> list[str]:
    return [
        text for one in kept(candidates) for text in (frames.asked(one.question), frames.told(one.answer))
    ]


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

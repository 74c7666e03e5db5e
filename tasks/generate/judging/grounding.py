"""Tell whether a passage supports an answer, and which of its sentences do.

In: a passage, a question and an answer. Out: a reason code and what was seen, or nothing. Numbers, dates and
names must stand in the passage one by one, because one wrong among twenty right words makes an answer wrong.
The rules know English; of other languages they check numbers and words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tasks.generate.judging.facts import dates, missing_names, numbers
from tasks.generate.judging.polarity import Claim, claim, opposed
from tasks.records.corpus import Passage
from tasks.records.dataset import Example
from tasks.text.sentences import english_sentences
from tasks.text.words import content, lowered, stem

Verdict = tuple[str, str]
"""Reason code and detail of a refusal."""
_DETAIL_WORDS = 8
_NEIGHBOURS = 1
_ASKING_LIST = "example happen happens kind mean means name purpose reason sort type way"
_ASKING = frozenset(map(stem, _ASKING_LIST.split()))
"""Words that only ask."""
_ONES = frozenset({"a", "an", "one", "single"})


@dataclass(frozen=True)
class Evidence:
    """A passage, read once for all of its pairs."""

    passage: Passage

    @cached_property
    def text(self) -> str:
        """Return heading and text in one line."""
        return " ".join(f"{self.passage.heading}. {self.passage.text}".split())

    @cached_property
    def sentences(self) -> list[str]:
        """Return the sentences of the text."""
        return english_sentences(self.passage.text)

    @cached_property
    def claims(self) -> list[Claim]:
        """Return what each sentence asserts and denies."""
        return [claim(sentence) for sentence in self.sentences]

    @cached_property
    def stems(self) -> frozenset[str]:
        """Return the stems of heading and text."""
        return frozenset(content(self.text))

    @cached_property
    def numbers(self) -> list[set[str]]:
        """Return the numbers of each sentence; `a` and `one` may both be told as 1."""
        return [
            numbers(sentence) | ({"1"} if _ONES & set(lowered(sentence)) else set())
            for sentence in self.sentences
        ]

    def has_sentence(self, answer: str) -> bool:
        """Tell whether `answer` is a whole sentence of the text."""
        return " ".join(answer.split()) in self.sentences

    def nearest(self, answer: str) -> str:
        """Return the sentence that shares most with `answer`; of equals, the last, which may be no repeat."""
        told = frozenset(content(answer))
        shared = [len(told & one.stems) for one in self.claims]
        best = max(range(len(shared)), key=lambda at: (shared[at], at), default=None)
        return "" if best is None else self.sentences[best]

    def repeats(self, answer: str) -> bool:
        """Tell whether the evidence stands in the part that the passage repeats for context."""
        if not self.passage.overlap_chars:
            return False
        return self.nearest(answer) not in set(english_sentences(self.passage.own))


def unsupported(example: Example, evidence: Evidence, least: float) -> Verdict | None:
    """Return why the passage does not support the answer; `least` is the share of words it must hold."""
    answer = " ".join(example.answer.split())
    verbatim = answer.lower() in evidence.text.lower()
    return (
        (None if verbatim else _wrong_fact(answer, evidence))
        or _wrong_polarity(example, evidence)
        or (None if verbatim else _wrong_words(answer, evidence, least))
    )


def support(question: str, answer: str, evidence: Evidence) -> float:
    """Return the share of the question's content words near the best evidence for the answer.

    Near are the answer itself, the heading, and the sentences that hold most of it with their neighbours.
    Words that only ask, as in `What happens when ...?`, need not be there.
    """
    asked, told = set(content(question)), frozenset(content(answer))
    heading = frozenset(content(evidence.passage.heading))
    shares = [_share(asked, told | heading | near) for near in _neighbourhoods(told, evidence.claims)]
    return max(shares, default=0.0)


def _share(asked: set[str], near: frozenset[str]) -> float:
    wanted = asked - (_ASKING - near)
    return len(wanted & near) / len(wanted) if wanted else 0.0


def wordy(text: str) -> list[str]:
    """Return the stems of the content words of `text` that are no numbers, in order."""
    return [stem for word in lowered(text) if not numbers(word) for stem in content(word)]


def _wrong_fact(answer: str, evidence: Evidence) -> Verdict | None:
    known = dates(evidence.text)
    dated = [date for date in dates(answer) if not any(date <= other for other in known)]
    if dated:
        parts = (" ".join(f"{name} {value}" for name, value in sorted(date, reverse=True)) for date in dated)
        return "unsupported_date", "; ".join(sorted(parts))
    unknown = _unknown_numbers(answer, evidence)
    if unknown:
        return "unsupported_number", ", ".join(unknown)
    unknown = missing_names(answer, evidence.text)
    return ("unsupported_name", ", ".join(unknown)) if unknown else None


def _unknown_numbers(answer: str, evidence: Evidence) -> list[str]:
    """Return the numbers that no sentence with anything of the answer's sentence has."""
    unknown: set[str] = set()
    for sentence in english_sentences(answer):
        stated = numbers(sentence)
        if stated:
            told = frozenset(wordy(sentence))
            near = zip(evidence.numbers, evidence.claims, strict=True)
            unknown |= stated.difference(*(have for have, one in near if not told or one.stems & told))
    return sorted(unknown)


def _wrong_words(answer: str, evidence: Evidence, least: float) -> Verdict | None:
    words = list(dict.fromkeys(wordy(answer)))
    strange = [word for word in words if word not in evidence.stems]
    if not words or len(words) - len(strange) >= least * len(words):
        return None
    shown = ", ".join(strange[:_DETAIL_WORDS])
    return "ungrounded_answer", f"{len(words) - len(strange)} of {len(words)} words found; not {shown}"


def _wrong_polarity(example: Example, evidence: Evidence) -> Verdict | None:
    asked = claim(example.question)
    for sentence in english_sentences(example.answer):
        words = opposed(claim(sentence), evidence.claims, asked)
        if words:
            return "polarity_differs", words
    return None


def _neighbourhoods(told: frozenset[str], claims: Sequence[Claim]) -> list[frozenset[str]]:
    """Return the stems around each sentence that shares most with the answer."""
    shared = [len(told & one.stems) for one in claims]
    most = max(shared, default=0)
    return [
        frozenset().union(*(one.stems for one in claims[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS + 1]))
        for at, count in enumerate(shared)
        if count == most
    ]

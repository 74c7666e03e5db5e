"""What the page says of the evaluation beside its figures: verdicts in words, and a few answers to read.

In: parts of the evaluation. Out: sentences and samples. The figures themselves are the evaluation's own.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from flows.report import words
from tasks.records.estimate import Estimate
from tasks.records.evaluation import Answer, DomainEvaluation
from tasks.records.files import Figures

SAMPLES = 3
"""Questions of each domain that the page shows, besides one that was misrouted."""
EDGE = "INT4 bundle"


class ShownAnswer(Figures):
    """A held-out question with the systems' answers."""

    question: str
    reference: str
    routed: str
    confidence: float
    answers: dict[str, str]
    """By the systems that gave them."""


def verdict(ratio: Estimate, other: str) -> str:
    """Put a ratio of perplexities and its interval into one plain sentence."""
    low, high = ratio.ends
    interval = f"95 % interval: {words.against(low)} to {words.against(high)}"
    measured = f"its perplexity is {words.against(ratio.value)} {other}'s ({interval})"
    if high < 1:
        return f"The expert is better than {other}: {measured}."
    if low > 1:
        return f"The expert is worse than {other}: {measured}."
    return f"The expert is not shown to be better than {other}: {measured}, so the difference may be chance."


def unconvincing(measured: DomainEvaluation) -> Iterator[str]:
    """Yield a verdict for the base model and the generalist where the expert is not shown to beat them."""
    for name, part in (("Recall: ", measured.recall), ("Transfer: " if measured.recall else "", measured)):
        for paired, other in (
            (part and part.comparison_with_base, "the base model"),
            (part and part.comparison, "the generalist"),
        ):
            if paired and paired.ratio.ends[1] >= 1:
                yield f"{name}{verdict(paired.ratio, other)}"


def samples_of(domain: str, answers: Iterable[Answer]) -> list[ShownAnswer]:
    """Return the first questions that the bundle answered too, and the first that was misrouted."""
    own = [answer for answer in answers if answer.domain == domain]
    samples = [_sample(list(group)) for _, group in groupby(own, key=lambda answer: answer.id)]
    answered = [sample for sample in samples if EDGE in sample.answers]
    misrouted = [sample for sample in samples if sample.routed != domain]
    asked = {answer.question for answer in own if answer.yardstick == "recall"}
    recalled = [sample for sample in answered or samples if sample.question in asked]
    chosen = [*recalled[:SAMPLES], *(answered or samples)[:SAMPLES], *misrouted[:1]]
    return list({sample.question: sample for sample in chosen}.values())


def _speaker(answer: Answer) -> str:
    return " and ".join(answer.systems) or ("base model" if answer.model == "base" else EDGE)


def _sample(answers: list[Answer]) -> ShownAnswer:
    first = answers[0]
    said = {_speaker(answer): answer.answer for answer in answers}
    return ShownAnswer(
        question=first.question,
        reference=first.reference,
        routed=first.routed,
        confidence=first.confidence,
        answers=dict(sorted(said.items(), key=lambda item: item[0] == EDGE)),
    )

"""Draw the pairs that a person should read before believing the numbers.

In: every pair with its fate. Out: a seeded sample of those kept and of those refused for each
reason, with the text that they rest on.
"""

import random
from collections.abc import Mapping, Sequence

from tasks.generate.pairs import Candidate
from tasks.records import Passage

KEPT = 24
REJECTED = 8
"""Pairs to read: so many kept ones, and so many of each reason."""


def draw_samples(
    candidates: Sequence[Candidate], passages: Mapping[str, Passage], seed: int
) -> dict[str, object]:
    """Return the sample; each passage is there once, by its id."""
    reasons = sorted({candidate.reason for candidate in candidates})
    drawn = {
        reason: _drawn(
            [candidate for candidate in candidates if candidate.reason == reason],
            REJECTED if reason else KEPT,
            f"{seed}:{reason}",
        )
        for reason in reasons
    }
    used = {one.example.passage for group in drawn.values() for one in group} & passages.keys()
    rows = {reason: [_row(one) for one in group] for reason, group in drawn.items()}
    return {
        "kept": rows.pop("", []),
        "rejected": rows,
        "passages": {name: _passage(passages[name]) for name in sorted(used)},
    }


def _drawn(group: Sequence[Candidate], count: int, seed: str) -> list[Candidate]:
    draw = random.Random(seed)  # noqa: S311  # a sample, no secret
    return [group[number] for number in sorted(draw.sample(range(len(group)), min(count, len(group))))]


def _row(candidate: Candidate) -> dict[str, object]:
    return {**candidate.example.model_dump(mode="json"), "detail": candidate.detail}


def _passage(passage: Passage) -> dict[str, object]:
    return passage.model_dump(mode="json", include={"document", "pages", "heading", "text"})

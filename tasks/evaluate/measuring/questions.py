"""Read the held-out questions of every domain.

In: `qa/<domain>` folders. Out: one list of questions, domain by domain, so that every later
table is an array over the same positions, and those that no model can be given whole: one
too long question is no reason to lose all that was trained.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tasks.evaluate.measuring.trained_elsewhere import Known
from tasks.kernel.errors import DataError
from tasks.records.dataset import Check, Example
from tasks.records.files import read_records
from tasks.text.key_facts import key_fact

Yardstick = Literal["transfer", "recall"]
TRANSFER: Yardstick = "transfer"
"""Asked about passages that nobody trained on."""
RECALL: Yardstick = "recall"
"""Asked about facts that training tells in another form."""


@dataclass(frozen=True)
class Question:
    """A held-out question with its reference answer."""

    domain: str
    id: str
    text: str
    reference: str
    checks: Mapping[Check, str] = field(default_factory=dict)
    """What an answer is checked with beside the reference."""
    passage: str = ""
    """Id of the passage that it stands on; ready-made data sets have none."""
    yardstick: Yardstick = TRANSFER

    @property
    def fact(self) -> str:
        """The fact that it asks for, which of `recall` is the reference; empty where it asks for more."""
        return self.reference if self.yardstick == RECALL else key_fact(self.text, self.reference)


@dataclass(frozen=True)
class HeldOut:
    """The questions that are asked, and those that are left out."""

    questions: list[Question]
    """Those of `recall` behind all others."""
    too_long: list[Question]
    """They leave no room for an answer."""
    trained_on: dict[str, list[Question]] = field(default_factory=dict)
    """Other domains train on their text; by the other domain."""


def read_questions(
    folders: Mapping[str, Path],
    limit: int | None,
    seed: int,
    fits: Callable[[Question], bool],
    known: Known | None = None,
) -> HeldOut:
    """Return at most `limit` test questions a domain that `fits` lets through and that are not `known`.

    Raises DataError where a domain has no question left.
    """
    if not folders:
        raise DataError("evaluate: no `qa/<domain>` input; give the library at least one domain")
    held_out, recalled = HeldOut([], []), list[Question]()
    for domain, folder in folders.items():
        path = folder / "test.jsonl"
        found = [_question(domain, example) for example in read_records(path, Example)]
        if not found:
            message = f"{path}: domain {domain} has no held-out questions; give it more documents or examples"
            raise DataError(message)
        unknown = _unknown(found, known or {}, held_out)
        if not unknown:
            raise DataError(
                f"{path}: {' and '.join(held_out.trained_on)} train on the text of each of the {len(found)}"
                f" held-out questions of domain {domain}; give the document that they share to one of them"
            )
        fitting: list[Question] = []
        too_long: list[Question] = []
        for question in unknown:
            (fitting if fits(question) else too_long).append(question)
        if not fitting:
            raise DataError(
                f"{path}: each of the {len(unknown)} held-out questions of domain {domain} is longer than"
                " `evaluate.max_length`; raise it or give the domain shorter questions"
            )
        held_out.questions.extend(draw(fitting, limit, seed))
        held_out.too_long.extend(too_long)
        unknown = _unknown(_recalled(domain, folder), known or {}, held_out)
        recalled += draw([question for question in unknown if fits(question)], limit, seed)
    held_out.questions.extend(recalled)
    return held_out


def _recalled(domain: str, folder: Path) -> list[Question]:
    """Return the questions of `recall`, of which ready-made and earlier data sets have none."""
    path = folder / "recall.jsonl"
    return [
        replace(_question(domain, example), reference=example.key_fact, yardstick=RECALL)
        for example in (read_records(path, Example) if path.is_file() else ())
    ]


def _unknown(found: list[Question], known: Known, held_out: HeldOut) -> list[Question]:
    """Return the questions that no other domain trains on, and note the others."""
    for question in found:
        if other := known.get((question.domain, question.id)):
            held_out.trained_on.setdefault(other, []).append(question)
    return [question for question in found if (question.domain, question.id) not in known]


def draw(questions: list[Question], limit: int | None, seed: int) -> list[Question]:
    """Return `limit` questions drawn with the seed, in their order in the file."""
    if limit is None or limit >= len(questions):
        return questions
    chosen = random.Random(seed).sample(range(len(questions)), limit)  # noqa: S311 - no secret is drawn
    return [questions[position] for position in sorted(chosen)]


def passages(questions: Iterable[Question]) -> list[str]:
    """Return what each question stands on: its passage, or itself."""
    return [f"{question.domain}/{question.passage or question.id}" for question in questions]


def first_of_each(
    questions: Sequence[Question], count: int, yardstick: Yardstick = TRANSFER
) -> dict[str, list[int]]:
    """Return the positions of the first `count` questions of each domain."""
    positions: dict[str, list[int]] = {}
    for position, question in enumerate(questions):
        if question.yardstick == yardstick:
            positions.setdefault(question.domain, []).append(position)
    return {domain: found[:count] for domain, found in positions.items()}


def _question(domain: str, example: Example) -> Question:
    # Stripped as in training, or the first answer token would be another one.
    question, answer = example.question.strip(), example.answer.strip()
    return Question(domain, example.id, question, answer, example.checks, example.passage)

"""Read the held-out questions of every domain.

In: `qa/<domain>` folders. Out: one list of questions, domain by domain, so that every later
table is an array over the same positions.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.kernel.errors import DataError
from tasks.records.dataset import Example
from tasks.records.files import read_records


@dataclass(frozen=True)
class Question:
    """A held-out question with its reference answer."""

    domain: str
    id: str
    text: str
    reference: str


def read_questions(folders: Mapping[str, Path], limit: int | None, seed: int) -> list[Question]:
    """Return at most `limit` test questions a domain; raise DataError where a domain has none."""
    if not folders:
        raise DataError("evaluate: no `qa/<domain>` input; give the library at least one domain")
    questions: list[Question] = []
    for domain, folder in folders.items():
        path = folder / "test.jsonl"
        examples = read_records(path, Example)
        if not examples:
            message = f"{path}: domain {domain} has no held-out questions; give it more documents or examples"
            raise DataError(message)
        questions += [_question(domain, example) for example in draw(examples, limit, seed)]
    return questions


def draw(examples: list[Example], limit: int | None, seed: int) -> list[Example]:
    """Return `limit` examples drawn with the seed, in their order in the file."""
    if limit is None or limit >= len(examples):
        return examples
    chosen = random.Random(seed).sample(range(len(examples)), limit)  # noqa: S311 - no secret is drawn
    return [examples[position] for position in sorted(chosen)]


def first_of_each(questions: Sequence[Question], count: int) -> dict[str, list[int]]:
    """Return the positions of the first `count` questions of each domain."""
    positions: dict[str, list[int]] = {}
    for position, question in enumerate(questions):
        positions.setdefault(question.domain, []).append(position)
    return {domain: found[:count] for domain, found in positions.items()}


def _question(domain: str, example: Example) -> Question:
    # Stripped as in training, or the first answer token would be another one.
    return Question(domain, example.id, example.question.strip(), example.answer.strip())

"""Make the teacher that a config names.

In: a teacher's config and, for a language model, its folder. Out: a function that writes
one question to each ask. Torch is loaded only where a model is asked.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, assert_never

from tasks.errors import UnsupportedError
from tasks.generate.pairs import Ask, Reply, Report
from tasks.generate.sentences import WORD
from tasks.generate.teacher_config import (
    EmbeddedTeacher,
    LitertlmTeacher,
    OpenAITeacher,
    ScriptedTeacher,
    Teacher,
    TransformersTeacher,
)


class AskTeacher(Protocol):
    """Writes replies."""

    def __call__(self, asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:
        """Return one reply an ask, in order; call `report` with the number of replies after each batch."""


EXAMPLES = (
    (
        "A honey bee dances to tell the others in which direction and how far away food is.",
        "Why does a honey bee dance?",
    ),
    (
        "Foods rich in vitamin C can help the body to take up more iron from plants.",
        "How can foods rich in vitamin C help the body?",
    ),
    (
        "Warning signs of an eruption are small earthquakes, swelling ground and new gas vents.",
        "What are the warning signs of an eruption?",
    ),
)
"""Worked examples from subjects that no library is likely to share, so that nothing leaks from them."""


def make_teacher(teacher: Teacher, folder: Path | None, asks: Sequence[Ask]) -> AskTeacher:
    """Return the teacher; `asks` are all that it will get, whose common beginning it prepares once."""
    match teacher:
        case EmbeddedTeacher() | TransformersTeacher():
            from tasks.generate.language import LanguageTeacher

            if folder is None:
                raise ValueError("a teacher with a model needs the input `teacher`")
            return LanguageTeacher(teacher, folder, asks)
        case OpenAITeacher() | LitertlmTeacher():
            raise UnsupportedError(f"teacher.kind: {teacher.kind} is not built yet")
        case ScriptedTeacher():
            return scripted_replies
        case _:
            assert_never(teacher)


def scripted_replies(asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:  # noqa: ARG001  # a template draws nothing
    """Ask about the longest words of each answer, in their order."""
    report(len(asks))
    return [Reply(text=f"What is known about {_subject(ask.answer)}?") for ask in asks]


def messages(ask: Ask) -> list[dict[str, str]]:
    """Return the conversation whose next turn is the question to `ask`."""
    turns = []
    for answer, question in EXAMPLES:
        turns += [_wish(answer), {"role": "assistant", "content": question}]
    return [*turns, _wish(ask.answer)]


def _wish(answer: str) -> dict[str, str]:
    return {"role": "user", "content": f"Write one question that this sentence answers: {answer}"}


def _subject(answer: str) -> str:
    words = list(dict.fromkeys(WORD.findall(answer)))
    longest = set(sorted(words, key=lambda word: (-len(word), word))[:3])
    return ", ".join(word for word in words if word in longest)

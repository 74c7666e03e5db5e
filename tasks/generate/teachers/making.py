"""Make the teacher that a config names.

In: a teacher's config and, for a language model, its folder. Out: a function that writes
one reply to each ask. Torch is loaded only where a model is asked.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, assert_never

from tasks.generate.pairs import Ask, Reply, Report
from tasks.generate.questions.standalone import unfit
from tasks.generate.teacher_config import (
    EmbeddedTeacher,
    LitertlmTeacher,
    OpenAITeacher,
    ScriptedTeacher,
    Teacher,
    TransformersTeacher,
)
from tasks.text.sentences import english_sentences
from tasks.text.words import find_words


class AskTeacher(Protocol):
    """Writes replies."""

    def __call__(self, asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:
        """Return one reply an ask, in order; call `report` with the number of replies after each batch."""


_MIN_WORDS, _MAX_WORDS = 8, 40
"""Length of the sentences that the template takes for answers."""


def make_teacher(teacher: Teacher, folder: Path | None) -> AskTeacher:
    """Return the teacher; raise ModelError where its model cannot be loaded or talked to."""
    match teacher:
        case EmbeddedTeacher() | TransformersTeacher():
            from tasks.generate.teachers.language import LanguageTeacher

            if folder is None:
                raise ValueError("a teacher with a model needs the input `teacher`")
            return LanguageTeacher(teacher, folder)
        case OpenAITeacher():
            from tasks.generate.teachers.openai_api import RemoteTeacher

            return RemoteTeacher(teacher)
        case LitertlmTeacher():
            from tasks.generate.teachers.litertlm_bundle import BundleTeacher

            if folder is None:
                raise ValueError("a teacher with a model needs the input `teacher`")
            return BundleTeacher(teacher, folder)
        case ScriptedTeacher():
            return scripted_replies
        case _:
            assert_never(teacher)


def scripted_replies(asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:  # noqa: ARG001  # a template draws nothing
    """Ask about the longest words of each answer, in their order; a passage's first sentences answer."""
    report(len(asks))
    return [Reply(text=_question(ask.answer) if ask.answer else _pairs(ask)) for ask in asks]


def _pairs(ask: Ask) -> str:
    fit = [text for text in english_sentences(ask.text) if unfit(text, _MIN_WORDS, _MAX_WORDS) is None]
    return json.dumps([{"question": _question(text), "answer": text} for text in fit[: ask.count]])


def _question(answer: str) -> str:
    words = list(dict.fromkeys(find_words(answer)))
    longest = set(sorted(words, key=lambda word: (-len(word), word))[:3])
    return f"What is known about {', '.join(word for word in words if word in longest)}?"

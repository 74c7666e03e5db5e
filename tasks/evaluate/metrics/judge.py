"""Let a language model behind an OpenAI-compatible server judge answers.

In: questions with reference and given answers. Out: one mark each, 0 to 1. The judge sees the reference, is
asked for one whole number and decodes greedily; what it has marked once it is not asked again.
"""

import os
import re
from functools import cache

from openai import OpenAI, OpenAIError

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import Judge
from tasks.evaluate.metrics.measure import Measure, compares
from tasks.kernel.errors import ConfigError, ServiceError

_BEST = 10
_TRIES = 3
_OF_TEN = re.compile(r"\b(\d+)\s*(?:/|out of|of)\s*10\b")
_WHOLE = re.compile(r"(?<![\d.])\d+(?![\d.]*\d)")
_ASKED = """\
You mark answers to questions. Read the question, the reference answer, which is right, and the given answer.

Question: {question}

Reference answer: {reference}

Given answer: {answer}

{criteria}
Reply with one whole number from 0 (nothing of it) to {best} (all of it), and with nothing else."""


def judge(settings: Judge) -> Measure:
    """Return what asks the judge; raise ServiceError where it gives no marks, ConfigError without its key."""
    client = OpenAI(
        base_url=settings.base_url,
        api_key=_key(settings) or "none",
        timeout=settings.timeout_seconds,
        max_retries=settings.max_retries,
    )

    @cache
    def mark(question: str, reference: str, answer: str) -> float:
        asked = _ASKED.format(
            question=question, reference=reference, answer=answer, criteria=settings.criteria, best=_BEST
        )
        for number in range(_TRIES):
            if (found := _mark(_reply(client, settings, asked, number))) is not None:
                return found
        raise ServiceError(
            f"{_named(settings)}: {_TRIES} replies hold no mark from 0 to {_BEST}; take a model that follows"
            " instructions, or raise `max_new_tokens`"
        )

    def one(answer: str, question: Question) -> float:
        return mark(question.text, question.reference, answer)

    mark("What is two and two?", "Four.", "4")  # told before anything is measured
    return compares("judge", one)


def _key(settings: Judge) -> str:
    if settings.api_key_variable is None:
        return ""
    if key := os.environ.get(settings.api_key_variable, ""):
        return key
    raise ConfigError(
        f"`judge.api_key_variable`: {settings.api_key_variable} is not set; export it, or leave it out where"
        " the server needs no key"
    )


def _reply(client: OpenAI, settings: Judge, asked: str, number: int) -> str:
    try:
        completion = client.chat.completions.create(
            model=settings.model_name,
            messages=[{"role": "user", "content": asked}],
            temperature=0,
            max_tokens=settings.max_new_tokens,
            seed=number,
        )
    except OpenAIError as error:
        raise ServiceError(
            f"{_named(settings)}: {_first_line(error)}; start the server, or correct `judge.base_url`,"
            " `judge.model_name` or the key"
        ) from error
    return (completion.choices[0].message.content or "") if completion.choices else ""


def _mark(reply: str) -> float | None:
    """Return the last mark of a reply as a share of the best; none: it has none."""
    numbers = _OF_TEN.findall(reply) or _WHOLE.findall(reply)
    return int(numbers[-1]) / _BEST if numbers and int(numbers[-1]) <= _BEST else None


def _named(settings: Judge) -> str:
    return f"judge {settings.model_name} at {settings.base_url}"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__

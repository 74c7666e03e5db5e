"""Measure one float model: load it once, score, answer, time, and let it go.

In: a model folder and the questions it is wanted for. Out: losses, answers and latencies
by question. One model at a time, so that memory is one model's whatever their number.
"""

import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.answer_scoring import Encoded, encode, score_answers
from tasks.evaluate.measuring.generation import Decoding, answer, milliseconds
from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import PassAtK
from tasks.models.chat import Turns, chat_turns
from tasks.models.loading import load_model, load_tokenizer
from tasks.statistics.bootstrap import Loss

LOG = logging.getLogger(__name__)
V = TypeVar("V")


@dataclass(frozen=True)
class Wanted:
    """What to measure on one model: positions of questions."""

    folder: Path
    scored: Sequence[int]
    answered: Sequence[int] = ()
    timed: Sequence[int] = ()
    sequences: Sequence[Encoded] = ()
    """Token sequences that a bundle has scored, for the same model in float32; most equal a scored one."""


@dataclass(frozen=True)
class Measured:
    """What one model made of the questions, by their position."""

    losses: Mapping[int, Loss]
    answers: Mapping[int, str]
    latencies_ms: Mapping[int, float]
    sequences: Sequence[Loss]
    samples: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """More answers, to the questions whose metrics ask for them."""

    def part(self, places: Mapping[int, int]) -> "Measured":
        """Return what it made of some of the questions, by new positions; `sequences` stay."""
        return Measured(
            _some(self.losses, places),
            _some(self.answers, places),
            _some(self.latencies_ms, places),
            self.sequences,
            _some(self.samples, places),
        )


def _some(found: Mapping[int, V], places: Mapping[int, int]) -> dict[int, V]:
    return {places[old]: value for old, value in found.items() if old in places}


def measure(
    wanted: Wanted, questions: Sequence[Question], config: EvaluateConfig, done: Callable[[int], None]
) -> Measured:
    """Load the model in float32 and measure what is wanted of it."""
    tokenizer, model = load_tokenizer(wanted.folder), load_model(wanted.folder)
    turns = {
        position: chat_turns(tokenizer, questions[position].text, questions[position].reference)
        for position in {*wanted.scored, *wanted.answered, *wanted.timed}
    }
    texts = [encode(tokenizer, turns[position], config.max_length) for position in wanted.scored]
    distinct = list(dict.fromkeys([*texts, *wanted.sequences]))
    losses = dict(zip(distinct, score_answers(model, distinct, config.batch_size, done), strict=True))
    how = decoding(config)
    answers = answer(model, tokenizer, _prompts(turns, wanted.answered), how, config.batch_size, done)
    samples = _samples(model, tokenizer, turns, wanted.answered, questions, config)
    times = milliseconds(model, tokenizer, _prompts(turns, wanted.timed), how)
    del model
    gc.collect()
    return Measured(
        {position: losses[text] for position, text in zip(wanted.scored, texts, strict=True)},
        dict(zip(wanted.answered, answers, strict=True)),
        dict(zip(wanted.timed, times, strict=True)),
        [losses[text] for text in wanted.sequences],
        samples,
    )


def _samples(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    turns: Mapping[int, Turns],
    answered: Sequence[int],
    questions: Sequence[Question],
    config: EvaluateConfig,
) -> dict[int, tuple[str, ...]]:
    asked: dict[PassAtK, list[int]] = {}
    for position in answered:
        if wanted := config.sampling_of(questions[position].domain):
            asked.setdefault(wanted, []).append(position)
    found: dict[int, tuple[str, ...]] = {}
    for wanted, positions in asked.items():
        rounds = [
            answer(
                *(model, tokenizer, _prompts(turns, positions)),
                Decoding(config.max_new_tokens, wanted.temperature, config.seed + number),
                config.batch_size,
                lambda _: None,
            )
            for number in range(1, wanted.samples + 1)
        ]
        found |= dict(zip(positions, zip(*rounds, strict=True), strict=True))
    return found


def decoding(config: EvaluateConfig) -> Decoding:
    """Return how the config has answers drawn."""
    return Decoding(config.max_new_tokens, config.temperature, config.seed)


def _prompts(turns: Mapping[int, Turns], positions: Sequence[int]) -> list[str]:
    return [turns[position].prompt for position in positions]

"""What is read while healing: sequences of tokens, and from where on the model's word counts.

In: conversations, other text or a domain's examples. Out: `Text`s. Of a domain's examples the answers count,
as in training; of neutral text everything does.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Self

from pydantic import model_validator
from transformers import PreTrainedTokenizerBase

from tasks.kernel.errors import DataError
from tasks.models.chat import chat_turns, token_ids
from tasks.records.dataset import Example
from tasks.records.files import Figures, parse_records
from tasks.text.encoding import BAD, EncodingError, decode


class NeutralLine(Figures):
    """A question and its answer, or any other text; whatever else the line of a file has is passed over."""

    question: str = ""
    answer: str = ""
    text: str = ""

    @model_validator(mode="after")
    def says_one_thing(self) -> Self:
        """Refuse a line that is neither, or both."""
        if bool(self.text) == bool(self.question or self.answer) or bool(self.question) != bool(self.answer):
            raise ValueError("give `question` and `answer`, or `text`")
        return self


@dataclass(frozen=True)
class Text:
    """One sequence as the model sees it."""

    ids: tuple[int, ...]
    first: int
    """Place of the first token whose prediction counts, at least 1."""


def file_pieces(tokenizer: PreTrainedTokenizerBase, file: Path, tokens: int) -> list[Text]:
    """Return a file's text in pieces: JSON lines are conversations or texts, anything else is plain text.

    Raises DataError with file and line where it cannot be read as what it is.
    """
    text = _decoded(file)
    if file.suffix.lower() == ".jsonl":
        return pieces(tokenizer, parse_records(file, text, NeutralLine), tokens)
    return _cut(token_ids(tokenizer, text), tokens)


def _decoded(file: Path) -> str:
    """Return what a file says, in whatever encoding; a bad byte becomes the character that stands for one."""
    try:
        found = decode(file.read_bytes()).text
    except OSError as error:
        raise DataError(
            f"{file}: cannot be read ({error.strerror}); give `heal.text` one file of text"
        ) from error
    except EncodingError as error:
        raise DataError(
            f"{file}: is {error.problem}; convert it to UTF-8, or give `heal.text` another file"
        ) from error
    if "\0" in found:
        raise DataError(f"{file}: is not text, whatever its name says; give `heal.text` one file of text")
    return found.replace(BAD, "\ufffd")


def pieces(tokenizer: PreTrainedTokenizerBase, lines: Iterable[NeutralLine], tokens: int) -> list[Text]:
    """Return the lines one after the other, conversations in the chat format, in pieces of equal length."""
    stream: list[int] = []
    for line in lines:
        if line.text:
            stream += token_ids(tokenizer, f"{line.text.strip()}\n\n")
            continue
        turns = chat_turns(tokenizer, line.question.strip(), line.answer.strip())
        stream += token_ids(tokenizer, turns.prompt) + token_ids(tokenizer, turns.answer)
    return _cut(stream, tokens)


def joined(texts: Sequence[Text], tokens: int) -> list[Text]:
    """Return the texts one behind the other, in pieces of equal length; where all are shorter, in one."""
    stream = [*chain.from_iterable(text.ids for text in texts)]
    return _cut(stream, min(tokens, len(stream)))


def answers(tokenizer: PreTrainedTokenizerBase, examples: Iterable[Example], longest: int) -> list[Text]:
    """Return the examples that fit into `longest` tokens; their answers count."""
    found = []
    for example in examples:
        turns = chat_turns(tokenizer, example.question.strip(), example.answer.strip())
        prompt = token_ids(tokenizer, turns.prompt)
        found.append(Text((*prompt, *token_ids(tokenizer, turns.answer)), len(prompt)))
    return [text for text in found if len(text.ids) <= longest]


def held_back(texts: Sequence[Text], count: int, seed: int) -> tuple[list[Text], list[Text]]:
    """Return texts to learn from and at most `count` to validate on; raise DataError for fewer than two.

    Small texts give at most a fifth of themselves.
    """
    if len(texts) < 2:  # noqa: PLR2004  # one to learn from, one to validate on
        raise DataError(
            "heal: the neutral text is shorter than two pieces; give a longer `heal.text`,"
            " or lower `heal.base.sequence_tokens`"
        )
    drawn = random.Random(seed).sample(texts, len(texts))  # noqa: S311  an order of texts, not a secret
    kept = max(1, min(count, len(drawn) // 5))
    return drawn[kept:], drawn[:kept]


def steps_of(texts: Sequence[Text], step_size: int, steps: int, seed: int) -> list[list[Text]]:
    """Return the texts of each step: pass after pass, each in another order, and like lengths together."""
    found: list[list[Text]] = []
    passes = 0
    while len(found) < steps:
        drawn = random.Random(seed + passes)  # noqa: S311  an order of texts, not a secret
        order = sorted(drawn.sample(texts, len(texts)), key=lambda text: len(text.ids))
        batches = [order[start : start + step_size] for start in range(0, len(order), step_size)]
        found += drawn.sample(batches, len(batches))
        passes += 1
    return found[:steps]


def _cut(stream: Sequence[int], tokens: int) -> list[Text]:
    starts = range(0, len(stream) - tokens + 1, tokens)
    return [Text(tuple(stream[start : start + tokens]), 1) for start in starts]

"""Two tokenizers on ten thousand lines, token by token.

In: a tokenizer, its SentencePiece form and a domain's own texts. Out: nothing, or a refusal that shows the
first line that differs. The domain's pairs come first, also as the chat template writes them, then its
passages; random characters of many scripts fill up, because what a user types is not in the corpus.
"""

import random
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tasks.convert.mediapipe.prompts import REMEDY
from tasks.kernel.errors import ModelError
from tasks.models.chat import chat_turns, token_ids
from tasks.records.corpus import Passage
from tasks.records.dataset import DRAWN, Example
from tasks.records.files import read_records

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LINES = 10_000
OWN_LINES = 8_000
"""At most so many are the domain's: the rest is random."""
_SEED = 42
_LONGEST = 40
_SHOWN = 60
_SPACES = 0.15
_SCRIPTS = (
    *((0x20, 0x7F), (0x20, 0x7F), (0xA1, 0x250), (0x370, 0x530), (0x5D0, 0x6FF), (0x900, 0x0DFF)),
    *(
        (0xE00, 0x11FF),
        (0x2010, 0x27BF),
        (0x3041, 0x30FF),
        (0x4E00, 0x9FFF),
        (0xAC00, 0xD7A3),
        (0x1F300, 0x1FAFF),
    ),
)
"""First code point and the one after the last, of what people type."""


class Pair(NamedTuple):
    """What a line becomes."""

    line: str
    expected: list[int]
    found: list[int]


def check_lines(name: Path, tokenizer: "PreTrainedTokenizerBase", model: bytes, lines: Sequence[str]) -> None:
    """Raise ModelError, which calls the model `name`, where SentencePiece gives any line other tokens."""
    from sentencepiece import SentencePieceProcessor

    try:
        other = SentencePieceProcessor(model_proto=model)
    except RuntimeError as error:
        raise ModelError(
            f"{name}: its tokenizer has no SentencePiece form, which MediaPipe needs ({error}); {REMEDY}"
        ) from error
    pairs = (Pair(line, token_ids(tokenizer, line), other.Encode(line)) for line in lines)
    if differing := [pair for pair in pairs if pair.expected != pair.found]:
        raise ModelError(
            f"{name}: MediaPipe needs a SentencePiece tokenizer, and as one this differs in"
            f" {len(differing)} of {len(lines)} lines, first in {_shown(differing[0], tokenizer)}; {REMEDY}"
        )


def compared_lines(
    tokenizer: "PreTrainedTokenizerBase", start_token: str, corpus: Path, dataset: Path
) -> list[str]:
    """Return the lines to compare on: the same for the same domain.

    Prompts stand there without their start token, which the runtime adds as a token and not as text.
    """
    found = (line.removeprefix(start_token) for line in _domain_lines(tokenizer, corpus, dataset))
    own = list(islice(dict.fromkeys(found), OWN_LINES))
    return [*own, *random_lines(LINES - len(own))]


def random_lines(count: int) -> list[str]:
    """Return lines of random characters, half of them of one script each."""
    chance = random.Random(_SEED)  # noqa: S311  # no secret
    return [_random_line(chance, mixed=bool(number % 2)) for number in range(count)]


def _domain_lines(tokenizer: "PreTrainedTokenizerBase", corpus: Path, dataset: Path) -> Iterator[str]:
    for split in DRAWN:
        for example in read_records(dataset / f"{split}.jsonl", Example):
            turns = chat_turns(tokenizer, example.question, example.answer).whole()
            yield turns.prompt
            yield from _lines(example.question)
            yield from _lines(example.answer)
    for passage in read_records(corpus / "passages.jsonl", Passage):
        yield from _lines(passage.own)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _random_line(chance: random.Random, *, mixed: bool) -> str:
    scripts = _SCRIPTS if mixed else (chance.choice(_SCRIPTS),)
    characters = (_random_character(chance, scripts) for _ in range(chance.randint(1, _LONGEST)))
    return "".join(characters)


def _random_character(chance: random.Random, scripts: Sequence[tuple[int, int]]) -> str:
    if chance.random() < _SPACES:
        return chance.choice(" \n\t")
    while True:
        character = chr(chance.randrange(*chance.choice(scripts)))
        if unicodedata.category(character) not in {"Cn", "Cc"}:
            return character


def _shown(pair: Pair, tokenizer: "PreTrainedTokenizerBase") -> str:
    """Return the line around the first token that differs."""
    same = takewhile(lambda both: both[0] == both[1], zip(pair.expected, pair.found, strict=False))
    place = len(list(same))
    before = tokenizer.decode(pair.expected[:place])
    line = pair.line if len(pair.line) <= _SHOWN else f"...{pair.line[max(0, len(before) - _SHOWN // 2) :]}"
    wanted = tokenizer.decode(pair.expected[place : place + 1])
    return f"{line[:_SHOWN]!r}, where token {place + 1} is to be {wanted!r}"

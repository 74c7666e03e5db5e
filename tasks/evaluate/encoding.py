"""Put a question and its reference answer into the tokens that are scored.

In: both turns in the chat format. Out: the tokens that a model is given and those that it has
to predict.
"""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from tasks.chat import Turns, token_ids
from tasks.errors import DataError


@dataclass(frozen=True)
class Encoded:
    """The tokens that a model is given and those that it has to predict."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def encode(tokenizer: PreTrainedTokenizerBase, turns: Turns, max_length: int) -> Encoded:
    """Tokenize both turns and cut the answer's end at `max_length`; raise DataError if none of it is left."""
    prompt = token_ids(tokenizer, turns.prompt)
    answer = token_ids(tokenizer, turns.answer)[: max(0, max_length - len(prompt))]
    if not answer:
        message = (
            f"`max_length` {max_length}: a question of {len(prompt)} tokens leaves no room for its answer"
        )
        raise DataError(f"{message}; raise it or shorten the question {turns.prompt[:80]!r}")
    return Encoded(tuple(prompt), tuple(answer))

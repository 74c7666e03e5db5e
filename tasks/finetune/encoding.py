"""Turn questions and answers into token ids with the loss on the answer alone.

In: examples and a tokenizer with a chat template. Out: `Encoded` examples whose labels are
the answer's tokens and the end-of-turn token. Labels are set by position, never by token
id, because the end-of-turn token often doubles as padding and would be masked with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.kernel.errors import DataError
from tasks.models.chat import chat_turns, token_ids
from tasks.records.dataset import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label that carries no loss."""


@dataclass(frozen=True)
class Encoded:
    """One example as the model sees it."""

    domain: str
    input_ids: tuple[int, ...]
    labels: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """Prompt and answer tokens, without padding."""
        return len(self.input_ids)


def encode_examples(
    examples: Iterable[Example], domain: str, tokenizer: "PreTrainedTokenizerBase", max_length: int
) -> list[Encoded]:
    """Encode the examples that fit into `max_length` tokens; raise DataError where none does."""
    encoded = [encode(example, domain, tokenizer) for example in examples]
    fitting = [one for one in encoded if one.tokens <= max_length]
    if not fitting:
        problem = (
            f"none of {len(encoded)} examples fits into {max_length} tokens" if encoded else "no examples"
        )
        raise DataError(f"domain {domain}: {problem}; raise `max_length` or give the domain more data")
    return fitting


def encode(example: Example, domain: str, tokenizer: "PreTrainedTokenizerBase") -> Encoded:
    """Encode one example; prompt and completion apart, as they are when the model answers."""
    turns = chat_turns(tokenizer, example.question.strip(), example.answer.strip())
    prompt_ids, completion_ids = token_ids(tokenizer, turns.prompt), token_ids(tokenizer, turns.answer)
    labels = [IGNORED] * len(prompt_ids) + completion_ids
    return Encoded(domain, tuple(prompt_ids + completion_ids), tuple(labels))

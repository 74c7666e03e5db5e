"""Turn questions and answers into token ids with the loss on the answer alone.

In: examples and a tokenizer with a chat template. Out: `Encoded` examples whose labels are
the answer's tokens and the end-of-turn token. Labels are set by position, never by token
id, because the end-of-turn token often doubles as padding and would be masked with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.errors import DataError, ModelError
from tasks.records import Example

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
    prompt, completion = chat_turns(example.question.strip(), example.answer.strip(), tokenizer)
    prompt_ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    completion_ids = tokenizer(completion, add_special_tokens=False)["input_ids"]
    labels = [IGNORED] * len(prompt_ids) + completion_ids
    return Encoded(domain, tuple(prompt_ids + completion_ids), tuple(labels))


def chat_turns(question: str, answer: str, tokenizer: "PreTrainedTokenizerBase") -> tuple[str, str]:
    """Return the text before the answer, and the answer with its end-of-turn token and nothing after it."""
    user = [{"role": "user", "content": question}]
    prompt = _render(user, tokenizer, open_turn=True)
    whole = _render([*user, {"role": "assistant", "content": answer}], tokenizer, open_turn=False)
    if not whole.startswith(prompt + answer):
        raise ModelError(
            "chat template: a finished conversation does not begin with the prompt and the answer;"
            " use a base model whose template leaves the turns as they are"
        )
    return prompt, answer + _first_special(whole.removeprefix(prompt + answer), tokenizer)


def end_of_turn(tokenizer: "PreTrainedTokenizerBase") -> int:
    """Return the id of the token that ends the assistant's turn."""
    _, completion = chat_turns("?", "!", tokenizer)
    return int(tokenizer(completion, add_special_tokens=False)["input_ids"][-1])


def _render(messages: list[dict[str, str]], tokenizer: "PreTrainedTokenizerBase", *, open_turn: bool) -> str:
    if not tokenizer.chat_template:
        raise ModelError(
            "base model: its tokenizer has no chat template; use an instruction-tuned base model"
        )
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=open_turn))


def _first_special(suffix: str, tokenizer: "PreTrainedTokenizerBase") -> str:
    special = sorted(
        (token.content for token in tokenizer.added_tokens_decoder.values()), key=len, reverse=True
    )
    token = next((token for token in special if suffix.lstrip().startswith(token)), None)
    if token is None:
        raise ModelError(
            f"chat template: no special token ends the assistant's turn (found {suffix[:20]!r}), so a"
            " fine-tuned model would never stop; use a base model whose template ends its turns"
        )
    return token

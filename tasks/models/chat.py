"""The chat format: a question and its answer as the tokenizer's template writes them.

In: plain text. Out: prompt and answer as text or token ids. Both are tokenized apart, because
a model that answers has its prompt tokenized before there is an answer.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.kernel.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Turns:
    """A prompt that ends where the assistant begins, and an answer that ends its turn."""

    prompt: str
    answer: str


def chat_turns(tokenizer: "PreTrainedTokenizerBase", question: str, answer: str) -> Turns:
    """Render both turns; the answer is followed by its end-of-turn token and nothing else.

    Raises ModelError where the template is missing, rewrites answers or never ends a turn.
    """
    user = {"role": "user", "content": question}
    prompt = prompt_text(tokenizer, question)
    whole = _render(tokenizer, [user, {"role": "assistant", "content": answer}], open_turn=False)
    if not whole.startswith(prompt + answer):
        raise ModelError(
            "chat template: a finished conversation does not begin with the prompt and the answer;"
            " use a base model whose template leaves the turns as they are"
        )
    return Turns(prompt, answer + _first_special(whole.removeprefix(prompt + answer), tokenizer))


def prompt_text(tokenizer: "PreTrainedTokenizerBase", question: str) -> str:
    """Return a user's turn and the opening of the assistant's; raise ModelError without a template."""
    return _render(tokenizer, [{"role": "user", "content": question}], open_turn=True)


def token_ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return the ids of `text` and nothing else: the chat format brings its own special tokens."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def end_of_turn(tokenizer: "PreTrainedTokenizerBase") -> int:
    """Return the id of the token that ends the assistant's turn."""
    return token_ids(tokenizer, chat_turns(tokenizer, "?", "!").answer)[-1]


def stop_ids(tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    """Return the tokens that end an answer: the template's end of turn and the tokenizer's end of text."""
    return sorted({end_of_turn(tokenizer), int(tokenizer.eos_token_id)})


def _render(tokenizer: "PreTrainedTokenizerBase", messages: list[dict[str, str]], *, open_turn: bool) -> str:
    if not tokenizer.chat_template:
        raise ModelError("tokenizer: it has no chat template; use an instruction-tuned base model")
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

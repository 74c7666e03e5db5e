"""Put a question and its reference answer into the tokenizer's chat format.

In: plain text. Out: prompt and answer, as text and as token ids. They are tokenized apart,
because a model that answers has its prompt tokenized before there is an answer.
"""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from tasks.errors import DataError, ModelError


@dataclass(frozen=True)
class Turns:
    """A prompt that ends where the assistant begins, and an answer that ends its turn."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class Encoded:
    """The tokens that a model is given and those that it has to predict."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def chat_turns(tokenizer: PreTrainedTokenizerBase, question: str, answer: str) -> Turns:
    """Render both turns; raise ModelError where the template does not keep the answer as it is."""
    user = {"role": "user", "content": question}
    prompt = _render(tokenizer, [user], open_turn=True)
    whole = _render(tokenizer, [user, {"role": "assistant", "content": answer}], open_turn=False)
    if not whole.startswith(prompt + answer):
        raise ModelError(
            "chat template: it rewrites answers; evaluate a model whose template leaves them alone"
        )
    return Turns(prompt, whole.removeprefix(prompt).rstrip())


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


def token_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Return the ids of `text` and nothing else: the chat format brings its own special tokens."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def stop_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens that end an answer: the template's end of turn and the tokenizer's end of text."""
    end_of_turn = token_ids(tokenizer, chat_turns(tokenizer, "?", "!").answer)[-1]
    return sorted({end_of_turn, int(tokenizer.eos_token_id)})


def _render(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]], *, open_turn: bool) -> str:
    if not tokenizer.chat_template:
        raise ModelError("tokenizer: it has no chat template; evaluate an instruction-tuned model")
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=open_turn))

"""The chat format: a question and its answer as the tokenizer's template writes them.

In: plain text. Out: prompt and answer as text or token ids. Both are tokenized apart, because
a model that answers has its prompt tokenized before there is an answer. Texts are data: where
one spells a control token, it is torn by a mark before it enters the template, and encoded as
the characters that it is; a user could otherwise end the turn.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tasks.kernel.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_TORN = "\ufdd0"
"""Stands within a control token that a text spells; Unicode keeps it for a program's own use."""
_AHEAD = "\n"
"""Put before what follows a tear: a tokenizer may treat the beginning of a text as a word's."""


@dataclass(frozen=True)
class Turns:
    """A prompt that ends where the assistant begins, and an answer that ends its turn.

    Both are for `token_ids`: a control token that a text spells is torn in them.
    """

    prompt: str
    answer: str

    def whole(self) -> "Turns":
        """Return the turns as a runtime writes them that tokenizes by itself."""
        return Turns(self.prompt.replace(_TORN, ""), self.answer.replace(_TORN, ""))


def chat_turns(tokenizer: "PreTrainedTokenizerBase", question: str, answer: str) -> Turns:
    """Render both turns; the answer is followed by its end-of-turn token and nothing else.

    Raises ModelError where the template is missing, rewrites answers or never ends a turn.
    """
    user = {"role": "user", "content": _torn(tokenizer, question)}
    prompt, answer = prompt_text(tokenizer, question), _torn(tokenizer, answer)
    whole = _render(tokenizer, [user, {"role": "assistant", "content": answer}], open_turn=False)
    if not whole.startswith(prompt + answer):
        raise ModelError(
            "chat template: a finished conversation does not begin with the prompt and the answer;"
            " use a base model whose template leaves the turns as they are"
        )
    return Turns(prompt, answer + _first_special(whole.removeprefix(prompt + answer), tokenizer))


def prompt_text(tokenizer: "PreTrainedTokenizerBase", question: str) -> str:
    """Return a user's turn and the opening of the assistant's; raise ModelError without a template."""
    content = _torn(tokenizer, question)
    return _render(tokenizer, [{"role": "user", "content": content}], open_turn=True)


def token_ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return the ids of `text` and nothing else: the chat format brings its own special tokens."""
    first, *others = text.split(_TORN)
    return _ids(tokenizer, first) + [one for other in others for one in _continued(tokenizer, other)]


def end_of_turn(tokenizer: "PreTrainedTokenizerBase") -> int:
    """Return the id of the token that ends the assistant's turn."""
    return token_ids(tokenizer, chat_turns(tokenizer, "?", "!").answer)[-1]


def stop_ids(tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    """Return the tokens that end an answer: the template's end of turn and the tokenizer's end of text."""
    return sorted({end_of_turn(tokenizer), int(tokenizer.eos_token_id)})


def _torn(tokenizer: "PreTrainedTokenizerBase", text: str) -> str:
    """Return text with a mark in each control token that it spells."""
    spelled = _control_tokens(tokenizer, str(tokenizer.chat_template), len(tokenizer))
    # Two tokens may overlap: what is left of the second is looked for again.
    while spelled.search(text):
        text = spelled.sub(lambda found: found[0][:1] + _TORN + found[0][1:], text)
    return text


@lru_cache(maxsize=2)
def _control_tokens(tokenizer: "PreTrainedTokenizerBase", template: str, size: int) -> "re.Pattern[str]":
    """Match the special tokens and those that the template writes; other added ones are words or spaces.

    Kept for the texts that follow, as long as template and size of the tokenizer stay.
    """
    del size
    added = tokenizer.added_tokens_decoder.values()
    names = {token.content for token in added if token.special or token.content.strip() in template}
    found = sorted((name for name in names if len(name.strip()) > 1), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, found)) or r"(?!)")


def _ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _continued(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return the ids of a text that goes on within a word."""
    ahead, ids = _ids(tokenizer, _AHEAD), _ids(tokenizer, _AHEAD + text)
    return ids[len(ahead) :] if ids[: len(ahead)] == ahead else _ids(tokenizer, text)


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

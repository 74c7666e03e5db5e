"""Turn asks into the token ids of a conversation that waits for its reply.

In: a tokenizer and an ask. Out: token ids. A document may hold what looks like the tokenizer's own special
tokens, with which it could end the turn and speak as somebody else: they are taken out of quoted text.
"""

import re

from transformers import PreTrainedTokenizerBase

from tasks.errors import ModelError
from tasks.generate.pairs import Ask
from tasks.generate.teachers.decoding import Tokens
from tasks.generate.teachers.prompts import messages


class Conversations:
    """Writes prompts as one tokenizer's chat template has them."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Take the tokenizer; raise ModelError where it has no chat template."""
        if not tokenizer.chat_template:
            raise ModelError(
                f"{tokenizer.name_or_path}: its tokenizer has no chat template;"
                " take an instruction-tuned model as teacher"
            )
        self._tokenizer = tokenizer
        special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
        self._special = re.compile(
            "|".join(map(re.escape, sorted(special | set(tokenizer.all_special_tokens))))
        )

    def tokens(self, ask: Ask) -> Tokens:
        """Return the prompt of `ask`, up to and with the beginning of the reply."""
        turns = messages(
            ask.model_copy(update={"answer": self._plain(ask.answer), "text": self._plain(ask.text)})
        )
        # Templates of models that think first know the last option; others ignore it.
        text = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        opening = self._plain(ask.opening)
        tokens: Tokens = self._tokenizer(f"{text}{opening}", add_special_tokens=False)["input_ids"]
        return tokens

    def _plain(self, text: str) -> str:
        return self._special.sub(" ", text)

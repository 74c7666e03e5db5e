"""Let a model write nothing but JSON of one schema.

In: a tokenizer and a JSON schema; then, at each step of a batch, logits. Out: logits in which every token
that would leave the schema is impossible. When a reply's last tokens come, only what closes it is
let through, so that a reply parses wherever its budget ends.
"""

import json
from collections.abc import Mapping, Sequence

import torch
from llguidance import LLMatcher
from llguidance.hf import from_tokenizer
from llguidance.torch import allocate_token_bitmask, fill_next_token_bitmask
from pydantic import JsonValue
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from tasks.generate.teacher_config import CLOSING_TOKENS
from tasks.kernel.errors import UnsupportedError


class Grammar:
    """A JSON schema, compiled for a tokenizer."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, size: int, schema: Mapping[str, JsonValue]
    ) -> None:
        """Compile `schema` for `size` token ids; raise UnsupportedError where the library cannot."""
        if not isinstance(tokenizer, PreTrainedTokenizerFast):
            raise UnsupportedError(
                f"teacher.constrained: {type(tokenizer).__name__} is no fast tokenizer; set it to false"
            )
        tokens = from_tokenizer(tokenizer, n_vocab=size)
        form = LLMatcher.grammar_from_json_schema(
            json.dumps(schema),
            overrides={"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "},
        )
        self._start = LLMatcher(tokens, form)
        if self._start.is_error():
            raise UnsupportedError(
                f"teacher.constrained: no grammar ({self._start.get_error()}); set it to false"
            )
        texts = tokenizer.batch_decode([[index] for index in range(len(tokenizer))])
        self._size = size
        self._closers = [
            torch.tensor([index for index, text in enumerate(texts) if text in wanted], dtype=torch.long)
            for wanted in (('"', '"}', '"}]'), ("}", "}]", "]"))
        ]

    def begin(self, rows: int) -> "Constraint":
        """Return what keeps `rows` replies to the schema from their first token on."""
        return Constraint([self._start.deep_copy() for _ in range(rows)], self._size, self._closers)


class Constraint:
    """Where each reply of a batch stands in the schema."""

    def __init__(self, matchers: Sequence[LLMatcher], size: int, closers: Sequence[torch.Tensor]) -> None:
        self._matchers = list(matchers)
        self._size = size
        self._closers = closers

    def restrict(self, logits: torch.Tensor, left: int) -> torch.Tensor:
        """Return the logits with those of other tokens at minus infinity; `left` tokens may still come."""
        allowed = self._allowed()
        if left <= CLOSING_TOKENS:
            allowed = self._ending(allowed)
        return logits.masked_fill(~allowed.to(logits.device), -torch.inf)

    def accept(self, tokens: Sequence[int]) -> list[bool]:
        """Take the token that each reply goes on with; return which replies are complete now."""
        for matcher, token in zip(self._matchers, tokens, strict=True):
            if not matcher.consume_token(token):
                raise RuntimeError(f"a token left the grammar: {matcher.get_error()}")
        return [matcher.is_stopped() for matcher in self._matchers]

    def select(self, rows: Sequence[int]) -> None:
        """Keep the replies at the places `rows`."""
        self._matchers = [self._matchers[row] for row in rows]

    def _allowed(self) -> torch.Tensor:
        bits = allocate_token_bitmask(len(self._matchers), self._size)
        for row, matcher in enumerate(self._matchers):
            fill_next_token_bitmask(matcher, bits, row)
        unpacked = (bits[:, :, None] >> torch.arange(32, dtype=torch.int32)) & 1
        return unpacked.flatten(1)[:, : self._size].bool()

    def _ending(self, allowed: torch.Tensor) -> torch.Tensor:
        """Prefer a quotation mark, which ends the string that is open, then the brackets after it."""
        ending = allowed
        for closers in reversed(self._closers):
            only = torch.zeros_like(allowed)
            only[:, closers] = allowed[:, closers]
            ending = torch.where(only.any(1, keepdim=True), only, ending)
        return ending

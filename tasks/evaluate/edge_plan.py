"""Work out which tokens LiteRT-LM sees when it is asked to score an answer.

In: a prompt and what the runtime does to prompts. Out: the texts to prefill and the token
sequence that the answer is then conditioned on. LiteRT-LM 0.18.1 puts its own start token
in front and, on scoring, lets the last prefilled token overwrite the one before it
(google-ai-edge/LiteRT-LM issue 3561); both are met here by what is sent, so that bundle and
float model score one and the same sequence.
"""

from collections.abc import Callable
from dataclasses import dataclass

Tokenize = Callable[[str], list[int]]
Decode = Callable[[int], str]


@dataclass(frozen=True)
class Habits:
    """What the runtime does to a prompt unasked."""

    start_token: int | None
    """Put in front of every session's first prefill."""
    drops_token: bool
    """Whether scoring loses the last but one prefilled token."""


@dataclass(frozen=True)
class Prefill:
    """Texts for the runtime, tokenized one by one, and what they amount to."""

    parts: tuple[str, ...]
    seen: tuple[int, ...]
    """The tokens that the answer is conditioned on."""


def plan_prefill(prompt: str, tokenize: Tokenize, decode: Decode, habits: Habits) -> Prefill:
    """Return texts that make the runtime see `prompt`, or else the tokens that it sees instead."""
    text, seen = _without_start(prompt, tokenize, decode, habits.start_token)
    if not habits.drops_token:
        return Prefill((text,), seen)
    last = decode(seen[-1])
    if tokenize(last) == [seen[-1]]:
        # The token that is lost is then the first of two equal ones.
        return Prefill((text, last), seen)
    return Prefill((text,), (*seen[:-2], seen[-1]))


def _without_start(
    prompt: str, tokenize: Tokenize, decode: Decode, start: int | None
) -> tuple[str, tuple[int, ...]]:
    tokens = tokenize(prompt)
    if start is None:
        return prompt, tuple(tokens)
    shorter = prompt.removeprefix(decode(start))
    if tokens[0] == start and tokenize(shorter) == tokens[1:]:
        return shorter, tuple(tokens)
    return prompt, (start, *tokens)

"""Run a shipped bundle in LiteRT-LM: ask it, time it and score reference answers with it.

In: a `.litertlm` file, questions with their chat turns. Out: answers, speeds and token
scores. Everything that needs the runtime is here, so that the arithmetic can be tested
without one.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import litert_lm

from tasks.evaluate.generation import Decoding
from tasks.evaluate.intervals import Loss
from tasks.evaluate.memory import resident_bytes
from tasks.evaluate.scoring import Encoded
from tasks.kernel.errors import ModelError
from tasks.models.chat import Turns

LOG = logging.getLogger(__name__)
SPARE = 8
"""Tokens left free at the end of the context: the runtime corrupts its memory when it runs over."""


@dataclass(frozen=True)
class Reply:
    """What the bundle said, and how fast."""

    text: str
    prompt_matches: bool
    """Whether the runtime prefilled the chat format's tokens, no more and no less."""
    decode_tokens_per_second: float
    prefill_tokens_per_second: float
    first_token_ms: float
    seconds: float


@dataclass(frozen=True)
class Habits:
    """What the runtime does to a prompt unasked."""

    start_token: int | None
    """Put in front of every session's first prefill."""
    drops_token: bool
    """Whether scoring loses the last but one prefilled token."""


@dataclass(frozen=True)
class EdgeRun:
    """Everything measured on one bundle, in the order of its questions; None where one does not fit."""

    replies: list[Reply | None]
    sequences: list[Encoded | None]
    """The tokens behind each score, for the float model to score as well."""
    losses: list[Loss | None]
    habits: Habits
    context_tokens: int
    threads: int
    init_seconds: float
    memory_bytes: int


def run_bundle(
    bundle: Path,
    asked: Sequence[tuple[str, Turns]],
    decoding: Decoding,
    cache: Path,
    done: Callable[[int], None],
) -> EdgeRun:
    """Let `bundle` answer and score each question; raise ModelError where the runtime refuses the file."""
    before, start, threads = resident_bytes(), perf_counter(), os.cpu_count() or 1
    with _engine(bundle, cache, threads) as engine:
        init_seconds = perf_counter() - start
        habits, context = _habits(engine), _context_tokens(bundle)
        replies, scores = [], []
        for question, turns in asked:
            prefill = _plan(engine, turns.prompt, habits)
            replies.append(_reply(engine, question, turns, decoding, context))
            scores.append(_score(engine, prefill, turns.answer, context))
            done(1)
        memory = max(0, resident_bytes() - before)
    sequences, losses = [pair[0] for pair in scores], [pair[1] for pair in scores]
    return EdgeRun(replies, sequences, losses, habits, context, threads, init_seconds, memory)


@contextmanager
def _engine(bundle: Path, cache: Path, threads: int) -> Iterator[litert_lm.Engine]:
    if not bundle.is_file():
        raise ModelError(f"{bundle}: no such bundle; run the convert stage again")
    litert_lm.set_min_log_severity(litert_lm.LogSeverity.ERROR)
    # Without a cache folder the runtime writes its packed weights beside the bundle, into the artifact.
    cache.mkdir(parents=True, exist_ok=True)
    backend = litert_lm.Backend.CPU(thread_count=threads)
    try:
        engine = litert_lm.Engine(str(bundle), backend=backend, cache_dir=str(cache), enable_benchmark=True)
    except RuntimeError as error:
        raise ModelError(
            f"{bundle}: LiteRT-LM cannot load it ({error}); run the convert stage again"
        ) from error
    try:
        yield engine
    finally:
        engine.close()


def _habits(engine: litert_lm.Engine) -> Habits:
    """Try whether scoring forgets a token: two prompts that differ in that one then score alike."""
    scores = [_token_scores(engine, ("a", middle, "\n"), "c") for middle in ("b", "d")]
    return Habits(engine.bos_token_id, scores[0] == scores[1])


def _context_tokens(bundle: Path) -> int:
    with litert_lm.ModelInfo(str(bundle)) as info:
        return int(info.max_context_tokens)


@dataclass(frozen=True)
class Prefill:
    """Texts for the runtime, tokenized one by one, and what they amount to."""

    parts: tuple[str, ...]
    seen: tuple[int, ...]
    """The tokens that the answer is conditioned on."""


def _plan(engine: litert_lm.Engine, prompt: str, habits: Habits) -> Prefill:
    return plan_prefill(prompt, engine.tokenize, lambda token: str(engine.detokenize([token])), habits)


def _reply(
    engine: litert_lm.Engine, question: str, turns: Turns, decoding: Decoding, context: int
) -> Reply | None:
    prompt_tokens = len(engine.tokenize(turns.prompt))
    room = context - prompt_tokens - SPARE
    if room < 1:
        return None
    start = perf_counter()
    options = {"sampler_config": _sampler(decoding), "max_output_tokens": min(decoding.max_new_tokens, room)}
    with engine.create_conversation(**options) as conversation:
        text = str(conversation.send_message(question)).strip()
        speed = conversation.get_benchmark_info()
    return Reply(
        text,
        speed.last_prefill_token_count == prompt_tokens,
        speed.last_decode_tokens_per_second,
        speed.last_prefill_tokens_per_second,
        1000 * speed.time_to_first_token_in_second,
        perf_counter() - start,
    )


def _sampler(decoding: Decoding) -> litert_lm.SamplerConfig:
    if decoding.temperature == 0:
        return litert_lm.SamplerConfig(top_k=1, top_p=1.0, temperature=0.0, seed=decoding.seed)
    return litert_lm.SamplerConfig(top_p=1.0, temperature=decoding.temperature, seed=decoding.seed)


def _score(
    engine: litert_lm.Engine, prefill: Prefill, answer: str, context: int
) -> tuple[Encoded, Loss] | tuple[None, None]:
    tokens = tuple(engine.tokenize(answer))
    if len(prefill.seen) + len(tokens) + SPARE > context:
        return None, None
    scores = _token_scores(engine, prefill.parts, answer)
    if len(scores) != len(tokens):
        raise ModelError(f"LiteRT-LM scored {len(scores)} of {len(tokens)} tokens; use litert-lm 0.18.1")
    return Encoded(prefill.seen, tokens), Loss(-sum(scores), len(scores))


def _token_scores(engine: litert_lm.Engine, parts: tuple[str, ...], answer: str) -> list[float]:
    with engine.create_session(apply_prompt_template=False) as session:
        session.run_prefill(list(parts))
        return [float(score) for score in session.run_text_scoring([answer]).token_scores[0]]


Tokenize = Callable[[str], list[int]]
Decode = Callable[[int], str]


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

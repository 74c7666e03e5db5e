"""Run a shipped bundle in LiteRT-LM: ask it, time it and score reference answers with it.

In: a `.litertlm` file, questions with their chat turns. Out: answers, speeds and token
scores. Everything that needs the runtime is here, so that the arithmetic can be tested
without one.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import compress
from pathlib import Path
from time import perf_counter

from tasks.evaluate.measuring.answer_scoring import Encoded
from tasks.evaluate.measuring.generation import Decoding
from tasks.evaluate.measuring.memory import resident_bytes
from tasks.kernel.errors import ModelError
from tasks.models.bundle import Bundle, sampler
from tasks.models.chat import Turns
from tasks.statistics.bootstrap import Loss

LOG = logging.getLogger(__name__)


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
class RuntimeTraits:
    """What the runtime does to a prompt unasked."""

    start_token: int | None
    """Put in front of every session's first prefill."""
    drops_token: bool
    """Whether scoring loses the last but one prefilled token."""


@dataclass(frozen=True)
class Scored:
    """An answer with the loss of each of its tokens."""

    sequence: Encoded
    nats: tuple[float, ...]


@dataclass(frozen=True)
class EdgeRun:
    """Everything measured on one bundle, in the order of its questions; None where one does not fit."""

    replies: list[Reply | None]
    sequences: list[Encoded | None]
    """The tokens behind each score, for the float model to score as well."""
    losses: list[Loss | None]
    traits: RuntimeTraits
    context_tokens: int
    threads: int
    init_seconds: float
    memory_bytes: int
    probes: list[Scored | None] = field(default_factory=list)
    """What it says of further answers, token by token."""

    def part(self, asked: Sequence[bool]) -> "EdgeRun":
        """Return the run without some of its questions."""
        return replace(
            self,
            replies=list(compress(self.replies, asked)),
            sequences=list(compress(self.sequences, asked)),
            losses=list(compress(self.losses, asked)),
        )


def run_bundle(
    bundle: Path,
    asked: Sequence[tuple[str, Turns]],
    decoding: Decoding,
    cache: Path,
    done: Callable[[int], None],
    probes: Sequence[Turns] = (),
    adapter: Path | None = None,
) -> EdgeRun:
    """Let `bundle` answer and score each question, and score each probe.

    An `adapter` is laid on a bundle that is a shared base.
    Raises ModelError where the runtime refuses a file.
    """
    before, start = resident_bytes(), perf_counter()
    with closing(Bundle(bundle, cache, adapter=adapter)) as opened, opened.errors():
        init_seconds = perf_counter() - start
        traits = _traits(opened)
        replies, scores = [], []
        for question, turns in asked:
            prefill = _plan(opened, turns.prompt, traits)
            replies.append(_reply(opened, question, turns, decoding))
            scores.append(_score(opened, prefill, turns.answer))
            done(1)
        probed = [_score(opened, _plan(opened, turns.prompt, traits), turns.answer) for turns in probes]
        memory = max(0, resident_bytes() - before)
    sequences = [score.sequence if score else None for score in scores]
    losses = [Loss(sum(score.nats), len(score.nats)) if score else None for score in scores]
    context, threads = opened.context_tokens, opened.threads
    return EdgeRun(replies, sequences, losses, traits, context, threads, init_seconds, memory, probed)


def _traits(bundle: Bundle) -> RuntimeTraits:
    """Try whether scoring forgets a token: two prompts that differ in that one then score alike."""
    scores = [_token_scores(bundle, ("a", middle, "\n"), "c") for middle in ("b", "d")]
    return RuntimeTraits(bundle.engine.bos_token_id, scores[0] == scores[1])


@dataclass(frozen=True)
class Prefill:
    """Texts for the runtime, tokenized one by one, and what they amount to."""

    parts: tuple[str, ...]
    seen: tuple[int, ...]
    """The tokens that the answer is conditioned on."""


def _plan(bundle: Bundle, prompt: str, traits: RuntimeTraits) -> Prefill:
    engine = bundle.engine
    return plan_prefill(prompt, engine.tokenize, lambda token: str(engine.detokenize([token])), traits)


def _reply(bundle: Bundle, question: str, turns: Turns, decoding: Decoding) -> Reply | None:
    prompt_tokens = len(bundle.engine.tokenize(turns.prompt))
    limit = bundle.room(prompt_tokens, decoding.max_new_tokens)
    if not limit:
        return None
    start, sampling = perf_counter(), sampler(decoding.temperature, seed=decoding.seed)
    with bundle.engine.create_conversation(
        sampler_config=sampling, max_output_tokens=limit, lora_config=bundle.apart
    ) as conversation:
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


def _score(bundle: Bundle, prefill: Prefill, answer: str) -> Scored | None:
    tokens = tuple(bundle.engine.tokenize(answer))
    if bundle.room(len(prefill.seen), len(tokens)) < len(tokens):
        return None
    scores = _token_scores(bundle, prefill.parts, answer)
    if len(scores) != len(tokens):
        raise ModelError(f"LiteRT-LM scored {len(scores)} of {len(tokens)} tokens; use litert-lm 0.18.1")
    return Scored(Encoded(prefill.seen, tokens), tuple(-score for score in scores))


def _token_scores(bundle: Bundle, parts: tuple[str, ...], answer: str) -> list[float]:
    with bundle.engine.create_session(apply_prompt_template=False, lora_config=bundle.apart) as session:
        session.run_prefill(list(parts))
        return [float(score) for score in session.run_text_scoring([answer]).token_scores[0]]


Tokenize = Callable[[str], list[int]]
Decode = Callable[[int], str]


def plan_prefill(prompt: str, tokenize: Tokenize, decode: Decode, traits: RuntimeTraits) -> Prefill:
    """Return texts that make the runtime see `prompt`, or else the tokens that it sees instead."""
    text, seen = _without_start(prompt, tokenize, decode, traits.start_token)
    if not traits.drops_token:
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

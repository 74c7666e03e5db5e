"""Ask an INT4 bundle on the CPU, in the runtime that phones have.

In: a `.litertlm` file, sampling settings and asks. Out: one reply an ask, in order. Each ask has a
conversation of its own and a seed of its own, so that a reply depends on nothing that was asked
before.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import litert_lm
from pydantic import JsonValue

from tasks.generate.pairs import Ask, Reply, Report
from tasks.generate.teacher_config import LitertlmTeacher
from tasks.generate.teachers.prompts import messages, pairs_schema
from tasks.generate.teachers.seeds import ask_seed
from tasks.kernel.errors import DataError
from tasks.models.bundle import Bundle, sampler

logger = logging.getLogger(__name__)

_END = re.compile(r"\?|(?<=\S)[^\S\n]*\n")
"""Where a question ends: at its mark, or with its line."""
_GUIDANCE = litert_lm.ConstrainedDecodingConfig(
    enable=True, provider=litert_lm.LiteRtLmConstraintProviderType.LL_GUIDANCE
)


class BundleTeacher:
    """Completes conversations with a bundle."""

    def __init__(self, config: LitertlmTeacher, bundle: Path) -> None:
        """Load the bundle; raise ModelError where the runtime refuses it."""
        self._config = config
        self._bundle = Bundle(bundle, remedy="give teacher.model.path a .litertlm file")
        self._answered = 0

    def __call__(self, asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:
        """Return the replies in the order of `asks`; one that the context has no room for is empty.

        Raises DataError where not a single prompt has fitted so far, and ModelError where the runtime fails.
        """
        replies = []
        for place, ask in enumerate(asks):
            replies.append(self._reply(ask, ask_seed(seed, place)))
            report(len(replies))
        self._answered += sum(reply.input_tokens > 0 for reply in replies)
        if any(map(_needs_reply, asks)) and not self._answered:
            context = f"{self._bundle.path}: its context of {self._bundle.context_tokens} tokens"
            raise DataError(
                f"{context} has no room for a prompt and a reply;"
                " shorten the passages, or convert the model with a longer cache_length"
            )
        return replies

    def _reply(self, ask: Ask, seed: int) -> Reply:
        if not _needs_reply(ask):
            return Reply(text="")
        prompt = self._prompt(ask)
        tokens = len(self._bundle.engine.tokenize(prompt))
        limit = self._bundle.room(tokens, self._config.max_new_tokens)
        if not limit:
            logger.warning("%s: a prompt of %d tokens does not fit the bundle's context", ask.passage, tokens)
            return Reply(text="")
        sampling = sampler(self._config.temperature, self._config.top_p, seed)
        with self._bundle.errors():
            if ask.answer:
                text, written = self._question(prompt, sampling, limit)
            else:
                text, written = self._pairs(ask, sampling, limit)
        return Reply(text=text, input_tokens=tokens, output_tokens=written)

    def _prompt(self, ask: Ask) -> str:
        *before, wish = messages(ask)
        with self._bundle.engine.create_conversation(messages=before) as conversation:
            return str(conversation.render_message_to_string(wish)) + ask.opening

    def _question(self, prompt: str, sampling: litert_lm.SamplerConfig, limit: int) -> tuple[str, int]:
        """Complete the prompt up to the end of its question, in a session: conversations begin replies anew.

        The runtime's own count goes on after that, by chance; the pieces that it hands out do not.
        """
        options = {"apply_prompt_template": False, "sampler_config": sampling, "max_output_tokens": limit}
        text, written, ended = "", 0, None
        with self._bundle.engine.create_session(**options) as session:
            session.run_prefill([prompt])
            # The decoding thread must end before the session does, so its last pieces are taken, not used.
            for piece in session.run_decode_async():
                if ended is None:
                    text, written = text + piece.texts[0], written + 1
                    ended = _END.search(text)
                    if ended:
                        session.cancel_process()
        return text[: ended.end()] if ended else text, written

    def _pairs(self, ask: Ask, sampling: litert_lm.SamplerConfig, limit: int) -> tuple[str, int]:
        *before, wish = messages(ask)
        schema = litert_lm.ResponseFormat.json(_compact(pairs_schema(ask.count)))
        with self._bundle.engine.create_conversation(
            messages=before, sampler_config=sampling, constrained_decoding_config=_GUIDANCE
        ) as conversation:
            message = conversation.send_message(
                wish,
                max_output_tokens=limit,
                response_format=schema if self._config.constrained else None,
            )
            written = int(conversation.get_benchmark_info().last_decode_token_count)
        return _escaped(str(message)) if self._config.constrained else str(message), written


def _needs_reply(ask: Ask) -> bool:
    return not ask.opening.endswith("?")


def _compact(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the schema without white space between its parts.

    The grammar sees the tokenizer's raw pieces (LiteRT-LM's issue 3510), in which a space or a line break is
    another letter: where one has to be written, none would come.
    """
    return {**schema, "x-guidance": {"whitespace_flexible": False}}


def _escaped(text: str) -> str:
    """Return JSON with its line breaks escaped: for the same reason the grammar lets raw ones through.

    A reply whose string ended the turn, which the grammar takes for more letters, stays as it is.
    """
    try:
        return json.dumps(json.loads(text, strict=False), ensure_ascii=False)
    except json.JSONDecodeError:
        return text

"""Try a bundle in the phone's runtime before anybody gets it.

In: a bundle, the tokenizer of the model that it was made of, and the adapter that it is asked with, if any.
Out: its speed, or an error that says what is wrong. Only what holds whatever its weights are is asked of it:
a model that was trained for a minute answers nonsense, but even nonsense has its form and ends.
"""

import json
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from litert_lm import (
    ConstrainedDecodingConfig,
    Conversation,
    LiteRtLmConstraintProviderType,
    LoraConfig,
    ResponseFormat,
)

from tasks.kernel.errors import ModelError
from tasks.models.bundle import Bundle, sampler
from tasks.models.chat import end_of_turn, prompt_text, token_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_QUESTION = "What helps against fear?"
_TOKENS = 16
"""Of a free answer: enough to tell a speed."""
_JSON_TOKENS = 64
_SCHEMA = {
    "type": "object",
    "properties": {"helps": {"type": "boolean"}},
    "required": ["helps"],
    "additionalProperties": False,
    # Where white space may come, a model without a plan writes nothing else.
    "x-guidance": {"whitespace_flexible": False},
}


def try_bundle(
    path: Path, tokenizer: "PreTrainedTokenizerBase", adapter: Path | None = None
) -> dict[str, float]:
    """Open and ask it; return speeds by the runtime's own benchmark.

    Raises ModelError where the runtime refuses it, writes another prompt than the chat format, would not end
    an answer, or cannot hold it to a JSON schema.
    """
    start = perf_counter()
    with closing(Bundle(path)) as bundle, bundle.errors():
        started = perf_counter() - start
        _check_format(bundle, tokenizer, adapter)
        check_json(bundle, adapter)
        return {"init_seconds": started, **_speeds(bundle, adapter)}


def check_json(bundle: Bundle, adapter: Path | None = None) -> None:
    """Ask for JSON of one form; raise ModelError where something else comes, or the answer does not end."""
    with _conversation(bundle, adapter, constrained=True) as conversation:
        limit = bundle.room(_prompt_tokens(bundle, conversation), _JSON_TOKENS)
        reply = str(
            conversation.send_message(
                _QUESTION, response_format=ResponseFormat.json(_SCHEMA), max_output_tokens=limit
            )
        )
        written = int(conversation.get_benchmark_info().last_decode_token_count)
    if not is_held(reply) or written >= limit:
        raise ModelError(
            f"{bundle.path}: asked for a JSON object with `helps` alone, LiteRT-LM wrote {reply[:80]!r} in"
            f" {written} tokens; it reads the tokenizer in another way than the model: convert it again with"
            " the versions of the lock"
        )


def is_held(reply: str) -> bool:
    """Tell whether a reply is a JSON object of the form that was asked for."""
    try:
        found = json.loads(reply)
    except json.JSONDecodeError:
        return False
    return isinstance(found, dict) and set(found) == {"helps"} and isinstance(found["helps"], bool)


def _check_format(bundle: Bundle, tokenizer: "PreTrainedTokenizerBase", adapter: Path | None) -> None:
    ours, start = prompt_text(tokenizer, _QUESTION), bundle.engine.bos_token_id
    with _conversation(bundle, adapter) as conversation:
        written = conversation.render_message_to_string(_QUESTION)
    theirs = written if start is None else str(bundle.engine.detokenize([start])) + written
    if theirs != ours:
        raise ModelError(
            f"{bundle.path}: LiteRT-LM writes the prompt as {theirs!r}, and training as {ours!r};"
            " give the base model a chat_template.jinja that both read alike"
        )
    ids, known = list(bundle.engine.tokenize(ours)), token_ids(tokenizer, ours)
    if ids != known:
        raise ModelError(
            f"{bundle.path}: LiteRT-LM reads the prompt as the tokens {ids}, and training as {known};"
            " use a base model whose tokenizer both read alike"
        )
    if [end_of_turn(tokenizer)] not in bundle.engine.eos_token_ids:
        raise ModelError(
            f"{bundle.path}: the token {end_of_turn(tokenizer)}, which ends a turn, does not end an answer in"
            " LiteRT-LM; name it as `eos_token` of the base model's tokenizer"
        )


def _speeds(bundle: Bundle, adapter: Path | None) -> dict[str, float]:
    with _conversation(bundle, adapter) as conversation:
        limit = bundle.room(_prompt_tokens(bundle, conversation), _TOKENS)
        conversation.send_message(_QUESTION, max_output_tokens=limit)
        told = conversation.get_benchmark_info()
    return {
        "prefill_tokens_per_second": told.last_prefill_tokens_per_second,
        "decode_tokens_per_second": told.last_decode_tokens_per_second,
        "time_to_first_token_ms": 1000 * told.time_to_first_token_in_second,
    }


def _conversation(bundle: Bundle, adapter: Path | None, *, constrained: bool = False) -> Conversation:
    guidance = ConstrainedDecodingConfig(enable=True, provider=LiteRtLmConstraintProviderType.LL_GUIDANCE)
    return bundle.engine.create_conversation(
        sampler_config=sampler(),
        constrained_decoding_config=guidance if constrained else None,
        lora_config=LoraConfig(lora_path=str(adapter)) if adapter else None,
    )


def _prompt_tokens(bundle: Bundle, conversation: Conversation) -> int:
    return len(bundle.engine.tokenize(conversation.render_message_to_string(_QUESTION)))

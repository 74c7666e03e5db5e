"""A chat template as prefixes and suffixes: what MediaPipe writes with them is what the template writes."""

import pytest

from tasks.convert.mediapipe.parameters import Affixes, PromptFormat, read_format, without_start
from tasks.convert.mediapipe.prompts import prompt_format
from tasks.kernel.errors import ModelError
from tasks.models.chat import chat_turns, prompt_text
from tasks.models.tiny import CHAT_TEMPLATE, byte_tokenizer

INSTRUCTED = "{{- '<|im_start|>system\\nBe kind.<|im_end|>\\n' -}}" + CHAT_TEMPLATE
STARTED = "{{- bos_token -}}" + CHAT_TEMPLATE.replace("<|im_start|>", "<turn>")
NUMBERED = CHAT_TEMPLATE.replace("'<|im_start|>' +", "'<|im_start|>' + loop.index|string +")
TRIMMED = CHAT_TEMPLATE.replace("message['content'] -}}", "message['content'][:2] -}}")
ENDED_ONCE = CHAT_TEMPLATE.replace("'<|im_end|>\\n'", "'<|im_end|>\\n' if loop.last else '\\n'")


def tokenizer_of(template: str):  # noqa: ANN201
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = template
    return tokenizer


def written(form: PromptFormat, *texts: str) -> str:
    """Return a conversation whose next turn is the model's."""
    turns = [
        f"{affixes.prefix}{text}{affixes.suffix}"
        for text, affixes in zip(texts, (form.user, form.model) * len(texts), strict=False)
    ]
    return form.start_token + form.opening + "".join(turns) + form.model.prefix


@pytest.mark.parametrize("template", [CHAT_TEMPLATE, INSTRUCTED, STARTED])
def test_prompt_is_what_the_template_writes(template) -> None:
    tokenizer = tokenizer_of(template)
    assert written(prompt_format(tokenizer, (2,)), "Why?") == prompt_text(tokenizer, "Why?")


@pytest.mark.parametrize("template", [CHAT_TEMPLATE, INSTRUCTED, STARTED])
def test_conversation_is_what_the_template_writes(template) -> None:
    tokenizer, texts = tokenizer_of(template), ("Why?", "So.", "And?")
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]
    rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert written(prompt_format(tokenizer, (2,)), *texts) == rendered


def test_answer_ends_as_the_template_ends_it() -> None:
    tokenizer = tokenizer_of(INSTRUCTED)
    form = prompt_format(tokenizer, (2,))
    assert ("So." + form.model.suffix).startswith(chat_turns(tokenizer, "Why?", "So.").answer)


def test_token_before_every_turn_is_no_start_token() -> None:
    form = prompt_format(tokenizer_of(CHAT_TEMPLATE), (2,))
    assert not form.start_token
    assert form.user.prefix == "<|im_start|>user\n"


def test_token_before_the_first_turn_alone_is_the_start_token() -> None:
    form = prompt_format(tokenizer_of(STARTED), (2,))
    assert (form.start_token, form.opening, form.user.prefix) == ("<|im_start|>", "", "<turn>user\n")


def test_instructions_of_the_template_open_the_session() -> None:
    assert prompt_format(tokenizer_of(INSTRUCTED), (2,)).opening == "<|im_start|>system\nBe kind.<|im_end|>\n"


def test_stop_tokens_are_named_as_the_tokenizer_spells_them() -> None:
    assert prompt_format(tokenizer_of(CHAT_TEMPLATE), (0, 2)).stop_tokens == ("<|endoftext|>", "<|im_end|>")


@pytest.mark.parametrize("template", [NUMBERED, TRIMMED, ENDED_ONCE])
def test_template_that_is_more_than_prefixes_and_suffixes_is_refused(template) -> None:
    with pytest.raises(ModelError, match=r'chat template: .*set `convert\.formats` to \["litertlm"\]'):
        prompt_format(tokenizer_of(template), (2,))


OPENED, TURNS = (
    b"B\x08\n\x02Hi\x12\x02u:",
    b"\x8a\x01\x14\n\x08\x12\x02u:\x1a\x02\n\n\x12\x08\x12\x02m:\x1a\x02\n\n",
)
METADATA = b"*\x05<end>" + b"2\x03<s>" + OPENED + TURNS
"""In the form in which MediaPipe's bundler writes it: stop token, start token, opening and turns."""


def test_metadata_are_read_field_by_field() -> None:
    turns = Affixes("u:", "\n\n"), Affixes("m:", "\n\n")
    assert read_format(METADATA) == PromptFormat("<s>", ("<end>",), "Hi", *turns)


def test_start_token_goes_and_all_else_stays() -> None:
    assert without_start(METADATA) == METADATA.replace(b"2\x03<s>", b"")


def test_format_survives_its_way_to_the_bundler() -> None:
    form = prompt_format(tokenizer_of(INSTRUCTED), (0, 2))
    assert PromptFormat.from_json(form.to_json()) == form

"""A chat template as what stands around each turn, which is all that a `.task` knows of it.

In: a tokenizer with its template. Out: prefixes and suffixes, found by rendering conversations with marks
as texts. A template that does not put the same around every turn is refused: a model would be asked in
another form than the one that it was trained on.
"""

from typing import TYPE_CHECKING

from tasks.convert.mediapipe.parameters import Affixes, PromptFormat
from tasks.kernel.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_ASKED, _ANSWERED, _AGAIN = "Pvqz", "Xjwk", "Gbmy"
"""Texts that no template holds."""
REMEDY = 'set `convert.formats` to ["litertlm"], which needs nothing of it'


def prompt_format(tokenizer: "PreTrainedTokenizerBase", stop_tokens: tuple[int, ...]) -> PromptFormat:
    """Return the template's turns, and its start token where it writes one before the first turn alone.

    Raises ModelError where prefixes and suffixes cannot say what the template does.
    """
    before, between = _parted(_rendered(tokenizer, [_ASKED]), _ASKED)
    ended = _rendered(tokenizer, [_ASKED], open_turn=False)
    user_suffix = ended.removeprefix(before + _ASKED)
    finished = _rendered(tokenizer, [_ASKED, _ANSWERED], open_turn=False)
    model_suffix = finished.removeprefix(before + _ASKED + between + _ANSWERED)
    again = _rendered(tokenizer, [_ASKED, _ANSWERED, _AGAIN])
    user_prefix = _parted(again, _AGAIN)[0].removeprefix(finished)
    model_prefix = between.removeprefix(user_suffix)
    opening = before.removesuffix(user_prefix)
    turns = Affixes(user_prefix, user_suffix), Affixes(model_prefix, model_suffix)
    if opening + _written(*turns) != again or not before.endswith(user_prefix):
        raise ModelError(
            f"chat template: it does not put the same text around every turn, as MediaPipe does; {REMEDY}"
        )
    start = _start(tokenizer, again)
    named = tuple(str(tokenizer.convert_ids_to_tokens(number)) for number in stop_tokens)
    return PromptFormat(start, named, opening.removeprefix(start), *turns)


def _written(user: Affixes, model: Affixes) -> str:
    """Return the conversation of all three texts as MediaPipe writes it."""
    asked, again = (f"{user.prefix}{text}{user.suffix}{model.prefix}" for text in (_ASKED, _AGAIN))
    return f"{asked}{_ANSWERED}{model.suffix}{again}"


def _start(tokenizer: "PreTrainedTokenizerBase", conversation: str) -> str:
    """Return the token that begins the conversation and stands nowhere else in it."""
    token = str(tokenizer.bos_token or "")
    return token if token and conversation.startswith(token) and conversation.count(token) == 1 else ""


def _parted(text: str, mark: str) -> tuple[str, str]:
    before, found, after = text.partition(mark)
    if not found or mark in after:
        raise ModelError(f"chat template: it does not write a turn's text once and as it is; {REMEDY}")
    return before, after


def _rendered(tokenizer: "PreTrainedTokenizerBase", texts: list[str], *, open_turn: bool = True) -> str:
    roles = ("user", "assistant", "user")
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=open_turn))

"""Turns: stop tokens in one order, the end of turn among them, and no doubled start token."""

from litert_lm_builder.runtime.proto.llm_metadata_pb2 import LlmMetadata

from tasks.convert.packing import settle_turns

BOS, END = "<bos>", ".<|im_end|>"


def metadata(start: str) -> LlmMetadata:
    message = LlmMetadata(jinja_prompt_template="<|im_start|>")
    message.start_token.token_str = start
    for number in (9, 5):
        message.stop_tokens.add().token_ids.ids.append(number)
    message.stop_tokens.add().token_str = END
    return message


def test_stop_tokens_are_ids_in_order_with_the_end_of_turn() -> None:
    message = metadata(BOS)
    settle_turns(message, 7, BOS + "?")
    assert [list(token.token_ids.ids) for token in message.stop_tokens] == [[5], [7], [9]]


def test_start_token_that_the_template_writes_is_dropped() -> None:
    message = metadata("<|im_start|>")
    settle_turns(message, 5, "<|im_start|>?")
    assert not message.HasField("start_token")


def test_start_token_that_only_the_runtime_adds_stays() -> None:
    message = metadata(BOS)
    settle_turns(message, 5, BOS + "?")
    assert message.start_token.token_str == BOS


def test_start_token_that_no_prompt_was_trained_with_is_dropped() -> None:
    message = metadata(BOS)
    settle_turns(message, 5, "<|im_start|>?")
    assert not message.HasField("start_token")

"""Correct what the exporter writes about turns: when to stop, and what stands before a prompt.

In: the exporter's `LlmMetadata` message. Out: the same message, changed in place. The exporter
keeps stop tokens in a set of strings, so that their order changes from process to process, and
names a start token even where the chat template writes it too: the runtime would double it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litert_lm_builder.runtime.proto.llm_metadata_pb2 import LlmMetadata


def settle_turns(metadata: "LlmMetadata", end_of_turn: int | None) -> None:
    """Name each stop token once and by id, and no start token that the template has in its text."""
    ids = {number for token in metadata.stop_tokens for number in token.token_ids.ids}
    if end_of_turn is not None:
        ids.add(end_of_turn)
    metadata.ClearField("stop_tokens")
    for number in sorted(ids):
        metadata.stop_tokens.add().token_ids.ids.append(number)
    start = metadata.start_token.token_str
    if start and start in metadata.jinja_prompt_template:
        metadata.ClearField("start_token")

"""What a `.litertlm` file tells its runtime about the conversation: template, stop tokens, context.

In: a bundle. Out: plain values, read from the file itself, because what ships is what counts. No engine is
opened.
"""

import io
from dataclasses import dataclass
from pathlib import Path

from litert_lm_builder import litertlm_core, litertlm_peek
from litert_lm_builder.runtime.proto.llm_metadata_pb2 import LlmMetadata

from tasks.kernel.errors import ModelError

_SECTION = "LlmMetadataProto"


@dataclass(frozen=True)
class BundleMetadata:
    """How to talk to the model."""

    chat_template: str
    stop_tokens: tuple[int, ...]
    """Each is a token that ends an answer by itself."""
    context_tokens: int


def bundle_metadata(bundle: Path) -> BundleMetadata:
    """Read it; raise ModelError where the file is missing or no bundle of a language model."""
    try:
        header = litertlm_peek.read_litertlm_header(str(bundle), io.StringIO())
    except FileNotFoundError as error:
        raise ModelError(f"{bundle}: no such bundle; run the convert stage again") from error
    except ValueError as error:
        raise ModelError(f"{bundle}: no LiteRT-LM bundle ({error}); run the convert stage again") from error
    listed = header.SectionMetadata()
    for section in (listed.Objects(index) for index in range(listed.ObjectsLength())):
        if litertlm_core.any_section_data_type_to_string(section.DataType()) == _SECTION:
            return _read(bundle, section.BeginOffset(), section.EndOffset())
    raise ModelError(f"{bundle}: it does not say how to talk to its model; run the convert stage again")


def _read(bundle: Path, begin: int, end: int) -> BundleMetadata:
    with bundle.open("rb") as stream:
        stream.seek(begin)
        found = LlmMetadata.FromString(stream.read(end - begin))
    ids = [tuple(token.token_ids.ids) for token in found.stop_tokens]
    return BundleMetadata(
        chat_template=found.jinja_prompt_template,
        stop_tokens=tuple(sorted(one[0] for one in ids if len(one) == 1)),
        context_tokens=found.max_num_tokens,
    )

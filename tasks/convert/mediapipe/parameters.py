"""What a `.task` tells its runtime about the conversation, and the message in which it stands.

In: the bytes of a `.task`'s `METADATA`. Out: a plain value, or the bytes without a start token. MediaPipe's
package has the message compiled into its library alone, so the fields that are used here are described once
more; the others are kept as they are.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "pocketmoe.mediapipe"
_TEXT, _MESSAGE = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_MESSAGE
_FIELDS: dict[str, dict[str, tuple[int, str]]] = {
    "Affixes": {"prefix": (2, ""), "suffix": (3, "")},
    "Templates": {"user": (1, "Affixes"), "model": (2, "Affixes")},
    "Session": {"session_prefix": (1, "")},
    "LlmParameters": {
        "stop_tokens": (5, ""),
        "start_token": (6, ""),
        "prompt_template": (8, "Session"),
        "prompt_templates": (17, "Templates"),
    },
}
"""Number and message of every field by message; without a message it is text."""


@dataclass(frozen=True)
class Affixes:
    """What stands around a turn's text."""

    prefix: str
    suffix: str


@dataclass(frozen=True)
class PromptFormat:
    """How a runtime without templates writes a conversation."""

    start_token: str
    """Put before every session; empty: nothing is."""
    stop_tokens: tuple[str, ...]
    opening: str
    """Text before the first turn, such as the instructions that a template gives by itself."""
    user: Affixes
    model: Affixes

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "PromptFormat":
        """Read it from text."""
        value = json.loads(text)
        turns = {name: Affixes(**value[name]) for name in ("user", "model")}
        return cls(**{**value, **turns, "stop_tokens": tuple(value["stop_tokens"])})


def read_format(metadata: bytes) -> PromptFormat:
    """Return what the metadata of a `.task` say; raise google.protobuf.message.DecodeError."""
    found = _message_class().FromString(metadata)
    turns = (getattr(found.prompt_templates, name) for name in ("user", "model"))
    user, model = (Affixes(turn.prefix, turn.suffix) for turn in turns)
    opening = found.prompt_template.session_prefix
    return PromptFormat(found.start_token, tuple(found.stop_tokens), opening, user, model)


def without_start(metadata: bytes) -> bytes:
    """Return the metadata without a start token: LiteRT-LM aborts on an empty one."""
    found = _message_class().FromString(metadata)
    found.ClearField("start_token")
    return bytes(found.SerializeToString(deterministic=True))


@cache
def _message_class() -> Any:
    file = FileDescriptorProto(name="llm_parameters.proto", package=_PACKAGE, syntax="proto2")
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            field = described.field.add(name=name, number=number, type=_MESSAGE if kind else _TEXT)
            many = name == "stop_tokens"
            field.label = FieldDescriptorProto.LABEL_REPEATED if many else FieldDescriptorProto.LABEL_OPTIONAL
            if kind:
                field.type_name = f".{_PACKAGE}.{kind}"
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.LlmParameters"))

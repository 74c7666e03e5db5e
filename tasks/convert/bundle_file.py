"""Read and settle the header of a `.litertlm` file.

In: a bundle. Out: its sections, and the same bundle without the random identity and the
clock that its builder writes: equal contents must give equal bytes, because an artifact is
named by the digest of its bytes.
"""

import hashlib
import struct
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.kernel.errors import ModelError

if TYPE_CHECKING:
    from litert_lm_builder.litertlm_header_schema_py_generated import LiteRTLMMetaData

MAGIC = b"LITERTLM"
HEADER_END = 24
"""Where the header's end is stored, as a little-endian u64."""
HEADER_BEGIN = 32
EPOCH = b"1970-01-01T00:00:00.000000+00:00"


@dataclass(frozen=True)
class Section:
    """A range of bytes in a bundle."""

    kind: str
    """As the format names it: `TFLiteModel`, `HF_Tokenizer_Zlib`, `LlmMetadataProto`, ..."""
    begin: int
    end: int


def sections(bundle: Path) -> list[Section]:
    """Return the bundle's sections in the order of their bytes."""
    from litert_lm_builder.litertlm_core import any_section_data_type_to_string

    listed = _parsed(_header(bundle)).SectionMetadata()
    objects = [listed.Objects(index) for index in range(listed.ObjectsLength())]
    found = [
        Section(any_section_data_type_to_string(item.DataType()), item.BeginOffset(), item.EndOffset())
        for item in objects
    ]
    return sorted(found, key=lambda section: section.begin)


def settle_identity(bundle: Path) -> None:
    """Replace the bundle's random id by one made from its contents, and its time by the epoch."""
    header = _header(bundle)
    values = _system_values(_parsed(header))
    digest = _digest(bundle, sections(bundle)[0].begin)
    identity = str(uuid.UUID(bytes=digest[:16], version=5)).encode()
    settled = header.replace(values["uuid"], identity)
    clock = values["creation_timestamp"]
    settled = settled.replace(clock, EPOCH[: len(clock)])
    if len(settled) != len(header):
        raise ModelError(f"{bundle}: its header has an unknown form; install litert-lm-builder 0.18.1")
    with bundle.open("r+b") as stream:
        stream.seek(HEADER_BEGIN)
        stream.write(settled)


def _header(bundle: Path) -> bytes:
    with bundle.open("rb") as stream:
        start = stream.read(HEADER_BEGIN)
        if not start.startswith(MAGIC):
            raise ModelError(f"{bundle}: no LiteRT-LM bundle; run the convert stage again")
        (end,) = struct.unpack_from("<Q", start, HEADER_END)
        return stream.read(end - HEADER_BEGIN)


def _parsed(header: bytes) -> "LiteRTLMMetaData":
    from litert_lm_builder.litertlm_header_schema_py_generated import LiteRTLMMetaData

    return LiteRTLMMetaData.GetRootAs(header, 0)


def _system_values(header: "LiteRTLMMetaData") -> dict[str, bytes]:
    """Return the text values among the bundle's own properties."""
    from litert_lm_builder.litertlm_header_schema_py_generated import StringValue, VData

    listed, values = header.SystemMetadata(), {}
    for entry in (listed.Entries(index) for index in range(listed.EntriesLength())):
        if entry.ValueType() == VData.StringValue:
            text, table = StringValue(), entry.Value()
            text.Init(table.Bytes, table.Pos)
            values[entry.Key().decode()] = text.Value()
    return values


def _digest(bundle: Path, begin: int) -> bytes:
    with bundle.open("rb") as stream:
        stream.seek(begin)
        return hashlib.file_digest(stream, "sha256").digest()

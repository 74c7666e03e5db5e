"""Account for every byte of a bundle.

In: a bundle, and the `.tflite` packed in it. Out: rows that add up to the bundle's size, the
biggest first. What no row claims, alignment above all, is a row of its own.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

from tasks.convert.bundle_file import Section, sections
from tasks.convert.weights import Stored, stored_tensors

MODEL = "TFLiteModel"
GROUPS = {
    "HF_Tokenizer_Zlib": ("tokenizer", "zlib"),
    "SP_Tokenizer": ("tokenizer", "sentencepiece"),
    "LlmMetadataProto": ("metadata", "protobuf"),
    "ExecutorMetadataProto": ("metadata", "protobuf"),
}


class Row(TypedDict):
    """One line of `breakdown.json`."""

    group: str
    dtype: str
    bytes: int
    tensors: int


def breakdown(bundle: Path, tflite: Path) -> list[Row]:
    """Return where the bytes of `bundle`, which holds `tflite`, go."""
    return account(stored_tensors(tflite), sections(bundle), bundle.stat().st_size)


def account(stored: Sequence[Stored], parts: Iterable[Section], size: int) -> list[Row]:
    """Return rows of stored tensors, the graph around them, the other sections and the rest."""
    entries = list(stored)
    for part in parts:
        length = part.end - part.begin
        if part.kind == MODEL:
            graph = length - sum(entry.size for entry in stored)
            entries.append(Stored("graph", "flatbuffer", graph, 0))
        else:
            entries.append(Stored(*GROUPS.get(part.kind, ("other", "bytes")), length, 0))
    rest = size - sum(entry.size for entry in entries)
    return _rows([*entries, Stored("header and padding", "bytes", rest, 0)])


def _rows(entries: Iterable[Stored]) -> list[Row]:
    rows: dict[tuple[str, str], Row] = {}
    for entry in entries:
        empty = Row(group=entry.group, dtype=entry.dtype, bytes=0, tensors=0)
        row = rows.setdefault((entry.group, entry.dtype), empty)
        row["bytes"] += entry.size
        row["tensors"] += entry.tensors
    return sorted(rows.values(), key=lambda row: (-row["bytes"], row["group"], row["dtype"]))

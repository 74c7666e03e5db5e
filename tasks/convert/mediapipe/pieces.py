"""A tokenizer as SentencePiece, the only kind that a `.task` holds.

In: a model's folder. Out: a serialized SentencePiece model with the same ids, as far as there is one. A
`tokenizer.model` in the folder is taken as it is. Any other tokenizer is converted by litert-torch, and
what stands for bytes made SentencePiece's own byte pieces: the converter leaves them as the letters that
byte-level vocabularies write for bytes (google-ai-edge/litert-torch#1205).
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.models.loading import SENTENCEPIECE, load_tokenizer

if TYPE_CHECKING:
    from sentencepiece.sentencepiece_model_pb2 import ModelProto
    from transformers import PreTrainedTokenizerBase

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_NOTHING = "<unknown>"


def sentencepiece_model(folder: Path) -> bytes:
    """Return the SentencePiece form of the tokenizer in `folder`; whether it is exact is to be checked."""
    own = folder / SENTENCEPIECE
    return own.read_bytes() if own.is_file() else _converted(load_tokenizer(folder))


def _converted(tokenizer: "PreTrainedTokenizerBase") -> bytes:
    from litert_torch.generative.tools import tokenizer_to_sentencepiece_lib as library
    from sentencepiece.sentencepiece_model_pb2 import ModelProto

    # It would be read in place of the tokenizer, and names a file of the machine that saved it.
    loaded: Any = tokenizer
    loaded.vocab_file = None
    model = ModelProto.FromString(library.convert(tokenizer, normalize_tokens="none"))
    if _is_byte_level(tokenizer):
        _spell_bytes(model, set(tokenizer.get_added_vocab().values()))
    else:
        model.normalizer_spec.escape_whitespaces = True
        model.denormalizer_spec.escape_whitespaces = True
    _settle_kinds(model)
    return bytes(model.SerializeToString(deterministic=True))


def _is_byte_level(tokenizer: "PreTrainedTokenizerBase") -> bool:
    backend: Any = getattr(tokenizer, "backend_tokenizer", None)
    return backend is not None and "ByteLevel" in json.dumps(json.loads(backend.to_str())["decoder"])


def _spell_bytes(model: "ModelProto", added: set[int]) -> None:
    """Write every token as what it stands for: text, one byte, or bytes that are no text and never met."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    value = {letter: byte for byte, letter in bytes_to_unicode().items()}
    for number, piece in enumerate(model.pieces):
        if number in added:
            continue
        stands_for = bytes(value[letter] for letter in piece.piece)
        try:
            text = stands_for.decode()
        except UnicodeDecodeError:
            text = ""
        byte = f"<0x{stands_for.hex().upper()}>"
        piece.piece = byte if len(stands_for) == 1 or not text else text


def _settle_kinds(model: "ModelProto") -> None:
    """Let bytes stand for what has no piece, and a token of nobody's be the unknown one."""
    kinds = type(model).SentencePiece
    for piece in model.pieces:
        if piece.type == kinds.UNKNOWN:
            piece.type = kinds.USER_DEFINED
        if _BYTE.fullmatch(piece.piece):
            piece.type = kinds.BYTE
        elif re.fullmatch(r"<0x[0-9A-F]{4,}>", piece.piece):
            piece.type = kinds.UNUSED
    bytes_there = {piece.piece for piece in model.pieces if piece.type == kinds.BYTE}
    if bytes_there:
        model.trainer_spec.byte_fallback = True
        # Bytes that are in no text may be missing from a vocabulary; SentencePiece wants all of them.
        for missing in sorted({f"<0x{value:02X}>" for value in range(256)} - bytes_there):
            model.pieces.add(piece=missing, score=0.0, type=kinds.BYTE)
    model.pieces.add(piece=_NOTHING, score=0.0, type=kinds.UNKNOWN)
    model.trainer_spec.unk_piece = _NOTHING
    model.trainer_spec.unk_id = len(model.pieces) - 1
    model.trainer_spec.vocab_size = len(model.pieces)

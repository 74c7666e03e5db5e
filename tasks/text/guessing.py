"""Guess the encoding of bytes that do not say it.

In: bytes. Out: their text with its encoding and a confidence, or none where no encoding is likely enough.
chardet proposes, from a list of encodings in use, and what does not read like text is passed over. On
translated messages in 22 languages and 44 encodings chardet alone is right for 97 % of texts of 40 bytes and
99 % of 100 bytes, charset-normalizer for 68 and 77 %; both take a millisecond.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import log2

ENOUGH = 0.1
"""Confidence from which a guess counts; it is no probability, and grows with the share of other letters."""
_ENOUGH_OF_LATIN = 0.03
"""The same where other letters stand alone between those of ASCII: a wrong guess costs single letters."""
_ALONE = 0.7
"""Share of the bytes beyond ASCII that do so: accents and quotes, while other alphabets make whole words."""
_FEWEST = 1
"""Bytes beyond ASCII up to which they tell nothing but the encoding of Western Europe: they may be damage."""
_ENOUGH_OF_UTF16 = 0.52
_SAMPLE = 200_000
"""Bytes that are looked at; the whole has to agree."""
_BEFORE = 1000
"""Of them, so many that come before the first that is not ASCII."""
_IMPLAUSIBLE = 0.005
"""Share of characters that may be none of a text."""
_ESCAPING = ("iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_ext", "iso2022_kr")
_LATIN_ONLY = (
    *("cp1252", "iso8859-15", "iso8859-1", "cp1250", "iso8859-2", "cp1254", "iso8859-9", "cp1257", "cp1258"),
    *("cp850", "cp852", "mac-roman"),
)
_SINGLE = (
    *_LATIN_ONLY,
    *("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic", "cp1253", "iso8859-7"),
    *("cp1255", "iso8859-8", "cp1256", "iso8859-6", "cp874", "tis-620"),
)
_SEVERAL = ("cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949", "euc_kr")
_NONE = "ascii"
"""What chardet is to say where nothing fits."""
ENCODINGS = (*_SEVERAL, *_SINGLE, *_ESCAPING)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f\x7f-\x9f\ufffd]")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FEW_CONTROLS = 0.01
_LETTERS = re.compile(rb"[\x81-\x84\x86-\x90\x98\x9a-\xff]+")
"""Without the quotes and dashes of Windows, which stand beside the letters of a word."""
_LONE_LETTER = re.compile(r"(?<![a-zA-Z])[\u00c0-\u017f](?![a-zA-Z])")
_LONG_ASCII = re.compile(rb"([\x00-\x7f]{10})[\x00-\x7f]{20,}([\x00-\x7f]{10})")
_HIGH = re.compile(rb"[\x80-\xff]")
_OTHER = "[\u0370-\u0373\u0376-\u037d\u0386-\u03ff\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a]"
_LATIN = "[a-zA-Z\u00c0-\u024f]"
_FRAME = "[\u2200-\u22ff\u2500-\u259f]"
_MIXED = re.compile(f"{_LATIN}{_OTHER}|{_OTHER}{_LATIN}|[^\\W\\d_]{_FRAME}|{_FRAME}[^\\W\\d_]")
"""A letter beside one of another alphabet, or beside a line of a frame."""
_TWICE = re.compile("[\u00c2\u00c3\u00d0\u00d1][\u0080-\u00bf]|\u00e2\u20ac")
"""UTF-8 that was read as something else."""


@dataclass(frozen=True)
class Guess:
    """A text in the encoding that it seems to have."""

    text: str
    encoding: str
    confidence: float


def guess(data: bytes) -> Guess | None:
    """Return the likeliest reading of bytes that reads like text; none where none is likely enough."""
    sample = _telling(data)
    switched = b"\x1b" in data and not _HIGH.search(data)
    if switched and (found := _proposed(data, sample, _ESCAPING, ENOUGH)):
        return found
    if not data or controlled(data):
        return _wide(data)
    if _is_scattered(sample):
        found = _proposed(data, sample, _LATIN_ONLY, _ENOUGH_OF_LATIN)
        few = len(_HIGH.findall(sample)) <= _FEWEST
        return None if few and found and not _is_western(found, data) else found
    # Markup around words of another alphabet would only lower the confidence.
    return _proposed(data, _LONG_ASCII.sub(rb"\1\n\2", sample), ENCODINGS, ENOUGH)


def _is_western(found: Guess, data: bytes) -> bool:
    """Tell whether a text is the same in the encoding that most such texts have, without lone letters."""
    return found.text == data.decode("cp1252", "replace") and not _LONE_LETTER.search(found.text)


def controlled(data: bytes) -> bool:
    """Tell whether more than a few bytes stand for no character of a text: every second one of UTF-16 may."""
    sample = data[:_SAMPLE]
    return len(_CONTROL_BYTES.findall(sample)) > _FEW_CONTROLS * len(sample)


def implausible(text: str) -> bool:
    """Tell whether text holds more than a few characters that no text has, or words of two alphabets."""
    sample = text[:_SAMPLE]
    odd = sum(
        number
        for character, number in Counter(sample).items()
        if unicodedata.category(character) in {"Cn", "Co", "Cs"}
    )
    odd += sum(len(rule.findall(sample)) for rule in (_CONTROLS, _MIXED, _TWICE))
    return odd > _IMPLAUSIBLE * len(sample)


def _is_scattered(data: bytes) -> bool:
    """Tell whether most bytes beyond ASCII stand alone."""
    lengths = [len(run) for run in _LETTERS.findall(data)]
    return lengths.count(1) >= _ALONE * sum(lengths)


def _telling(data: bytes) -> bytes:
    """Return a part of the data that has other bytes than those of ASCII, where there are any."""
    first = _HIGH.search(data)
    start = max(0, first.start() - _BEFORE) if first else 0
    return data[start : start + _SAMPLE]


def _proposed(data: bytes, sample: bytes, among: tuple[str, ...], enough: float) -> Guess | None:
    import chardet

    found = chardet.detect_all(
        sample,
        ignore_threshold=True,
        max_bytes=_SAMPLE,
        compat_names=False,
        include_encodings=(*among, _NONE),
        no_match_encoding=_NONE,
    )
    for one in found:
        encoding, confidence = one["encoding"], one["confidence"]
        if encoding not in among or confidence < enough:
            return None
        text = _plausible(data, encoding)
        if text is not None:
            return Guess(text, encoding, confidence)
    return None


def _plausible(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if implausible(text) else text


def _wide(data: bytes) -> Guess | None:
    """Return UTF-16 or UTF-32 without a mark: the upper bytes of its characters vary less than the lower."""
    readings = [
        Guess(text, name, _coherence(text)) for name in _WIDE if (text := _plausible(data, name)) is not None
    ]
    best = max(readings, key=lambda one: one.confidence, default=None)
    sure = best and (best.encoding.startswith("utf-32") or best.confidence >= _ENOUGH_OF_UTF16)
    return best if sure else None


def _coherence(text: str) -> float:
    """Return how much of what varies in the characters of a text is in their lower bytes, from 0 to 1."""
    codes = [ord(character) for character in text[:_SAMPLE]]
    lower, upper = _entropy(code & 0xFF for code in codes), _entropy(code >> 8 for code in codes)
    return lower / (lower + upper) if lower + upper else 1.0


def _entropy(values: Iterable[int]) -> float:
    counts = Counter(values)
    total = counts.total()
    return -sum(number / total * log2(number / total) for number in counts.values())

"""What text bytes are, and how that is known: decided here for documents and data sets alike.

In: the bytes of a file, and what its user or itself says about them. Out: the text with its encoding, or an
EncodingError. The order: what the user set, a byte-order mark, what the file declares, UTF-8 with few bad
bytes at most, and then a guess, which has to be sure enough and to read like text.
"""

import codecs
import re
from dataclasses import dataclass, replace
from typing import Literal

from tasks.text.encoding_names import known_encoding, read_as
from tasks.text.guessing import controlled, guess, implausible

How = Literal["valid", "set", "mark", "declared", "detected"]
BAD = "\udcff"
"""Stands in the text for bytes that are no character; no encoding has it."""
FEW, MOST = 0.01, 3
"""Bad bytes up to which a text is kept: as a share of its characters, and in any text."""
_DECLARED_WITHIN = 4096
"""Bytes at the beginning; browsers look at 1,024."""
_SURELY_UTF8 = 3
"""Characters of several bytes that, all of them valid, tell UTF-8 from what a file declares."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_XML = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_META = re.compile(rb"""<meta\s[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_ESCAPED = re.compile("[\udc80-\udcff]+")
_BEYOND = re.compile("[^\x00-\x7f\udcff]")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)


class EncodingError(ValueError):
    """Bytes that are no text in a known encoding: what is wrong; the caller adds the file and what to do."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        """Where; 0: everywhere."""


@dataclass(frozen=True)
class Decoded:
    """Text, and how its encoding is known."""

    text: str
    encoding: str
    how: How = "valid"
    confidence: float | None = None
    """Of a guess, from 0 to 1."""
    bad_lines: tuple[int, ...] = ()
    """The line of each sequence of bytes that is no character."""
    contradicted: str = ""
    """What the file declares and is not."""

    @property
    def plain(self) -> bool:
        """Whether it is sound UTF-8 and says nothing else: of that nothing has to be told."""
        sound = not self.bad_lines and not self.contradicted
        return sound and self.encoding == "utf-8" and self.how in {"valid", "mark"}


def decode(data: bytes, encoding: str | None = None, *, markup: bool = False) -> Decoded:
    """Return the text of bytes; raise EncodingError where it cannot be told.

    What the user says, `encoding`, is not doubted; `markup` has the declarations of HTML and XML looked for.
    """
    if encoding is not None:
        return _as_set(data, encoding)
    marked = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), None)
    if marked is not None:
        return _as_marked(data, *marked)
    declared = _declared(data) if markup else None
    utf8 = _tolerated(data, "utf-8", "valid")
    found = _as_declared(data, declared, utf8) or _as_utf8(data, utf8) or _as_guessed(data) or utf8
    if found is None:
        raise EncodingError(_unknown(data, declared))
    if declared and found.how != "declared" and known_encoding(declared) != found.encoding:
        return replace(found, contradicted=declared)
    return found


def _as_set(data: bytes, encoding: str) -> Decoded:
    name = known_encoding(encoding)
    if name is None:
        raise EncodingError(f"`{encoding}` is no encoding that Python knows")
    mark = next((mark for mark, marked in _MARKS if marked.startswith(name) and data.startswith(mark)), b"")
    found = _tolerated(data.removeprefix(mark), name, "set")
    if found is None:
        raise EncodingError(f"not in {encoding}, as the configuration says")
    return found


def _as_marked(data: bytes, mark: bytes, name: str) -> Decoded:
    found = _tolerated(data.removeprefix(mark), name, "mark")
    if found is None and name == "utf-32-le":
        return _as_marked(data, codecs.BOM_UTF16_LE, "utf-16-le")
    if found is None:
        raise EncodingError(f"begins with the mark of {name} and goes on in another encoding")
    return found


def _declared(data: bytes) -> str | None:
    """Return the name of the encoding that the beginning of an HTML, XML or Markdown file declares."""
    start = data[:_DECLARED_WITHIN]
    found = _XML.match(start) or _META.search(_COMMENT.sub(b"", start))
    return found[1].decode("ascii", "replace") if found else None


def _as_declared(data: bytes, declared: str | None, utf8: Decoded | None) -> Decoded | None:
    """Return the text in the encoding that a file declares, where its bytes agree."""
    name = known_encoding(declared) if declared else None
    if name is None or name.startswith("utf"):
        # UTF-16 is known by its mark or by its bytes: the declaration itself would not be found in it.
        return None
    if utf8 and not utf8.bad_lines and _beyond_ascii(utf8.text) >= _SURELY_UTF8:
        return None
    for wanted in dict.fromkeys((read_as(name), name)):
        found = _tolerated(data, wanted, "declared")
        if found is not None and not implausible(found.text):
            return found
    return None


def _as_utf8(data: bytes, utf8: Decoded | None) -> Decoded | None:
    """Return UTF-8, also with few bad bytes: they never make it a text in another encoding."""
    if utf8 is None or controlled(data) or b"\x1b" in data:
        return None
    return utf8 if not utf8.bad_lines or len(utf8.bad_lines) <= _beyond_ascii(utf8.text) else None


def _as_guessed(data: bytes) -> Decoded | None:
    found = guess(data)
    return Decoded(found.text, found.encoding, "detected", round(found.confidence, 3)) if found else None


def _tolerated(data: bytes, name: str, how: How) -> Decoded | None:
    """Return the text of bytes of which at most few are bad in an encoding."""
    try:
        return Decoded(data.decode(name), name, how)
    except UnicodeDecodeError:
        text, bad = _with_bad_marked(data, name)
    few = max(min(MOST, len(text) // 4), FEW * len(text))
    return Decoded(text, name, how, bad_lines=_lines(text)) if bad <= few else None


def _with_bad_marked(data: bytes, name: str) -> tuple[str, int]:
    """Return text in which a mark stands for bad bytes, and how many those are."""
    if name != "utf-8":
        text = data.decode(name, "replace")
        return text.replace("\ufffd", BAD), text.count("\ufffd")
    text, bad = data.decode(name, "surrogateescape"), 0

    def marked(found: re.Match[str]) -> str:
        nonlocal bad
        bad += len(found[0])
        return BAD

    return _ESCAPED.sub(marked, text), bad


def _lines(text: str) -> tuple[int, ...]:
    """Return the line of each mark for bad bytes."""
    lines, line, at = [], 1, 0
    for found in re.finditer(BAD, text):
        line += text.count("\n", at, found.start())
        at = found.start()
        lines.append(line)
    return tuple(lines)


def _beyond_ascii(text: str) -> int:
    """Return how many characters beyond ASCII were read."""
    return len(_BEYOND.findall(text))


def _unknown(data: bytes, declared: str | None) -> str:
    text, bad = _with_bad_marked(data, "utf-8")
    if _beyond_ascii(text) > bad > 0:
        return f"UTF-8 but for {bad} bytes, the first of them on line {_lines(text)[0]}"
    return "in no encoding that can be told" + (f", and not in {declared} as it declares" if declared else "")

"""Tell text from what a parser yields where a PDF does not say which letters it draws.

In: a page as one parser reads it. Out: what is wrong with it, and which of two readings is the better one.
The marks are those of broken fonts and lost spaces and not of a language, so that they hold for any script;
a page is refused only where much of it is of that kind, and a little is enough to ask the other parser.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tasks.ingest.cleaning.lines import BULLETS, Line
from tasks.text.segments import UNSPACED

REFUSED_SHARE = 0.2
"""A page of which so much is no text is unreadable."""
DOUBTED_SHARE = 0.02
"""A page of which so much is no text is shown to the other parser."""
LONG_RUN = 24
"""Letters; words of this length are rare even in languages that join them."""
RICHER = 1.2
"""So many times as many pairs of letters as the other reading has are text that the other one lost."""
COMPOUNDS = 80
"""Letters in long words that even a page of few words may have: a German title, a Finnish sentence."""
CODE_HUMPS, CODE_LETTERS = 2, 6
FEWEST_WORDS = 40
MOST_SINGLE_LETTERS = 0.5

_NAMES = re.compile(r"(?:/[A-Za-z][\w.]{0,30}\s?){3,}|(?:\(cid:\d+\)\s?)+")
_NAME = re.compile(r"/[A-Za-z][\w.]*")
_SPACE = frozenset("\t\n\v\f\r")
_LETTERS = re.compile(r"[^\W\d_]+")
_BREAK = re.compile(r"[\s/\\|—–…]+")
_SIGNS = re.compile(r"[_@={}<>\[\]&%#~^$`]|[a-z]\.[a-z]")
_HUMP = re.compile(r"[a-zß-ÿ][A-ZÀ-Þ]")
_UNSPACED = re.compile(f"[{UNSPACED}]")


class Flaw(StrEnum):
    """What is wrong with a page's text."""

    GLYPH_NAMES = "glyph names in place of letters"
    UNKNOWN = "letters that its fonts do not name"
    RUN_TOGETHER = "words run together"
    SILENT = "a font without letters"
    APART = "letters set apart"


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a page; nothing: it is text."""

    flaw: Flaw | None = None
    refused: bool = False
    """There is so much of it that the page is none to learn from."""


@dataclass(frozen=True)
class Page:
    """A page's text and whether it holds pictures."""

    lines: list[Line]
    pictures: bool
    raw: str = ""
    """All that it draws, before control characters are removed."""
    silent: frozenset[str] = frozenset()
    """Fonts that draw much of it, of which hardly a letter is known."""

    @cached_property
    def verdict(self) -> Verdict:
        """What is wrong with it."""
        return judge(self)


def judge(page: Page) -> Verdict:
    """Return what is wrong with the text of a page."""
    text = "\n".join(line.text for line in page.lines)
    shares = {
        Flaw.GLYPH_NAMES: _glyph_names(text),
        Flaw.UNKNOWN: max(_unknown_characters(page.raw or text), _unknown_words(text)),
        Flaw.RUN_TOGETHER: _run_together(text),
    }
    flaw = max(shares, key=lambda kind: shares[kind])
    if shares[flaw] > DOUBTED_SHARE:
        return Verdict(flaw, shares[flaw] > REFUSED_SHARE)
    if page.silent:
        return Verdict(Flaw.SILENT)
    return Verdict(Flaw.APART) if _is_apart(text) else Verdict()


def is_better(other: Page, page: Page) -> bool:
    """Tell whether the other parser's reading of a doubtful page is to be taken."""
    ours, theirs = page.verdict, other.verdict
    if theirs.refused or not other.lines:
        return False
    if ours.refused or not page.lines:
        return True
    if ours.flaw is Flaw.SILENT:
        return len(_pairs(other.lines)) > RICHER * len(_pairs(page.lines))
    return theirs.flaw is None


def _glyph_names(text: str) -> float:
    """Return the share of a text that is names of glyphs: `/g7/g151`, `(cid:12)`."""
    if "/" not in text and "(cid:" not in text:
        return 0.0
    found = [match[0] for match in _NAMES.finditer(text) if _is_numbered(match[0])]
    return _share(sum(map(_inked, found)), _inked(text))


def _is_numbered(names: str) -> bool:
    """Tell glyph names from a path: most of them carry a number."""
    parts = _NAME.findall(names)
    return 2 * sum(any(map(str.isdigit, part)) for part in parts) >= len(parts)


def _unknown_characters(raw: str) -> float:
    counts = Counter(raw)
    unknown = sum(count for character, count in counts.items() if is_unknown(character))
    inked = sum(count for character, count in counts.items() if not character.isspace())
    return _share(unknown, inked)


def is_unknown(character: str) -> bool:
    """Tell whether a character stands for an unknown one: private, replaced, control or unassigned."""
    if character in _SPACE or character.isalnum() or ord(character) in BULLETS:
        return False
    return character == "\ufffd" or unicodedata.category(character) in {"Co", "Cn", "Cs", "Cc"}


def _unknown_words(text: str) -> float:
    """Return the share of words with an unknown letter; such a character by itself is a bullet."""
    if text.isascii():
        return 0.0
    unknown = frozenset(filter(is_unknown, set(text)))
    words = [word for word in text.split() if len(word) > 1] if unknown else []
    return _share(sum(not unknown.isdisjoint(word) for word in words), len(words))


def _run_together(text: str) -> float:
    """Return the share of letters that stand between spaces too many together for a word."""
    spaced = text if text.isascii() else _UNSPACED.sub(" ", text)
    long = (token for token in _BREAK.split(spaced) if len(token) >= LONG_RUN)
    joined = sum(
        letters for token in long if (letters := _letters(token)) >= LONG_RUN and not _is_code(token)
    )
    return _share(max(0, joined - COMPOUNDS), _letters(spaced))


def _letters(text: str) -> int:
    return sum(map(len, _LETTERS.findall(text)))


def _is_code(token: str) -> bool:
    """Tell addresses, names within programs (`proxyFactoryBean`) and a gene's letters from prose."""
    humps, kinds = len(_HUMP.findall(token)), len(set(token.lower()))
    return humps >= CODE_HUMPS or kinds <= CODE_LETTERS or _SIGNS.search(token) is not None


def _is_apart(text: str) -> bool:
    words = _LETTERS.findall(_UNSPACED.sub(" ", text))
    return (
        len(words) >= FEWEST_WORDS
        and _share(sum(len(w) == 1 for w in words), len(words)) > MOST_SINGLE_LETTERS
    )


def _pairs(lines: Iterable[Line]) -> set[str]:
    """Return the pairs of letters that follow each other: what is drawn twice counts once."""
    letters = ["".join(_LETTERS.findall(line.text)) for line in lines]
    return {run[at : at + 2] for run in letters for at in range(len(run))}


def _inked(text: str) -> int:
    return sum(map(len, text.split()))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0

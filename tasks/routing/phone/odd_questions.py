"""Questions to compare an exported router on: a router's own ones in, at least a thousand out.

Own questions alone would never meet what phones send: no words, emoji, other scripts, endless text.
"""

import random
from collections.abc import Sequence

_ODD = (
    "",
    " ",
    "?!",
    "\t\n",
    "a",
    "I",
    "🙂",
    "👩‍👩‍👧 family 🏳️‍🌈",
    "Straße ÄÖÜ ẞ İstanbul ﬁn",
    "Ünïcödé é é",
    "Что такое тревога?",
    "何が不安の原因ですか",
    "ما هو القلق؟",
    "चिंता क्या है",
    "불안이란 무엇입니까",
    "τι είναι άγχος ΣΊΣΥΦΟΣ",
    "non breaking\u2003space\u200bzero",
    "don't O'Neil e-mail snake_case 3rd 1,000.5 x²",
    '<b>html</b> &amp; {"json": [1]} \\ / \x00 \x1f',
    "UPPER CASE QUESTION",
    "https://example.org/a?b=c#d user@example.org",
    "word " * 2000,
    "x" * 5000,
)
LEAST = 1000


def parity_questions(own: Sequence[str], least: int = LEAST) -> list[str]:
    """Return odd questions, `own` ones, and mixtures of both until there are `least`; the same each time."""
    draw = random.Random(0)  # noqa: S311  # no secret
    found = list(dict.fromkeys([*_ODD, *own]))
    pool = list(own) or list(_ODD)
    words = sorted({word for text in pool for word in text.split()}) or ["word"]
    while len(found) < least:
        mixed = [*draw.choices(words, k=draw.randint(1, 12)), *draw.choices(_ODD[:21], k=draw.randint(0, 1))]
        draw.shuffle(mixed)
        text = " ".join(mixed)
        found.append(draw.choice([text, text.upper(), text.swapcase(), text.replace(" ", "  "), text[::-1]]))
    return found

"""Find what a text states that nobody may change: numbers, dates and names.

In: English text. Out: sets in one spelling, so that `twenty-five` is `25` and `5 March 2020` is the same as
`March 5, 2020`.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from tasks.text.words import WORD

Date = frozenset[tuple[str, int]]
"""What is given of year, month and day."""

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {word: value for value, word in enumerate(_SMALL.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), 2)
}
_POWERS = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_HUNDRED, _TEN = 100, 10
_TOKEN = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[^\W\d_]+")
_MONTH_LIST = "january february march april may june july august september october november december"
_MONTHS = {name[:3]: number for number, name in enumerate(_MONTH_LIST.split(), 1)}
_MONTH = "|".join(f"{name.capitalize()}|{name[:3].capitalize()}" for name in _MONTH_LIST.split())
_DATE = re.compile(
    rf"(?:\b(?P<before>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?)?\b(?P<month>{_MONTH})\b\.?"
    r"(?:\s+(?P<after>\d{1,2})(?:st|nd|rd|th)?\b)?(?:,?\s+(?P<year>\d{4})\b)?"
)
_ISO = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b")
_SENTENCE_START = re.compile(r"(?:^|[.?!:;•\n])\W*$")
_CAPITALS = 2
_SHORTEST_ACRONYM = 3


def numbers(text: str) -> set[str]:
    """Return the numbers of `text` in digits; a lone `one` is a pronoun more often than a number."""
    return {f"{value.normalize():f}" for value in _values(text)}


def dates(text: str) -> set[Date]:
    """Return the dates of `text` that name a month and a day or a year."""
    found = {
        frozenset({("year", int(m["year"])), ("month", int(m["month"])), ("day", int(m["day"]))})
        for m in _ISO.finditer(text)
    }
    return found | {date for match in _DATE.finditer(text) if len(date := _date(match)) > 1}


def names(text: str) -> set[str]:
    """Return the words of `text` with a capital that the beginning of a sentence does not explain."""
    found = set()
    for match in WORD.finditer(text):
        word = match[0]
        capitals = sum(letter.isupper() for letter in word)
        begins = _SENTENCE_START.search(text[max(0, match.start() - 8) : match.start()])
        if word != "I" and (capitals >= _CAPITALS or (word[0].isupper() and not begins)):
            found.add(word)
    return found


def missing_names(text: str, source: str) -> list[str]:
    """Return the names of `text` that `source` neither has nor spells out, in order."""
    known = {_plain(part) for word in WORD.findall(source) for part in (word, *word.split("-"))}
    initials = "".join(word[0].lower() for word in WORD.findall(source.replace("-", " ")))
    return sorted(
        name
        for name in names(text)
        if _plain(name) not in known
        and not all(_plain(part) in known for part in name.split("-"))
        and not (name.isupper() and len(name) >= _SHORTEST_ACRONYM and name.lower() in initials)
    )


def _plain(word: str) -> str:
    lower = word.lower().replace("’", "'").removesuffix("'s")
    return lower.removesuffix("s") or lower


def _values(text: str) -> Iterator[Decimal]:
    """Yield each number, with words such as `two hundred and five thousand` put together."""
    run: list[str] = []
    end = 0
    for match in _TOKEN.finditer(text.lower()):
        gap, token = text[end : match.start()], match[0]
        joined = run and (gap in {" ", "-"} or (gap == " and " and run[-1] in _POWERS))
        if token == "and" and run and run[-1] in _POWERS and gap == " ":  # noqa: S105  # a word of a text
            continue
        if run and not (joined and _continues(run[-1], token)):
            yield from _value(run)
            run = []
        end = match.end()
        if token[0].isdecimal() or token in _VALUES or (run and token in _POWERS):
            run.append(token)
    if run:
        yield from _value(run)


def _continues(last: str, token: str) -> bool:
    """Tell whether `token` goes on with the number that `last` belongs to."""
    if token in _POWERS:
        return True
    small = token in _VALUES and _VALUES[token] < _TEN
    return (last in _POWERS and token in _VALUES) or (
        last in _VALUES and _VALUES[last] >= 2 * _TEN and small and token != "zero"  # noqa: S105  # a number
    )


def _value(run: list[str]) -> Iterator[Decimal]:
    if run == ["one"]:
        return
    total = part = Decimal(0)
    for token in run:
        if token in _POWERS and token != "hundred":  # noqa: S105  # a word of a text
            total += (part or Decimal(1)) * 10 ** _POWERS[token]
            part = Decimal(0)
        elif token in _POWERS:
            part = (part or Decimal(1)) * _HUNDRED
        else:
            part += _VALUES[token] if token in _VALUES else Decimal(token.replace(",", ""))
    yield total + part


def _date(match: re.Match[str]) -> Date:
    day = match["before"] or match["after"]
    parts = {"year": match["year"], "day": day}
    given = {(name, int(value)) for name, value in parts.items() if value}
    return frozenset(given | {("month", _MONTHS[match["month"][:3].lower()])})

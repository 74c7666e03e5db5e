"""Read pairs out of replies.

In: drafts. Out: candidates, and how many replies held something, could be read, or had to be mended.
A reply is a question to a given statement, or all pairs of a passage; either way each pair that a teacher
returned becomes a candidate, and one that its reply's end cut off is refused as such.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import get_args

import json_repair

from tasks.generate.judging.filters import question_of
from tasks.generate.pairs import Draft, Reply
from tasks.generate.teacher_config import Teacher
from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example, QuestionType

CUT_OFF = "cut_off"
_LABEL = re.compile(r"^[\W_]*(?:\d+[.)]\s*)?(?:question\W?\d*\W*:)?[\W_]*", re.IGNORECASE)
_TYPES: dict[str, QuestionType] = {name: name for name in get_args(QuestionType)}


@dataclass(frozen=True)
class ParsingResult:
    """What the replies held."""

    candidates: list[Candidate]
    returned: int
    """Replies that are not empty."""
    parsed: int
    """Replies that a pair could be read from."""
    repaired: int
    """Of those, the ones whose JSON had to be mended."""


def parse_drafts(drafts: Sequence[Draft], passages: Mapping[str, Passage], teacher: Teacher) -> ParsingResult:
    """Return the pairs in `drafts`, each with its passage's document and pages."""
    numbers: Counter[str] = Counter()
    candidates: list[Candidate] = []
    parsed = repaired = 0
    for draft in drafts:
        pairs, mended = _pairs(draft)
        parsed += bool(pairs)
        repaired += mended
        passage = passages[draft.ask.passage]
        for pair in pairs:
            numbers[passage.id] += 1
            example = _example(pair, f"{passage.id}-{numbers[passage.id]:02d}", passage, draft, teacher)
            candidates.append(Candidate(example=example, reason=CUT_OFF if pair.cut_off else ""))
    returned = sum(bool(draft.ask.opening + draft.reply.text) for draft in drafts)
    return ParsingResult(candidates, returned, parsed, repaired)


@dataclass(frozen=True)
class Pair:
    """A question and its answer, as the teacher wrote them."""

    question: str
    answer: str
    kind: str = ""
    """The question type that the teacher names, if any."""
    cut_off: bool = False
    """The reply ended inside this pair."""


def _pairs(draft: Draft) -> tuple[list[Pair], bool]:
    if not draft.ask.answer:
        return read_pairs(draft.reply.text)
    question = question_of(draft if draft.ask.opening else _tidied(draft))
    return [Pair(question, draft.ask.answer)] if question else [], False


def _tidied(draft: Draft) -> Draft:
    """Return the draft with nothing but the line of its question: chatty teachers announce it."""
    lines = after_thinking(draft.reply.text).splitlines()
    line = _LABEL.sub("", next((line for line in lines if "?" in line), ""), count=1)
    return Draft(ask=draft.ask, reply=Reply(text=line))


def _example(pair: Pair, name: str, passage: Passage, draft: Draft, teacher: Teacher) -> Example:
    return Example(
        id=name,
        question=pair.question,
        answer=pair.answer,
        passage=passage.id,
        document=passage.document,
        pages=passage.pages,
        teacher=teacher.name,
        question_type=draft.ask.question_type or _TYPES.get(pair.kind.strip().lower().replace("-", "_")),
    )


QUESTION_KEYS = frozenset({"question", "q", "query"})
ANSWER_KEYS = frozenset({"answer", "a", "response", "reply"})
_OBJECT = re.compile(r"\{(?=\s*[\"'“”]?[\w ]+[\"'“”]?\s*:)")
_LABELLED = re.compile(
    r"^\W*(?:\d+\W+)?(?:question|q)\W?\d*\W*:\W*(?P<question>.+?)\s*\n\W*(?:answer|a)\W?\d*\W*:[\s*]*(?P<answer>.+)$",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE = re.compile(r"^\s*```\w*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)


def read_pairs(reply: str) -> tuple[list[Pair], bool]:
    """Return the pairs in `reply`, and whether it had to be mended for that."""
    text = after_thinking(reply).strip()
    strict = _strict(text)
    if strict:
        return strict, False
    mended = [pair for piece in _pieces(text) for pair in _mended(piece)]
    mended = mended or [pair for found in _LABELLED.finditer(text) for pair in _pair(found.groupdict())]
    return mended, bool(mended)


def after_thinking(reply: str) -> str:
    """Return what follows the thoughts of a model that writes them down first."""
    return reply.rpartition("</think>")[2]


class _Members(list[tuple[str, object]]):
    """An object's members in their order, of which a careless teacher gives several the same name."""


def _strict(text: str) -> list[Pair]:
    fenced = _FENCE.match(text)
    try:
        return list(_walk(json.loads(fenced[1] if fenced else text, object_pairs_hook=_Members)))
    except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, thousands of brackets
        return []


def _pieces(text: str) -> list[str]:
    """Return the text of each object, from its brace to the next one's: mended alone, one spoils no other."""
    starts = [match.start() for match in _OBJECT.finditer(text)]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def _mended(piece: str) -> list[Pair]:
    closed = piece.rfind("}") + 1
    try:
        pairs = list(_walk(json_repair.loads(piece[:closed] if closed else piece, skip_json_loads=True)))
    except (RecursionError, ValueError):
        return []
    if pairs and not closed and piece.rstrip(", \n")[-1] not in "\"'”]":
        pairs[-1] = replace(pairs[-1], cut_off=True)
    return pairs


def _walk(value: object) -> Iterator[Pair]:
    """Yield the pairs in lists and objects of any depth, in their order."""
    if isinstance(value, dict):
        value = _Members(value.items())
    if isinstance(value, _Members):
        yield from _from_members(value)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item)


def _from_members(members: _Members) -> Iterator[Pair]:
    found: dict[str, str] = {}
    for name, value in members:
        if isinstance(value, list | dict) and not _is_text(value):
            yield from _walk(value)
        elif name.strip().endswith("?"):
            yield from _pair({"question": name, "answer": _text(value)})
        elif role := _role(name):
            if role in found:
                yield from _pair(found)
                found = {}
            found[role] = _text(value)
    yield from _pair(found)


def _pair(found: dict[str, str]) -> Iterator[Pair]:
    question, answer = _plain(found.get("question", "")), _plain(found.get("answer", ""))
    if question and answer:
        yield Pair(question, answer, found.get("type", ""))


def _role(name: str) -> str:
    plain = re.sub(r"[^a-z]", "", name.lower())
    if plain in QUESTION_KEYS:
        return "question"
    if plain in ANSWER_KEYS:
        return "answer"
    return "type" if plain in {"type", "questiontype"} else ""


def _is_text(value: object) -> bool:
    """Tell a list of words, which is an answer in pieces, from a list of objects."""
    return isinstance(value, list) and all(isinstance(item, str | int | float) for item in value)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _plain(text: str) -> str:
    """Return `text` on one line, without halves of characters, which no file can hold."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())

"""Who says what in a row that holds a conversation.

In: a list of turns, each with its `role` or `from`. Out: the exchange that trains: the first user's turns
that an assistant answers. Rows differ in where it stands, because some begin with a system turn or a
greeting; a position in the list alone would take the user's words for the answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tasks.ingest.datasets.cells import RefusedError

Role = Literal["user", "assistant", "system"]
Turn = dict[str, Any]
ROLES = frozenset(get_args(Role))
_NAMES: dict[str, Role] = {
    **dict.fromkeys(("user", "human", "prompter", "client", "customer"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "chatbot", "chatgpt", "ai"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
}
_ROLE_KEYS = ("role", "from", "speaker", "author", "sender")
_TEXT_KEYS = ("value", "content", "text", "message")


@dataclass(frozen=True)
class Place:
    """A turn that a mapping names by its position."""

    path: str
    chat_path: str
    chat: Sequence[Turn]
    index: int

    @property
    def role(self) -> str:
        """Who speaks there; empty: nobody known."""
        return role(self.chat[self.index])


def chat_of(value: Any) -> list[Turn] | None:
    """Return a value as turns of a user and an assistant, in rows or in columns; none: it is not."""
    if isinstance(value, dict):
        value = _from_columns(value)
    is_chat = (
        isinstance(value, list)
        and all(isinstance(turn, dict) for turn in value)
        and any(role(turn) in {"user", "assistant"} for turn in value)
    )
    return value if is_chat else None


def _from_columns(value: dict[str, Any]) -> list[Turn]:
    """Return the turns that lists of equal length hold: who speaks in one, what is said in another."""
    columns = {key: items for key, items in value.items() if isinstance(items, list)}
    if not columns.keys() & set(_ROLE_KEYS) or len({len(items) for items in columns.values()}) != 1:
        return []
    return [dict(zip(columns, items, strict=True)) for items in zip(*columns.values(), strict=True)]


def role(turn: Turn) -> str:
    """Return who speaks: user, assistant, system, or empty for anyone else."""
    names = (turn.get(key) for key in _ROLE_KEYS)
    return next((_NAMES.get(name.strip().casefold(), "") for name in names if isinstance(name, str)), "")


def turn_text(turn: Turn) -> Any:
    """Return what a turn says: its text, or the texts of its parts."""
    value = next((turn[key] for key in _TEXT_KEYS if key in turn), None)
    if isinstance(value, list) and all(
        isinstance(part, dict) and part.get("type") == "text" for part in value
    ):
        return [part.get("text") for part in value]
    return value


def spoken(chat: Sequence[Turn], wanted: str) -> list[Any]:
    """Return what `wanted` says: the system at the beginning, user and assistant in the first exchange."""
    if wanted == "system":
        return [turn_text(turn) for turn in chat if role(turn) == "system"][:1]
    start, answer = exchange(chat)
    chosen = chat[start:answer] if wanted == "user" else chat[answer : answer + 1]
    return [turn_text(turn) for turn in chosen]


def exchange(chat: Sequence[Turn]) -> tuple[int, int]:
    """Return where the first user's turns with an answer begin, and where the answer is; the end: nowhere."""
    for answer in range(1, len(chat)):
        start = answer
        while start and role(chat[start - 1]) == "user":
            start -= 1
        if role(chat[answer]) == "assistant" and start < answer:
            return start, answer
    return len(chat), len(chat)


def require_exchange(asked: Iterable[Place], answered: Iterable[Place]) -> None:
    """Raise RefusedError where positions do not name a user's turn and the assistant's answer to it."""
    answers = list(answered)
    for place in answers:
        _require(place, "assistant")
    last: dict[str, Place] = {}
    for place in asked:
        if place.chat_path not in last or last[place.chat_path].index < place.index:
            last[place.chat_path] = place
    for place in last.values():
        _require(place, "user")
        follow = [answer for answer in answers if answer.chat_path == place.chat_path]
        if follow and any(map(role, _between(place, min(follow, key=lambda one: one.index)))):
            raise RefusedError(
                follow[0].path,
                f"`{follow[0].path}` does not answer `{place.path}`; {_remedy(place)}",
            )


def unused_turns(chat: Sequence[Turn], used: Iterable[int]) -> int:
    """Return how many turns of user and assistant no example is made of."""
    left = set(range(len(chat))).difference(used)
    return sum(role(chat[index]) in {"user", "assistant"} for index in left)


def _require(place: Place, wanted: Role) -> None:
    if place.role != wanted:
        speaker = f"a turn of the {place.role}" if place.role else "a turn of somebody else"
        raise RefusedError(
            place.path, f"`{place.path}` is {speaker} and not of the {wanted}; {_remedy(place)}"
        )


def _between(asked: Place, answer: Place) -> Iterator[Turn]:
    """Yield what is said between a question and its answer; the question itself where the order is wrong."""
    if answer.index < asked.index:
        yield asked.chat[asked.index]
    yield from asked.chat[asked.index + 1 : answer.index]


def _remedy(place: Place) -> str:
    return f"write `{place.chat_path}.user` and `{place.chat_path}.assistant`, which follow the roles"

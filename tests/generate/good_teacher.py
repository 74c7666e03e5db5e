"""A teacher that writes well: five passages with hand-written replies, some of them bad on purpose."""

import json
from pathlib import Path
from typing import Any, TypedDict

import yaml
from chat_server import completion

from tasks.records.corpus import Passage

FILE = Path(__file__).parent / "good_teacher.yaml"


class Written(TypedDict, total=False):
    """A pair as the teacher writes it, and why it must be refused, if so."""

    question: str
    answer: str
    fate: str


class Reply(TypedDict):
    """What is written about one passage."""

    document: str
    form: str
    heading: str
    text: str
    pairs: list[Written]


REPLIES: list[Reply] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
WRITTEN = [pair for reply in REPLIES for pair in reply["pairs"]]


def good_passages() -> list[Passage]:
    """Return the five passages, each of a document of its own."""
    return [
        Passage(
            id=f"{at:08x}-0000",
            document=reply["document"],
            document_digest=f"{at:064x}",
            heading=reply["heading"],
            pages=(1, 1),
            text=reply["text"],
        )
        for at, reply in enumerate(REPLIES)
    ]


class WrittenChat:
    """Answers with what is written about the passage that it is asked about; words count as tokens."""

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the chat completion."""
        asked = body["messages"][-1]["content"]
        (found,) = (reply for reply in REPLIES if reply["text"] in asked)
        text = spelled(found)
        return completion(text, len(asked.split()), len(text.split()))


def spelled(reply: Reply) -> str:
    """Return the text of a reply in its form."""
    pairs = [{name: pair[name] for name in ("question", "answer")} for pair in reply["pairs"]]
    listed = json.dumps(pairs, indent=1)
    match reply["form"]:
        case "object":
            return json.dumps({"pairs": pairs})
        case "chatty":
            return f"Sure! Here are the pairs:\n\n```json\n{listed}\n```\nLet me know if you need more."
        case "cut":
            return listed[: listed.rindex('"')]
        case _:
            return listed

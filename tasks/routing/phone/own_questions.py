"""The questions that a router was tested on: its folder in, texts out."""

from pathlib import Path

from pydantic import ConfigDict

from tasks.records import Record, read_records

PREDICTIONS = "predictions.jsonl"


class _Asked(Record):
    """A line of predictions.jsonl, of which only the question is read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    question: str


def own_questions(folder: Path) -> list[str]:
    """Return the questions of `predictions.jsonl`; none where a router came without it."""
    path = folder / PREDICTIONS
    return [asked.question for asked in read_records(path, _Asked)] if path.exists() else []

"""Writes small data sets and ingests them, as the stage does."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tasks.ingest.config import DatasetMapping, IngestConfig
from tasks.ingest.run import run
from tasks.kernel.workspace import Workspace, silent
from tasks.records.dataset import Example
from tasks.records.files import read_records
from tasks.records.refused import FILE, RefusedRow

Rows = Iterable[object]


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def json_lines(path: Path, *rows: object) -> Path:
    return written(path, "".join(json.dumps(row) + "\n" for row in rows))


def good(count: int) -> list[dict[str, Any]]:
    """Return rows that nothing is wrong with: as many make one bad one a small share."""
    return [{"q": f"What is part {number}?", "a": f"It is part {number}."} for number in range(count)]


class Ingested:
    """What the stage made of a data set."""

    def __init__(self, source: Path, out: Path, **mapping: object) -> None:
        chosen = DatasetMapping.model_validate({"question": "q", "answer": "a", **mapping})
        out.mkdir()
        run({"dataset": source}, IngestConfig(dataset=chosen), Workspace(out, out, silent))
        self.examples = read_records(out / "examples.jsonl", Example)
        self.counts: dict[str, int] = json.loads((out / "dataset.json").read_text(encoding="utf-8"))
        self.refused = read_records(out / FILE, RefusedRow) if (out / FILE).is_file() else []

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The questions with their answers."""
        return [(example.question, example.answer) for example in self.examples]


def ingested(source: Path, **mapping: object) -> Ingested:
    """Ingest a data set into a folder beside it."""
    return Ingested(source, source.with_name(f"{source.name}.corpus"), **mapping)

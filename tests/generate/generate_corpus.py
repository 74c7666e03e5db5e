"""Small corpora and workspaces that the tests of generation share."""

from collections.abc import Callable
from pathlib import Path

from tasks.kernel.workspace import Workspace, silent
from tasks.records.corpus import Passage
from tasks.records.dataset import Example
from tasks.records.files import write_records

SUBJECTS = (
    *("glacier", "volcano", "desert", "river", "island", "forest"),
    *("canyon", "lagoon", "prairie", "tundra", "reef", "delta"),
)
NAMES = ("bravo", "candor", "dexter", "ember", "falcon", "garnet", "harbor", "indigo")


def sentences(subject: str, count: int) -> list[str]:
    return [
        f"A {subject} such as {name}{subject} shapes every {subject}{name} valley near {name}ham{subject}."
        for name in NAMES[:count]
    ]


def passages(count: int, sentence_count: int = 8) -> list[Passage]:
    return [
        Passage(
            id=f"0000aaaa-{at:04d}",
            document=f"atlas-{at // 6}.pdf",
            document_digest="0000aaaa",
            pages=(at + 1, at + 1),
            text=" ".join(sentences(subject, sentence_count)),
        )
        for at, subject in enumerate(SUBJECTS[:count])
    ]


def write_corpus(folder: Path, texts: list[Passage], examples: list[Example]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_records(folder / "passages.jsonl", texts)
    write_records(folder / "examples.jsonl", examples)
    return folder


def workspace(folder: Path, progress: Callable[..., None] = silent) -> Workspace:
    out, scratch = folder / "out", folder / "scratch"
    out.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(parents=True, exist_ok=True)
    return Workspace(out, scratch, progress)

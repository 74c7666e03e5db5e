"""How many of poppler's words each PDF parser finds, file by file, and why there are less than half of them.

In: folders of PDFs and poppler's `pdftotext`, an implementation that shares no code with ours. Out:
`results/poppler.json`. Words are compared as multisets after NFKC, so that the order in which columns are
read, which `benchmarks.ingestion` measures, does not count here. Scripts without spaces are compared by
letters: where one puts words apart another may not.
"""

import argparse
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from unicodedata import normalize

import psutil

from benchmarks.machine import save
from tasks.ingest.passages.stored_documents import StoredPages
from tasks.ingest.reading.reader import Request
from tasks.ingest.reading.reasons import UnreadableError
from tasks.ingest.reading.supervising import read_apart
from tasks.ingest.reading_config import ReadingConfig

READERS: Mapping[str, dict[str, object]] = {
    "pypdf": {"backend": {"kind": "pypdf"}, "second_opinion": False},
    "pdfium": {"backend": {"kind": "pdfium"}, "second_opinion": False},
    "both": {},
}
"""`both` is what the stage does unless it is told otherwise."""
FEW = 0.5
SECONDS = 600
TOKEN = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w+")


@dataclass(frozen=True)
class Reading:
    """What one reader finds in one file."""

    words: int
    shared: int
    """Of poppler's words."""
    reason: str = ""
    """Why it finds nothing."""


@dataclass(frozen=True)
class Compared:
    """One file."""

    name: str
    words: int
    """Poppler's."""
    readings: Mapping[str, Reading]

    def is_poor(self, reader: str) -> bool:
        """Tell whether the reader finds less than half of poppler's words."""
        return self.readings[reader].shared < FEW * self.words


def main() -> None:
    """Compare every PDF below each folder, and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", type=Path, nargs="+")
    folders: list[Path] = parser.parse_args().folders
    if shutil.which("pdftotext") is None:
        raise SystemExit("pdftotext is not installed: `apt-get install poppler-utils`, or your system's like")
    save("poppler", {"folders": {folder.name: _compare_all(folder) for folder in folders}})


def _compare_all(folder: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(psutil.cpu_count()) as pool:
        paths = sorted(folder.rglob("*.pdf"))
        files = list(pool.map(partial(_compare, Path(scratch)), paths, range(len(paths))))
    return {"files": len(files), **{reader: _figures(files, reader) for reader in READERS}}


def _compare(scratch: Path, path: Path, number: int) -> Compared:
    command = ["pdftotext", "-q", str(path.resolve()), "-"]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    theirs = _words(done.stdout.decode("utf-8", "replace"))
    readings = {
        reader: _read(path, config, scratch / f"{number}-{reader}.jsonl", theirs)
        for reader, config in READERS.items()
    }
    return Compared(path.name, theirs.total(), readings)


def _read(path: Path, config: Mapping[str, object], out: Path, theirs: Counter[str]) -> Reading:
    reading = ReadingConfig.model_validate(config)
    request = Request(path=path.resolve(), format="pdf", config=reading, password_variable=None, out=out)
    try:
        found = read_apart(request, lambda _page: None)
    except UnreadableError as error:
        return Reading(0, 0, error.reason.value)
    lines = (line.text for page in StoredPages(out, found.pages or 0) for line in page)
    ours = _words("\n".join(lines))
    flaws = ", ".join(sorted(set(found.unreadable_pages.values())))
    return Reading(ours.total(), (ours & theirs).total(), flaws)


def _words(text: str) -> Counter[str]:
    return Counter(TOKEN.findall(normalize("NFKC", text).lower()))


def _figures(files: list[Compared], reader: str) -> dict[str, object]:
    read = [file.readings[reader] for file in files]
    poor = [file for file in files if file.is_poor(reader)]
    return {
        "word_recall": sum(one.shared for one in read) / sum(file.words for file in files),
        "files_read": sum(bool(one.words) for one in read),
        "less_than_half": [
            {"name": file.name, "poppler_words": file.words, **asdict(file.readings[reader])} for file in poor
        ],
    }


if __name__ == "__main__":
    main()

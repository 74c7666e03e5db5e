"""Give a scanned PDF a text layer: OCRmyPDF, which drives Tesseract.

In: a PDF, some or all pages of which are pictures or have text that says nothing. Out: a copy whose
pictures of text have text behind them; pages that have good text already stay as they are. It is a program
apart and no library, so that an installation of the system's serves as well as the extra `ocr`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pypdf import PdfReader, PdfWriter

from tasks.ingest.cleaning.lines import clean
from tasks.ingest.reading.pdf_failures import explained
from tasks.ingest.reading.reasons import Reason, UnreadableError
from tasks.ingest.reading_config import OcrMyPdf

MESSAGE_CHARACTERS = 300
MISSING_DEPENDENCY = 3


def require_ocr() -> str:
    """Return the path of OCRmyPDF; raise UnreadableError where it or Tesseract is missing."""
    beside = Path(sys.executable).with_name("ocrmypdf")
    program = str(beside) if beside.is_file() else shutil.which("ocrmypdf")
    if program is None or shutil.which("tesseract") is None:
        raise UnreadableError(
            Reason.OCR_MISSING,
            "scanned, and `ocrmypdf` or `tesseract` is not installed; run `pip install 'pocketmoe[ocr]'` and"
            " `apt-get install tesseract-ocr` (or your system's like), or remove reading.ocr",
        )
    return program


def recognise(
    source: Path, target: Path, config: OcrMyPdf, password: str | None, garbled: list[int] | None
) -> None:
    """Write a copy of `source` with a text layer; raise UnreadableError where that fails.

    Of the pages `garbled` (none: of all) the text that is there is not kept; where there are none of them,
    pages that have text are left alone.
    """
    command = [
        require_ocr(),
        *_which(garbled),
        "--output-type",
        "pdf",
        "--optimize",
        "0",
        "--jobs",
        "1",
        "--quiet",
    ]
    opened = _decrypted(source, target.with_suffix(".open.pdf"), password)
    try:
        done = subprocess.run(
            [*command, "--language", "+".join(config.languages), str(opened), str(target)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1", "TMPDIR": str(target.parent)},
        )
    finally:
        if opened != source:
            opened.unlink(missing_ok=True)
    if done.returncode or not target.is_file():
        raise _failure(done.returncode, done.stderr.decode("utf-8", "replace"), config)


def _which(garbled: list[int] | None) -> list[str]:
    if garbled is None:
        return ["--force-ocr"]
    return ["--force-ocr", "--pages", ",".join(map(str, garbled))] if garbled else ["--skip-text"]


def _decrypted(source: Path, target: Path, password: str | None) -> Path:
    """Return a copy without encryption, which OCRmyPDF refuses, or `source` itself."""
    with explained(source, "the file"):
        reader = PdfReader(source)
        if not reader.is_encrypted:
            return source
        reader.decrypt(password or "")
        PdfWriter(clone_from=reader).write(target)
    return target


def _failure(code: int, output: str, config: OcrMyPdf) -> UnreadableError:
    tail = clean(output)[-MESSAGE_CHARACTERS:]
    if code == MISSING_DEPENDENCY or "language" in tail:
        return UnreadableError(
            Reason.OCR_MISSING,
            f"scanned, and OCR cannot start ({tail}); install the data of {', '.join(config.languages)}"
            " for Tesseract, or correct reading.ocr.languages",
        )
    return UnreadableError(
        Reason.OCR_FAILED, f"scanned, and OCR fails on it ({tail}); scan it again, or remove it"
    )

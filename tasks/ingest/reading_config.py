"""How documents are opened: by which parser, within which limits, with which passwords and OCR.

In: YAML. Out: frozen values. Passwords are named by environment variable and never written
here, because a config enters cache keys, manifests and reports.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from tasks.kernel.config import Slice
from tasks.text.encoding_names import known_encoding

VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
Format = Literal["pdf", "markdown", "text", "html", "epub", "docx"]
FORMATS: tuple[Format, ...] = ("pdf", "epub", "docx", "html", "markdown", "text")
"""In the order of preference where a folder has the same document in several formats: pages can be cited."""


def _known(name: str) -> str:
    if known_encoding(name) is None:
        raise ValueError(f"`{name}` is no known encoding; write one such as shift_jis, gb18030 or koi8-r")
    return name


EncodingName = Annotated[str, AfterValidator(_known)]
"""The name of an encoding, in Python's spelling or the web's."""


class PypdfBackend(Slice):
    """pypdf: pure Python, knows encodings of Chinese and Japanese fonts that PDFium does not."""

    kind: Literal["pypdf"] = "pypdf"


class PdfiumBackend(Slice):
    """PDFium, the parser of Chromium: in native code, finds more of the words and the spaces between them."""

    kind: Literal["pdfium"] = "pdfium"


Backend = Annotated[PypdfBackend | PdfiumBackend, Field(discriminator="kind")]


class NoOcr(Slice):
    """Scanned files are refused, and named as such."""

    kind: Literal["none"] = "none"


class OcrMyPdf(Slice):
    """Files without a text layer get one from Tesseract; needs the extra `ocr` and both programs' data."""

    kind: Literal["ocrmypdf"] = "ocrmypdf"
    languages: list[Annotated[str, Field(pattern=r"^\w+(/\w+)?$")]] = Field(default=["eng"], min_length=1)
    """Tesseract's names of the languages in the scans (`tesseract --list-langs`)."""
    page_seconds: float = Field(default=60.0, gt=0)
    """Time for a page on average; recognition that takes longer is ended."""


Ocr = Annotated[NoOcr | OcrMyPdf, Field(discriminator="kind")]


class Limits(Slice):
    """What one file may cost, whatever is in it; each file is read in a process of its own."""

    seconds: float = Field(default=1800.0, gt=0)
    """Wall time for the whole file."""
    page_seconds: float = Field(default=30.0, gt=0)
    """Wall time for one page, and for opening the file: what loops is ended after it."""
    memory_megabytes: int = Field(default=1024, ge=256)
    """Address space of the process that reads the file (2^20 bytes)."""
    pages: int = Field(default=20_000, ge=1)
    """A file with more pages is refused as a whole."""


class ReadingConfig(Slice):
    """How the files of a library are opened."""

    backend: Backend = PdfiumBackend()
    """The PDF parser that reads first."""
    second_opinion: bool = True
    """Let the other parser read the pages that the first yields badly, and files that it cannot read."""
    formats: list[Format] = Field(default=list(FORMATS), min_length=1)
    """Kinds of files to read; of one document in several (book.pdf, book.epub), one is read, a PDF first."""
    limits: Limits = Limits()
    password_variables: dict[str, Annotated[str, Field(pattern=VARIABLE)]] = {}
    """File name pattern -> environment variable with the password (`"minutes-*.pdf": MINUTES_PASSWORD`)."""
    encodings: dict[str, EncodingName] = {}
    """File name pattern -> encoding of such text, Markdown and HTML files (`"old/*.txt": koi8-r`); others are
    read as they declare, as UTF-8, or in the encoding that is detected."""
    ocr: Ocr = NoOcr()
    unreadable: Literal["fail", "skip"] = "fail"
    """Whether files that yield no text end the stage (all named at once) or are left out and accounted for.

    A wrong setting (a missing or wrong password, a missing OCR program) ends the stage in both cases.
    """

    def other_parser(self) -> Self:
        """Return the same with the other parser alone."""
        other = PypdfBackend() if isinstance(self.backend, PdfiumBackend) else PdfiumBackend()
        return self.model_copy(update={"backend": other, "second_opinion": False})

    @model_validator(mode="after")
    def page_within_file(self) -> Self:
        """Refuse a page limit that the file's limit makes void."""
        if self.limits.page_seconds > self.limits.seconds:
            raise ValueError("limits: page_seconds must be at most seconds")
        return self

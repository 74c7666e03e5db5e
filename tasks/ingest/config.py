"""What ingestion is asked for: how to open and clean documents, the size of passages, data sets.

In: YAML. Out: frozen values without paths of files: documents and local data sets reach the
stage as inputs, so that their bytes and not their places enter the cache key.
"""

from dataclasses import dataclass
from string import Formatter
from typing import Literal, Self, get_args

from pydantic import ConfigDict, Field, model_validator

from tasks.ingest.reading_config import EncodingName, ReadingConfig
from tasks.kernel.config import Slice
from tasks.models.sources import EmbeddedModel, ModelSource
from tasks.records.dataset import Check, Drawn


class DatasetMapping(Slice):
    """How the rows of a data set become questions and answers.

    A template is either a column (`output`) or text with columns in braces
    (`Task: {instruction}`). Dots step into nested values (`context.contexts`,
    `answers.0.body`) and conversations (`messages.user`, `messages.assistant`); lists are
    joined by line breaks; empty columns leave no gap.
    """

    model_config = ConfigDict(coerce_numbers_to_str=True)

    hub: str | None = Field(default=None, pattern=r"^[\w.-]+(/[\w.-]+)?$")
    """Name of the data set on the Hugging Face hub; none where a local file is given."""
    revision: str | None = None
    """Commit, tag or branch on the hub; a commit hash makes the run repeatable."""
    subset: str | None = None
    """Configuration of a hub data set that has several (`pqa_labeled`)."""
    question: str = Field(min_length=1)
    """Column or template of the question, with the prompt around it."""
    answer: str = Field(min_length=1)
    """Column or template of the reference answer."""
    checks: dict[Check, str] = {}
    """Columns or templates of what answers are checked with beside the reference (`tests: test_list`)."""
    split_column: str | None = None
    """Column that names the split of a row; without it, a hub split or the file's stem does."""
    splits: dict[str, Drawn] | None = None
    """The data set's own split names and what they are here, others left out; none: all rows, split later."""
    columns: list[str] | None = Field(default=None, min_length=1)
    """Column names of a CSV or TSV file without a header."""
    quoted: bool | None = None
    """Whether double quotes enclose fields; none: in CSV they do, in TSV they are plain characters."""
    encoding: EncodingName | None = None
    """Encoding of JSON, CSV and TSV files; none: UTF-8, or the one that is detected."""
    label_names: dict[str, dict[str, str]] = {}
    """By column: what its values are called in templates (`label: {"-1": negative}`)."""
    best: dict[str, str] = {}
    """By list column: the key whose greatest value picks the one item to use (`answers: score`)."""
    html: bool = False
    """Turn HTML in the columns into plain text."""
    max_rows: int | None = Field(default=None, ge=1)
    """Use this many usable rows of each split at most, in the data set's order."""
    max_refused: float = Field(default=0.01, ge=0, le=1)
    """Share of rows that may be refused as unusable; the stage fails where there are more."""

    @model_validator(mode="after")
    def hub_options_need_hub(self) -> Self:
        """Refuse options of the hub where no hub data set is named."""
        if self.hub is None and (self.revision or self.subset):
            raise ValueError("revision and subset belong to a hub data set: name it in `hub`, or remove them")
        return self

    @model_validator(mode="after")
    def split_column_needs_splits(self) -> Self:
        """Refuse a split column whose values nobody explains."""
        if self.split_column and self.splits is None:
            raise ValueError("split_column needs `splits`, for example {train: train, dev: validation}")
        return self

    @model_validator(mode="after")
    def columns_differ(self) -> Self:
        """Refuse two columns of one name: only the last would be seen."""
        if self.columns and len(set(self.columns)) < len(self.columns):
            raise ValueError("columns: a name stands twice; give each column a name of its own")
        return self

    @model_validator(mode="after")
    def templates_are_well_formed(self) -> Self:
        """Refuse braces that do not pair, and empty ones."""
        templates = {"question": self.question, "answer": self.answer}
        checks = {f"checks.{name}": template for name, template in self.checks.items()}
        for field, template in (templates | checks).items():
            try:
                parts = list(Formatter().parse(template))
            except ValueError as error:
                raise ValueError(f"{field}: {error}; write {{{{ and }}}} for plain braces") from error
            if any(spec or conversion for _, _, spec, conversion in parts):
                raise ValueError(
                    f"{field}: braces hold a column's name alone; write {{{{ and }}}} for plain braces"
                )
            if "" in (name for _, name, _, _ in parts):
                raise ValueError(f"{field}: empty braces; write {{column}}, or {{{{}}}} for plain braces")
        return self


class PassageTokens(Slice):
    """Passages measured with a tokenizer, for models whose context counts in tokens."""

    limit: int = Field(default=512, ge=128, le=8192)
    """Tokens in a passage at most; a sentence is never split for it."""
    minimum: int = Field(default=96, ge=0, le=4096)
    """The last passage of a document joins the one before where it is shorter than this."""
    overlap: int = Field(default=0, ge=0, le=2048)
    """Tokens at most that are repeated from the passage before, in whole sentences."""
    tokenizer: ModelSource = EmbeddedModel()
    """The model whose tokenizer counts."""


@dataclass(frozen=True)
class PassageSize:
    """How long passages are, in words or tokens."""

    limit: int
    minimum: int
    overlap: int


class CleaningConfig(Slice):
    """Which parts of a document are no text to learn from."""

    running_lines: bool = True
    """Headers and footers of PDFs (lines that come back at the same height), and repeated heads of tables."""
    page_numbers: bool = True
    """Numbers at the edge of PDF pages that count with the pages, and `page 3 of 8`."""
    contents: bool = True
    """Tables of contents: entries below such a heading, or four and more with dots before rising numbers."""
    references: bool = True
    """Reference lists: entries below such a heading, or four and more that are numbered [1], [2], [3]."""
    index: bool = True
    """Index pages: terms with page numbers below such a heading."""
    notices: bool = True
    """Short paragraphs on copyright, licence and reprinting."""
    identifiers: bool = True
    """Lines of nothing but ISBN, ISSN, DOI, publication or version numbers."""
    contacts: bool = True
    """Lines of nothing but web addresses, e-mail, telephone numbers or postal addresses."""
    blank_pages: bool = True
    """`This page intentionally left blank`."""

    def wanted(self) -> frozenset[str]:
        """Return the kinds that are removed."""
        return frozenset(kind for kind, on in self.model_dump().items() if on)


class IngestConfig(Slice):
    """Passages from documents and examples from a ready-made data set."""

    reading: ReadingConfig = ReadingConfig()
    cleaning: CleaningConfig = CleaningConfig()
    passage_words: int = Field(default=400, ge=100, le=2000)
    """Words in a passage at most; a sentence is never split for it."""
    min_passage_words: int = Field(default=80, ge=0, le=1000)
    """The last passage of a document joins the one before where it is shorter than this."""
    overlap_words: int = Field(default=0, ge=0, le=500)
    """Words at most that are repeated from the passage before, in whole sentences; not asked about."""
    passage_tokens: PassageTokens | None = None
    """Measure passages in tokens; the three sizes in words then do not count."""
    dataset: DatasetMapping | None = None
    """How to read the domain's data set; none for a domain that has documents alone."""

    @property
    def passage_size(self) -> PassageSize:
        """The size of passages in the unit that counts."""
        if self.passage_tokens is None:
            return PassageSize(self.passage_words, self.min_passage_words, self.overlap_words)
        tokens = self.passage_tokens
        return PassageSize(tokens.limit, tokens.minimum, tokens.overlap)

    @model_validator(mode="after")
    def minimum_below_size(self) -> Self:
        """Refuse a minimum or an overlap that leaves too little of a passage."""
        size = self.passage_size
        minimum, overlap, limit = (
            ("passage_tokens.minimum", "passage_tokens.overlap", "passage_tokens.limit")
            if self.passage_tokens
            else ("min_passage_words", "overlap_words", "passage_words")
        )
        if size.minimum > size.limit // 2:
            raise ValueError(f"{minimum} must be at most half of {limit}")
        if size.overlap > size.limit // 2:
            raise ValueError(f"{overlap} must be at most half of {limit}")
        return self

    def refusals(self) -> list[str]:
        """Return what this stage cannot do yet, one sentence each: nothing."""
        return []


Kind = Literal[
    "running_lines",
    "page_numbers",
    "contents",
    "references",
    "index",
    "notices",
    "identifiers",
    "contacts",
    "blank_pages",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds of removal, in the order of the report."""

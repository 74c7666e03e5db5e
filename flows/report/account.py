"""The parts of report.json that account for the documents: pages, pairs to read, and what they cost.

In: values from the files of ingestion and generation. Out: validated parts, gathered by
`flows.report.schema`.
"""

from flows.report.figures import Funnel, Part


class Gap(Part):
    """Neighbouring pages that gave no pair for the same reason."""

    first: int
    last: int
    state: str
    """`rejected`, `not_asked`, `skipped`, `not_sampled`, `removed`, `no_text` or `no_passage`."""
    why: dict[str, int] = {}
    """Reason codes of its sentences or pairs with their counts, summed over the pages."""


class DocumentReport(Part):
    """What became of one file of a library."""

    document: str
    digest: str = ""
    pages: int | None = None
    unreadable: str = ""
    """Why the file gave no text; empty: it was read."""
    same_as: str = ""
    """The file of the same content that was read in its place."""
    pages_without_text: int = 0
    removed: dict[str, int] = {}
    """Lines and blocks that are no text to learn from, by kind."""
    funnel: Funnel | None = None
    kept_by_page: list[int] = []
    """Kept pairs whose passage touches the page, page by page; a passage may touch two."""
    gaps: list[Gap] = []


class Cost(Part):
    """What the pairs of a domain cost when they were written."""

    seconds: float | None = None
    """Of asking the teacher."""
    money: float | None = None
    """By the configured prices, in their currency."""
    tokens: int | None = None
    """Read and written."""
    seconds_per_kept_pair: float | None = None
    money_per_kept_pair: float | None = None
    tokens_per_kept_pair: float | None = None
    kept_pairs_per_100_words: float | None = None
    page_coverage: float | None = None
    """Share of the pages that gave at least one pair."""


class PairToRead(Part):
    """A pair with the text that it rests on."""

    question: str
    answer: str
    reason: str = ""
    """Code of the check that refused it; empty: kept."""
    detail: str = ""
    """What that check saw."""
    document: str = ""
    pages: tuple[int, int] | None = None
    teacher: str = ""
    question_type: str | None = None
    passage: str = ""
    """An excerpt of the passage, around the answer where it stands there."""

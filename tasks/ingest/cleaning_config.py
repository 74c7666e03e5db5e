"""What is taken out of a document's text before it is cut into passages.

In: YAML. Out: frozen switches, one for each kind of removal, named as in `documents.json`.
Everything is on: each rule wants strong signs, and a question about a licence notice or a
table of contents is worth nothing.
"""

from typing import Literal, get_args

from tasks.models import Slice

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

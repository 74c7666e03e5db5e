"""Tell the entries of tables of contents, reference lists and indexes from text.

In: a block. Out: whether it heads such a list or is an entry of one. The signs are those of
print, in the languages whose headings are known here; a block that reads like prose is none.
"""

import re
from typing import assert_never

from tasks.ingest.cleaning import blocks as layout
from tasks.ingest.cleaning.blocks import LEADERS, Block
from tasks.ingest.config import Kind
from tasks.text.segments import count_pieces

NUMBER = r"(?:\(?(?:chapter|section|appendix)?\s*(?:\d+(?:\.\d+)*|[A-Z]|[IVX]{1,4})[.:)]?\s+)?"
HEADINGS: dict[Kind, re.Pattern[str]] = {
    "contents": re.compile(
        NUMBER + r"(?:(?:table of |list of )?contents|contents of (?:this|the) (?:book|report|guide|booklet)"
        r"|list of (?:figures|tables|illustrations|boxes)|inhalt|inhaltsverzeichnis|inhaltsübersicht"
        r"|table des matières|sommaire|índice general|índice de contenidos|tabla de contenidos?|contenido"
        r"|indice)\W*",
        re.IGNORECASE,
    ),
    "references": re.compile(
        NUMBER + r"(?:(?:selected |key |list of |notes and |general )?(?:references|bibliography|works cited"
        r"|literature cited|literature|citations|cited works|further reading|sources|endnotes)"
        r"(?: cited| list| and notes| and further reading| and bibliography)?"
        r"|literatur(?:verzeichnis|hinweise)?|quellen(?:verzeichnis|angaben)?|bibliographie"
        r"|références(?: bibliographiques)?|referencias(?: bibliográficas)?|bibliografía|bibliografia"
        r"|riferimenti bibliografici|referências)\W*",
        re.IGNORECASE,
    ),
    "index": re.compile(
        NUMBER + r"(?:(?:subject |author |name |general |keyword )?index(?: of (?:subjects|names|terms))?"
        r"|sachregister|stichwortverzeichnis|sachverzeichnis|personenregister|register|índice alfabético)\W*",
        re.IGNORECASE,
    ),
}
PAGE = r"(?:\d{1,4}|[ivxlc]{1,7}|[A-Z]-?\d{1,3})"
ENDS_IN_PAGE = re.compile(rf"\S[\s|.·…_]*(?<=[\s|.·…_]){PAGE}$")
LEADER_PAGE = re.compile(r"(?:\.{4,}|(?:\. ){3,}\.?|…{2,}|(?:· ?){4,}|_{5,})[\s|]*(\d{1,4})$")
NUMBERED_REFERENCE = re.compile(r"\[(\d{1,3})\]\s*\S")
PAGES_AFTER_TERM = re.compile(
    r"(?:,|\s{2,}|\.{3,}|:)\s*\d{1,4}(?:[-–]\d{1,4})?(?:[nf]{1,2}\.?)?(?=[,;.\s]|$)"
)
SEE_ALSO = re.compile(r"\bsee (?:also )?\w", re.IGNORECASE)
REFERENCE_START = re.compile(
    r"\[\d{1,3}\]|\(?\d{1,3}[.)]?\s+[A-Z]|[-•*]\s|https?://|doi"
    r"|[^\W\d_][\w’'-]+(?: [^\W\d_][\w’'-]+)?,? (?:[A-Z]\.|[A-Z]{1,3}\b)"
)
REFERENCE_SIGNS = tuple(
    re.compile(sign)
    for sign in (
        r"\b(?:18|19|20)\d\d[a-z]?\b",
        r"https?://|www\.|\bdoi\b|\b10\.\d{4,}/",
        r"[A-Z][\w’'-]+,? (?:[A-Z]\. ?){1,3}|\b[A-Z][\w’'-]+ [A-Z]{1,3}[,.]",
        r"\d+ ?\(\d+\) ?[:,] ?\d+|\d+:\s?[eE]?\d+|\bpp?\. ?\d+|\b[Vv]ol\b|\b[Nn]o\. ?\d|\d+[-–]\d+\.?$",
        r"\bet al\b|\b[Ee]ds?\.|\bIn: |\b(?:Journal|Press|University|Retrieved|Accessed|Proc)\b",
    )
)
TWO_SIGNS = 2
PROSE_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|that|this|these|we|they|you|it|can|may|will|should|must|which)\b"
)
PROSE_WORDS, PROSE_SHARE = 25, 0.06
LONGEST_ENTRY = 30
"""Words in an entry of a table of contents or an index."""
LONGEST_REFERENCE = 1000
"""Characters that are looked at."""
END = 80
"""Characters in which an entry's dots and page are sought."""
SENTENCE = re.compile(r"[a-z]{2,}[.!?]$")


def list_headed(block: Block) -> Kind | None:
    """Return the kind of list that a block is the heading of."""
    if block.kind is layout.Kind.ROW or len(block.text) > 60:  # noqa: PLR2004  # no heading is longer
        return None
    return next((kind for kind, pattern in HEADINGS.items() if pattern.fullmatch(block.text)), None)


def is_entry(kind: Kind, block: Block, titles: frozenset[str]) -> bool:
    """Tell whether a block below the heading of a list is an entry of it; `titles` as in `drop_sections`."""
    match kind:
        case "contents":
            return _is_contents_entry(block, titles)
        case "references":
            return _is_reference(block.text)
        case "index":
            return _is_index_entry(block.text)
        case "running_lines" | "page_numbers" | "notices" | "identifiers" | "contacts" | "blank_pages":
            return False
        case _:
            assert_never(kind)


def numbered_entry(block: Block) -> tuple[Kind, int] | None:
    """Return kind and number of an entry that is known without a heading: a page behind dots, or [7]."""
    if leader := LEADER_PAGE.search(block.text[-END:]):
        return "contents", int(leader[1])
    number = NUMBERED_REFERENCE.match(block.text)
    if number and _is_reference(block.text):
        return "references", int(number[1])
    return None


def _is_contents_entry(block: Block, titles: frozenset[str]) -> bool:
    text = block.text
    if text.removeprefix("- ").casefold() in titles:
        return block.kind is not layout.Kind.HEADING
    if LEADERS.search(text[-END:]) or len(re.findall(r"\.{4,}|(?:\. ){4,}|…{2,}", text)) > 1:
        return True
    return count_pieces(text) <= LONGEST_ENTRY and bool(ENDS_IN_PAGE.search(text[-END:]))


def _is_reference(text: str) -> bool:
    text = text[:LONGEST_REFERENCE]
    words = text.split()
    verbs = len(PROSE_VERB.findall(text))
    if len(words) >= PROSE_WORDS and verbs >= PROSE_SHARE * len(words):
        return False
    signs = sum(bool(sign.search(text)) for sign in REFERENCE_SIGNS)
    return signs >= (1 if REFERENCE_START.match(text) else TWO_SIGNS)


def _is_index_entry(text: str) -> bool:
    if len(text) == 1 and text.isalpha():
        return True
    words = text.split()
    found = len(PAGES_AFTER_TERM.findall(text))
    if SENTENCE.search(text) and len(words) > PROSE_WORDS and found < len(words) // 8:
        return False
    return found >= max(1, len(words) // 12) or (len(words) <= LONGEST_ENTRY and bool(SEE_ALSO.search(text)))

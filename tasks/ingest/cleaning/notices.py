"""Drop short blocks that say something about the publication and nothing about its subject.

In: blocks. Out: blocks without copyright and licence notices, ISBN and DOI lines, lines of
addresses alone, and remarks on empty pages. A block goes as a whole or not at all, and only
where nothing else is left in it or it is short: a chapter on copyright law stays.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from tasks.ingest.cleaning import blocks as layout
from tasks.ingest.cleaning.blocks import Block
from tasks.ingest.cleaning.removed import Removed
from tasks.ingest.config import CleaningConfig, Kind
from tasks.text.segments import count_pieces

LONGEST_NOTICE = 90
"""Words."""
LONGEST_LINE = 40
"""Words in a line of contacts or identifiers."""
WORD_LENGTH = 20
"""Characters; longer ones are addresses, which a line holds few of."""
YEAR = r"(?:19|20)\d\d"
HOLDER = rf"(?:©|\(c\)|copyright)\W{{0,3}}(?:(?:©|\(c\)|by)\W*)?(?:the\s)?{YEAR}"
NOTICE = re.compile(
    rf"{HOLDER}|(?:©|\(c\)\s|copyright\s©)[^.]{{2,80}}\b{YEAR}\b|all rights reserved|tous droits réservés"
    r"|alle rechte vorbehalten|todos los derechos reservados"
    r"|no part of this (?:publication|book|work|report|document)\b.*\b(?:reproduced|copied|transmitted)"
    r"|(?:work|book|article|publication|document|report|material) (?:is|are)"
    r" (?:licensed|distributed|published|released) under"
    r"|(?:terms of the|under an?|under the) creative commons"
    r"|(?:is|are) in the public domain and (?:may|can) be"
    r"|(?:reproduce|reproduced|reprint|reprinted|copied|reused) (?:or \w+ )?(?:in whole or in part |freely )?"
    r"without (?:the )?(?:prior )?(?:written )?permission",
    re.IGNORECASE,
)
IDENTIFIER = re.compile(
    r"(?:e-?|print |online )?(?:ISBN|ISSN|LCCN|EISSN)(?:-1[03])?(?:\s*\([^)]*\))?"
    r"\W*[\dXx][\dXx \u2010-\u2015-]{6,}"
    r"|(?:https?://(?:dx\.)?doi\.org/|doi:?\s*)10\.\d{4,9}/\S+"
    r"|\b(?:[A-Z]{2,6} )?(?:publication|report|document|order|catalog(?:ue)?)\s(?:no|number|nr)\b\.?:?"
    r"\s*[A-Z\d][\w./ -]{2,20}"
    r"|\barXiv:\d{4}\.\d{4,5}(?:v\d+)?(?: \[[\w.-]+\])?(?: \d{1,2} \w{3} \d{4})?"
    r"|library of congress (?:control|catalog\w*)[\w ]*:?\s*[\d-]+",
    re.IGNORECASE,
)
ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s|]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:gov|org|com|edu|net|info|int|eu|de|uk|us)\b(?:/[^\s|]*)?",
    re.IGNORECASE,
)
TELEPHONE = re.compile(
    r"(?:\+\d{1,3}[ .–-]|\b1[.–-])[ .–-]?\(?\d{1,5}\)?(?:[ .–-]{1,2}\d{2,5}){1,4}\b"
    r"|\(\d{3,5}\)[ .–-]{1,2}\d{3,4}(?:[ .–-]{1,2}\d{2,5})?\b|\b\d{3}[.–-] ?\d{3}[.–-] ?\d{4}\b"
    r"|\b(?:phone|tel|telephone|fax|toll[- ]free)\W{1,3}\+?[\d() .–-]{7,}",
    re.IGNORECASE,
)
POSTAL = re.compile(
    r"\b[A-Z][\w.]+(?: [A-Z][\w.]+)*,? (?:[A-Z]{2}|[A-Z]\.[A-Z]\.) \d{5}(?:[-–]\d{4})?\b|\bP\.? ?O\.? Box \d+"
    r"|\b(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})\b"
)
STREET = re.compile(
    r"\b\d{1,5}[A-Z]? (?:[NSEW]\.? )?(?:[A-Z][\w.’']+ ){1,4}"
    r"(?:street|st|road|rd|avenue|ave|boulevard|blvd|drive|dr|lane|ln|parkway|pkwy|place|pl|square|way"
    r"|court|ct)\b\.?"
    r"|\b(?:suite|room|floor|MSC|bldg|building)\.? [\w-]*\d[\w-]*",
    re.IGNORECASE,
)
LABELS = re.compile(
    r"\b(?:phone|telephone|tel|toll[- ]free|fax|tty|tdd|e-?mail|mail|web ?site|web|online|internet|url|call"
    r"|text|at|or|and|visit|for|more|information|contact|us|usa|u\.s\.a|hotline|available|from|source|see"
    r"|address)\b|\d+|\W|_",
    re.IGNORECASE,
)
BLANK = re.compile(
    r"\W*(?:this|the following|the next) page (?:is |was |has been )?(?:intentionally |deliberately )?"
    r"(?:left )?(?:blank|empty)(?: intentionally)?\W*|\W*(?:intentionally (?:left )?blank|blank page)\W*"
    r"|\W*diese seite (?:ist |wurde )?(?:absichtlich )?(?:leer|frei)(?: gelassen)?\W*",
    re.IGNORECASE,
)
REST_LETTERS = 3
"""Letters that may be left where nothing should be: a stray mark or an abbreviation."""
Test = Callable[[str], bool]


def drop_notices(blocks: Iterable[Block], config: CleaningConfig, removed: Removed) -> Iterator[Block]:
    """Yield the blocks that are no notice of a kind that the config removes; note the others.

    A heading goes with all that stood below it.
    """
    wanted = config.wanted()
    tests = [(kind, test) for kind, test in _TESTS if kind in wanted]
    heading: Block | None = None
    below: Kind | None = None
    for block in blocks:
        found = next((kind for kind, test in tests if test(block.text)), None)
        if found is not None:
            removed.note(found, block.page, block.text)
            below = found
            continue
        if heading is not None and below is not None and _follows(heading, block):
            removed.note(below, heading.page, heading.text)
        elif heading is not None:
            yield heading
        heading, below = (block, None) if block.kind is layout.Kind.HEADING else (None, None)
        if heading is None:
            yield block
    if heading is not None and below is not None:
        removed.note(below, heading.page, heading.text)
    elif heading is not None:
        yield heading


def _follows(heading: Block, block: Block) -> bool:
    """Tell whether a block is the next heading, so that nothing else stands below the one before."""
    return block.kind is layout.Kind.HEADING and block.rank >= heading.rank


def _is_blank(text: str) -> bool:
    return bool(BLANK.fullmatch(text))


def _is_identifier(text: str) -> bool:
    """Tell whether identifiers are all that a line holds."""
    if not _is_short(text, LONGEST_LINE) or not IDENTIFIER.search(text):
        return False
    rest = IDENTIFIER.sub(" ", text)
    return (
        _letters(
            re.sub(
                rf"(?i)\b(?:revised|{YEAR}|version|printed|edition|hardcover|paperback|pdf|epub|ebook"
                r"|january|february|march|april|may|june|july|august|september|october|november|december"
                r"|reprinted|updated|nih|in|the)\b",
                " ",
                rest,
            )
        )
        <= REST_LETTERS
    )


def _is_contact(text: str) -> bool:
    """Tell whether addresses are all that a line holds."""
    if not _is_short(text, LONGEST_LINE):
        return False
    if POSTAL.search(text) and (STREET.search(text) or ADDRESS.search(text) or TELEPHONE.search(text)):
        return not re.search(r"[a-z]{3,}[.!?] [A-Z]", TELEPHONE.sub(" ", ADDRESS.sub(" ", text)))
    if not (ADDRESS.search(text) or TELEPHONE.search(text)):
        return False
    return _letters(LABELS.sub(" ", TELEPHONE.sub(" ", ADDRESS.sub(" ", text)))) <= REST_LETTERS


def _is_notice(text: str) -> bool:
    return _is_short(text, LONGEST_NOTICE) and bool(NOTICE.search(text))


def _is_short(text: str, words: int) -> bool:
    """Tell whether a text has at most so many words; what has none is measured by its characters."""
    return len(text) <= WORD_LENGTH * words and count_pieces(text) <= words


def _letters(text: str) -> int:
    return sum(character.isalpha() for character in text)


_TESTS: tuple[tuple[Kind, Test], ...] = (
    ("blank_pages", _is_blank),
    ("identifiers", _is_identifier),
    ("contacts", _is_contact),
    ("notices", _is_notice),
)

"""The tables of a run's data: what became of pairs and documents, and what they cost.

In: a `Report` or one domain of it. Out: rows of words.
"""

from collections import Counter

from flows.report import words
from flows.report.account import Cost, DocumentReport
from flows.report.figures import Funnel
from flows.report.schema import DomainReport, Report
from flows.report.tables.table import Table

_READY = "(data set)"


def pairs_table(report: Report) -> Table:
    """Return each domain's way from what was asked to what was kept; it fits 80 columns."""
    headers = ("domain", "passages", "asked", "parsed", "rejected", "kept", "/100 words", "pages")
    rows = [
        (
            name,
            *map(words.count, (funnel.passages, funnel.asked, funnel.parsed)),
            words.count(sum(funnel.rejected.values())),
            words.count(funnel.kept),
            words.figure(cost.kept_pairs_per_100_words),
            words.percent(cost.page_coverage),
        )
        for name, funnel, cost in _funnels(report)
    ]
    return Table("Question-answer pairs, by domain", headers, tuple(rows))


def cost_table(report: Report) -> Table:
    """Return what the pairs cost; a column of money only where prices are configured."""
    priced = any(cost.money for _, _, cost in _funnels(report))
    headers = ("domain", "tokens read", "written", "tokens a pair", "time of asking", "seconds a pair")
    rows = [
        (
            name,
            words.count(funnel.input_tokens),
            words.count(funnel.output_tokens),
            words.figure(cost.tokens_per_kept_pair),
            words.duration(cost.seconds),
            words.figure(cost.seconds_per_kept_pair),
            *((words.figure(cost.money), words.figure(cost.money_per_kept_pair)) if priced else ()),
        )
        for name, funnel, cost in _funnels(report)
        if cost.seconds is not None
    ]
    money = ("money", "money a pair") if priced else ()
    return Table("What the pairs cost", (*headers, *money), tuple(rows))


def documents_table(part: DomainReport) -> Table:
    """Return what became of every file of a domain."""
    headers = (
        "document",
        "pages",
        "with pairs",
        "no text",
        "removed",
        "sentences",
        "asked",
        "kept",
        "rejected for",
    )
    rows = tuple(
        _document(document) for document in part.documents if not (document.unreadable or document.same_as)
    )
    return Table("Documents", headers, rows)


def removed(part: DomainReport) -> dict[str, int]:
    """Return how many lines and blocks of all documents were removed, most frequent kind first."""
    found = sum((Counter(document.removed) for document in part.documents), Counter[str]())
    return dict(found.most_common())


def unreadable_files(report: Report) -> list[tuple[str, str, str]]:
    """Return domain, file and reason of every file that gave no text."""
    return [
        (name, document.document, document.unreadable)
        for name, part in report.domains.items()
        for document in part.documents
        if document.unreadable
    ]


def copies(report: Report) -> list[tuple[str, str, str]]:
    """Return domain, file and the other file that was read in its place."""
    return [
        (name, document.document, document.same_as)
        for name, part in report.domains.items()
        for document in part.documents
        if document.same_as
    ]


def _document(document: DocumentReport) -> tuple[str, ...]:
    funnel = document.funnel or Funnel()
    reasons = sorted(funnel.rejected.items(), key=lambda item: (-item[1], item[0]))
    return (
        document.document or _READY,
        words.count(document.pages),
        words.count(sum(bool(kept) for kept in document.kept_by_page) if document.kept_by_page else None),
        words.count(document.pages_without_text),
        words.count(sum(document.removed.values())),
        *map(words.count, (funnel.sentences, funnel.asked, funnel.kept)),
        ", ".join(f"{words.said(reason)} {count}" for reason, count in reasons[:3]) or words.NOTHING,
    )


def _funnels(report: Report) -> list[tuple[str, Funnel, Cost]]:
    return [(name, part.funnel, part.cost or Cost()) for name, part in report.domains.items() if part.funnel]

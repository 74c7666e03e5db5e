"""The tables of a run's data: what became of pairs and documents, and what they cost.

In: a `Report` or one domain of it. Out: rows of words.
"""

from collections import Counter
from collections.abc import Mapping

from flows.report import words
from flows.report.derived import measured
from flows.report.pair_account import DocumentView, documents
from flows.report.schema import DomainReport, Report
from flows.report.tables.table import Table
from tasks.records.documents import LibraryFile, listed
from tasks.records.funnel import Funnel

_READY = "(data set)"
_MONEY = ("money", "money_per_kept_pair")


def pairs_table(report: Report) -> Table:
    """Return each domain's way from what was asked to what was kept; it fits 80 columns."""
    headers = ("domain", "passages", "asked", "parsed", "rejected", "kept", "/100 words", "pages")
    rows = [
        (
            name,
            *map(words.count, (funnel.passages, funnel.asked, funnel.parsed)),
            words.count(sum(funnel.rejected.values())),
            words.count(funnel.kept),
            words.figure(cost.get("kept_pairs_per_100_words")),
            words.percent(cost.get("page_coverage")),
        )
        for name, funnel, cost in _funnels(report)
    ]
    return Table("Question-answer pairs, by domain", headers, tuple(rows))


def cost_table(report: Report) -> Table:
    """Return what the pairs cost; a column of money only where prices are configured."""
    priced = any(cost.get("money") for _, _, cost in _funnels(report))
    headers = ("domain", "tokens read", "written", "tokens a pair", "time of asking", "seconds a pair")
    rows = [
        (
            name,
            words.count(funnel.input_tokens),
            words.count(funnel.output_tokens),
            words.figure(cost.get("tokens_per_kept_pair")),
            words.duration(cost["asking_seconds"]),
            words.figure(cost.get("seconds_per_kept_pair")),
            *(words.figure(cost.get(metric)) for metric in (_MONEY if priced else ())),
        )
        for name, funnel, cost in _funnels(report)
        if "asking_seconds" in cost
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
    views = documents(part.documents, part.pages, part.funnel)
    rows = tuple(_document(one) for one in views if not (one.file.unreadable or one.file.same_as))
    return Table("Documents", headers, rows)


def removed(part: DomainReport) -> dict[str, int]:
    """Return how many lines and blocks of all documents were removed, most frequent kind first."""
    found: Counter[str] = Counter()
    for file in part.documents:
        found.update({kind: removed.count for kind, removed in file.removed.items() if removed.count})
    return dict(found.most_common())


def unreadable_files(report: Report) -> list[tuple[str, str, str]]:
    """Return domain, file and reason of every file that gave no text."""
    return [
        (name, file.name, file.unreadable)
        for name, part in report.domains.items()
        for file in part.documents
        if file.unreadable
    ]


def unreadable_pages(report: Report) -> list[tuple[str, str, str]]:
    """Return domain, file and what pages are in place of text, for every file with such pages."""
    return [
        (name, file.name, f"{listed(pages)}: {flaw}")
        for name, part in report.domains.items()
        for file in part.documents
        for flaw, pages in _by_flaw(file).items()
    ]


def other_parsers(report: Report) -> list[tuple[str, str, str]]:
    """Return domain, file and what the second PDF parser read of it, for every file that it read."""
    return [
        (name, file.name, told)
        for name, part in report.domains.items()
        for file in part.documents
        if (told := _by_other_parser(file))
    ]


def _by_flaw(file: LibraryFile) -> dict[str, list[int]]:
    flaws: dict[str, list[int]] = {}
    for page, flaw in file.pages_unreadable.items():
        flaws.setdefault(flaw, []).append(page)
    return flaws


def _by_other_parser(file: LibraryFile) -> str:
    if file.first_parser_failed:
        return f"all of it, by {file.parser} ({words.said(file.first_parser_failed)})"
    return listed(file.pages_by_other_parser) if file.pages_by_other_parser else ""


def copies(report: Report) -> list[tuple[str, str, str]]:
    """Return domain, file and the other file that was read in its place."""
    return [
        (name, file.name, file.same_as)
        for name, part in report.domains.items()
        for file in part.documents
        if file.same_as
    ]


def _document(one: DocumentView) -> tuple[str, ...]:
    file, counts, kept = one.file, one.counts, one.pages.kept
    reasons = sorted(counts.rejected.items(), key=lambda item: (-item[1], item[0]))
    return (
        file.name or _READY,
        words.count(file.pages or len(kept) or None),
        words.count(sum(map(bool, kept)) if kept else None),
        words.count(len(file.pages_without_text)),
        words.count(sum(removed.count for removed in file.removed.values())),
        *map(words.count, (counts.sentences, counts.asked, counts.kept)),
        ", ".join(f"{words.said(reason)} {count}" for reason, count in reasons[:3]) or words.NOTHING,
    )


def _funnels(report: Report) -> list[tuple[str, Funnel, Mapping[str, float]]]:
    """Return each domain's counts with what the stage measured of itself."""
    return [
        (name, part.funnel, measured(report, "generate", name))
        for name, part in report.domains.items()
        if part.funnel
    ]

"""Read what ingestion and generation left of one domain: artifact folders in, parts of the report out.

Files of an earlier version have fewer figures: what they lack is empty.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from flows.report.account import Cost, DocumentReport, PairToRead
from flows.report.figures import Funnel
from flows.report.reading import Folders
from flows.report.schema import StageRow

KEPT, REJECTED = 6, 2
"""Pairs that the page shows: so many kept ones, and so many for each reason; more are in `samples.json`."""
EXCERPT = 600
"""Characters of a passage that the page shows."""
_COSTS = {
    "seconds": "asking_seconds",
    **{name: name for name in ("money", "seconds_per_kept_pair", "money_per_kept_pair")},
    **{name: name for name in ("tokens_per_kept_pair", "kept_pairs_per_100_words", "page_coverage")},
}
Json = Mapping[str, object]


def read_funnel(found: Folders, name: str) -> Funnel | None:
    """Return the funnel of a whole domain."""
    return found.part(Funnel, f"qa/{name}/funnel.json", found.json(f"qa/{name}", "funnel.json"))


def read_documents(found: Folders, name: str) -> list[DocumentReport]:
    """Return every file of a domain's library, in the order of the corpus; a data set comes last."""
    described = _by_name(found.json(f"corpus/{name}", "documents.json"), "name")
    funnels = _by_name(_mapping(found.json(f"qa/{name}", "funnel.json")).get("documents"), "document")
    pages = _by_name(found.optional(f"qa/{name}", "coverage.json"), "document")
    parts = [
        _document(found, document, described.get(document, {}), funnels.get(document), pages.get(document))
        for document in dict.fromkeys([*described, *pages, *funnels])
    ]
    return [part for part in parts if part]


def read_cost(stages: Iterable[StageRow], name: str, funnel: Funnel | None) -> Cost | None:
    """Return what the stage measured when it was built."""
    measured = next((row.metrics for row in stages if (row.stage, row.domain) == ("generate", name)), {})
    if "asking_seconds" not in measured:
        return None
    tokens = (funnel.input_tokens, funnel.output_tokens) if funnel else (None, None)
    values = {field: measured.get(metric) for field, metric in _COSTS.items()}
    return Cost.model_validate({**values, "tokens": sum(count or 0 for count in tokens)})


def read_pairs(found: Folders, name: str) -> list[PairToRead]:
    """Return some kept pairs, then some for each reason of a rejection."""
    content = _mapping(found.optional(f"qa/{name}", "samples.json"))
    passages = _mapping(content.get("passages"))
    drawn = [("", row) for row in _rows(content.get("kept"))[:KEPT]]
    for reason, rows in _mapping(content.get("rejected")).items():
        drawn += [(reason, row) for row in _rows(rows)[:REJECTED]]
    source = f"qa/{name}/samples.json"
    parts = [
        found.part(PairToRead, source, {**row, "reason": reason, "passage": _excerpt(row, passages)})
        for reason, row in drawn
    ]
    return [part for part in parts if part]


def _document(
    found: Folders, name: str, described: Json, funnel: Json | None, pages: Json | None
) -> DocumentReport | None:
    empty = described.get("pages_without_text")
    rows = _rows((pages or {}).get("rows"))
    values = {
        "document": name,
        "digest": described.get("digest") or (pages or {}).get("digest") or "",
        "pages": described.get("pages") or (pages or {}).get("pages"),
        "unreadable": described.get("problem") or described.get("reason") or "",
        "same_as": described.get("same_as", ""),
        "pages_without_text": len(empty) if isinstance(empty, list) else 0,
        "removed": _removed(described.get("removed")),
        "funnel": funnel,
        "kept_by_page": [row.get("kept", 0) for row in rows],
        "gaps": _gaps(rows),
    }
    return found.part(DocumentReport, f"account of {name}", values)


def _removed(value: object) -> dict[str, object]:
    """Return how much was removed of each kind; kinds that were not found are left out."""
    counts = {kind: _mapping(part).get("count") for kind, part in _mapping(value).items()}
    return {kind: count for kind, count in counts.items() if count and isinstance(count, int)}


def _gaps(rows: Sequence[Json]) -> list[Json]:
    """Return runs of pages without a pair that came to the same, with the reasons of all their pages."""
    gaps: list[Json] = []
    for state, group in groupby(rows, key=lambda row: row.get("state")):
        pages = list(group)
        if state != "kept":
            why: Counter[str] = Counter()
            for page in pages:
                why.update(_mapping(page.get("why")))
            ends = {"first": pages[0].get("page"), "last": pages[-1].get("page")}
            gaps.append({**ends, "state": state, "why": dict(why)})
    return gaps


def _excerpt(row: Json, passages: Json) -> str:
    """Return the passage of a pair, or the part of it around the answer."""
    text = str(_mapping(passages.get(str(row.get("passage")))).get("text", ""))
    if len(text) <= EXCERPT:
        return text
    answer = str(row.get("answer", ""))
    start = max(0, text.find(answer) - max(0, EXCERPT - len(answer)) // 2)
    end = start + EXCERPT
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")


def _by_name(value: object, field: str) -> dict[str, Json]:
    return {str(row[field]): row for row in _rows(value) if field in row}


def _rows(value: object) -> list[dict[str, object]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}

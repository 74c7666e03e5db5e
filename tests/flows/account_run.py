"""The files of ingestion and generation of a plausible run, for the tests of the report."""

from collections.abc import Mapping

REJECTED = {"too_short": 14, "not_grounded": 11, "duplicate": 8}
ANSWER = "Avoidance brings relief at once, so nothing is learned."
TEXT = f"Fear fades when it is met. {ANSWER} " + "Small steps help more than great ones. " * 40


def funnel(place: int) -> dict[str, object]:
    """Return a funnel that adds up: 180 planned, 171 parsed, 138 kept."""
    counts = {
        "passages": 9 + place,
        "not_sampled": 1,
        "sentences": 230,
        "used": 180,
        "skipped": {"too_short": 40, "no_opening": 10},
        "planned": 180,
        "not_asked": 0,
        "asked": 180,
        "no_reply": 2,
        "returned": 178,
        "unread": 7,
        "surplus": 0,
        "parsed": 171,
        "examples": 0,
        "restored": 0,
        "kept": 138 - place,
        "question_types": {"factual": 60, "how": 38, "why": 40 - place},
        "input_tokens": 41_000,
        "output_tokens": 3_900,
        "rejected": {**REJECTED, "not_grounded": 11 + place},
        "train": 98 - place,
        "validation": 18,
        "test": 22,
    }
    replies = {"asked": 180, "returned": 178, "parsed": 171, "repaired": 4}
    return {**counts, "replies": replies, "stopped_by": "", "documents": [{"document": "a.pdf", **counts}]}


def documents(place: int) -> list[dict[str, object]]:
    removed = {
        "running_lines": {"count": 12, "examples": []},
        "references": {"count": 31, "examples": [{"page": 7, "text": "[1] A book."}]},
        "contents": {"count": 0, "examples": []},
    }
    return [
        {
            "name": "a.pdf",
            "status": "read",
            "digest": "0a" * 32,
            "pages": 8,
            "pages_without_text": [8],
            "pages_removed": [7],
            "passages": 9 + place,
            "removed": removed,
        },
    ]


def coverage() -> list[dict[str, object]]:
    rows: list[Mapping[str, object]] = [
        {"page": 1, "state": "kept", "passages": 1, "sentences": 9, "asked": 9, "kept": 8},
        {"page": 2, "state": "kept", "passages": 2, "sentences": 18, "asked": 12, "kept": 1},
        {"page": 3, "state": "rejected", "passages": 1, "sentences": 9, "asked": 3, "why": {"duplicate": 3}},
        {"page": 4, "state": "rejected", "passages": 1, "asked": 2, "why": {"not_grounded": 2}},
        {"page": 5, "state": "skipped", "passages": 1, "sentences": 4, "why": {"too_short": 4}},
        {"page": 6, "state": "kept", "passages": 1, "sentences": 9, "asked": 9, "kept": 4},
        {"page": 7, "state": "removed", "why": {"references": 1}},
        {"page": 8, "state": "no_text"},
    ]
    return [{"document": "a.pdf", "digest": "0a" * 32, "pages": 8, "rows": rows}]


def samples() -> dict[str, object]:
    def row(question: str, detail: str = "") -> dict[str, object]:
        origin = {
            "id": "p1-01",
            "document": "a.pdf",
            "pages": [1, 2],
            "passage": "p1",
            "teacher": "SmolLM2-135M-Instruct",
        }
        return {"question": question, "answer": ANSWER, "question_type": "why", "detail": detail, **origin}

    passage = {"document": "a.pdf", "pages": [1, 2], "heading": "Fear", "text": TEXT}
    return {
        "kept": [row(f"Why does avoiding a feared thing bring relief ({number})?") for number in range(9)],
        "rejected": {"not_grounded": [row("What is a zebra?", "zebra")] * 3},
        "passages": {"p1": passage},
    }


def metrics() -> dict[str, float]:
    return {
        "asking_seconds": 71.0,
        "money": 0.25,
        "seconds_per_kept_pair": 0.51,
        "money_per_kept_pair": 0.0018,
        "tokens_per_kept_pair": 325.4,
        "kept_pairs_per_100_words": 3.4,
        "page_coverage": 0.375,
    }

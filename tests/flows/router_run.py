"""The files of a plausible router of any number of domains, for the tests of the report."""

from collections.abc import Sequence

from tasks.records.router_comparison import Compared

SUITES = {"typos": 0.85, "casing": 0.9, "paraphrases": 0.88, "mixed": None, "short": 0.7}
"""The configured bar of each suite."""
METRICS = {
    "p50_ms": 1.3,
    "p95_ms": 2.21,
    "queries_per_second": 7421.0,
    "peak_memory_bytes": 312_000_000.0,
    "mean_ms": 1.61,
    "file_bytes": 24_300_000.0,
    "stage_ms.keywords": 0.021,
    "stage_ms.tfidf": 0.43,
    "stage_ms.semantic": 5.2,
}


def router_report(labels: Sequence[str]) -> dict[str, object]:
    """Return what the route stage writes: each domain has 100 questions, of which 8 are misrouted."""
    confusion = [_row(place, len(labels)) for place in range(len(labels))]
    total = 100 * len(labels)
    leaky = {
        "accuracy": 0.961,
        "accuracy_low": 0.95,
        "accuracy_high": 0.97,
        "macro_f1": 0.96,
        "ece": 0.011,
        "questions": total,
    }
    fair = {**leaky, "accuracy": 0.917, "accuracy_low": 0.902, "accuracy_high": 0.931, "ece": 0.014}
    report = {
        label: {"precision": 0.93, "recall": 0.92, "f1": 0.9 + 0.001 * place, "support": 100}
        for place, label in enumerate(labels)
    }
    whole = {"report": report, "labels": list(labels), "confusion": confusion}
    return {
        **whole,
        "kind": "cascade",
        "accuracy": 0.92,
        "accuracy_low": 0.905,
        "accuracy_high": 0.933,
        "macro_f1": 0.918,
        "mean_confidence": 0.927,
        "ece": 0.0139,
        "questions": total,
        "train_questions": 8 * total,
        "repeated_questions": 0,
        "aurc": 0.021,
        "stratified_8020": {**leaky, **whole},
        "splits": {
            "leak_free": {**fair, "held_out": "without near copies"},
            "leaky_8020": {**leaky, "held_out": "a stratified fifth"},
            "ambiguous": {**fair, "accuracy": 0.61, "held_out": "nearer to another domain"},
            "unambiguous": {**fair, "accuracy": 0.943, "held_out": "nearest to their own"},
        },
        "leaks": {"identical": 0, "near_identical": 0},
        "ambiguous": {
            "compared_with": "passages",
            "domains": {label: {"train": 31, "left_out": 30, "validation": 4, "test": 7} for label in labels},
        },
        "calibration": {"method": "temperature", "scale": 1.4, "knots": 0},
        "notes": {"best": {"candidates": [_candidate("tfidf", 0.9), _candidate("cascade", 0.92)]}},
        "note": "",
        "reliability": [
            {"confidence": 0.05 + step / 10, "accuracy": 0.02 + step / 9.7, "questions": (step + 1) ** 2}
            for step in range(2, 10)
        ],
        "risk_coverage": [
            {"threshold": 1 - step / 60, "coverage": step / 60, "risk": 0.08 * (step / 60) ** 3}
            for step in range(1, 61)
        ],
        "operating": operating(),
        "out_of_scope": {
            "auroc": 0.957,
            "questions": 400,
            "recalls": [
                {"loss": loss, "recall": recall}
                for loss, recall in ((0.01, 0.61), (0.02, 0.72), (0.04, 0.83), (0.05, 0.86))
            ],
            "chosen": {"loss": 0.031, "recall": 0.79},
            "in_scope_accuracy": 0.902,
            "learned_from": "in-scope questions",
        },
        "suites": [_suite(name, labels) for name in SUITES],
        "stages": [
            {"name": "keywords", "share": 0.34, "accuracy": 0.99},
            {"name": "tfidf", "share": 0.49, "accuracy": 0.95},
            {"name": "semantic", "share": 0.17, "accuracy": 0.71},
        ],
    }


def operating(**changes: object) -> dict[str, object]:
    """Return the chosen thresholds and what they reach."""
    return {
        "threshold": 0.47,
        "coverage": 0.871,
        "risk": 0.018,
        "risk_low": 0.011,
        "risk_high": 0.029,
        "target": 0.02,
        "basis": "at most 2.00% misrouted among answered, with 95% confidence, on 900 held-out questions",
        "min_scope": 0.31,
        "rejected": 0.031,
        "max_rejected": 0.04,
        "scope_basis": "counted on 900 held-out questions",
        **changes,
    }


def tax(labels: Sequence[str]) -> dict[str, object]:
    """Return `router.tax` of the evaluation's file."""
    pairs = [
        _tax(here, there, "expert", 6 - place % 5)
        for place, (here, there) in enumerate(zip(labels, [*labels[1:], labels[0]], strict=True))
    ]
    return {
        "questions": 100 * len(labels),
        "misrouted": 5 * len(labels),
        "pairs": pairs,
        "elsewhere": [_tax(labels[0], "generalist", "refused", 2)],
        "total": _quality(0.031),
        "needed": 6,
        "method": "each misrouted question is scored under both models",
    }


def compared() -> list[Compared]:
    """Return a plausible comparison of six routers."""
    figures = (
        ("keywords", 0.744, 0.094, 0.04, 61_000, 0.8, "worse"),
        ("tfidf-reference", 0.872, 0.051, 0.51, 940_000, 2.1, "worse"),
        ("tfidf", 0.931, 0.012, 0.62, 9_200_000, 24.0, "worse"),
        ("semantic", 0.955, 0.014, 5.1, 24_100_000, 41.0, "worse"),
        ("encoder", 0.969, 0.009, 5.3, 23_900_000, 812.0, "not distinguishable"),
        ("cascade", 0.966, 0.011, 3.2, 34_700_000, 901.0, "not distinguishable"),
    )
    return [
        Compared(
            kind=kind,
            name=kind,
            accuracy=accuracy,
            accuracy_low=accuracy - 0.011,
            accuracy_high=accuracy + 0.01,
            macro_f1=accuracy - 0.004,
            ece=ece,
            p50_ms=0.7 * p95,
            p95_ms=p95,
            queries_per_second=9000 / p95,
            peak_memory_bytes=60_000_000 + 4 * size,
            file_bytes=size,
            train_seconds=seconds,
            questions=4500,
            repeated_questions=3,
            near_questions=41,
            leak_free_accuracy=accuracy - 0.002,
            leak_free_low=accuracy - 0.013,
            leak_free_high=accuracy + 0.008,
            leak_free_questions=4456,
            accuracy_8020=accuracy + 0.012,
            stages={"keywords": 0.31, "tfidf": 0.5, "semantic": 0.19} if kind == "cascade" else {},
            out_of_scope={
                "questions": 1000,
                "auroc": 0.91 + accuracy / 20,
                "recall": 0.3 + accuracy / 2,
                "own_recall": 0.7,
                "own_loss": 0.012,
                "own_accuracy": accuracy - 0.01,
            },
            difference=accuracy - 0.969,
            difference_low=accuracy - 0.969 - 0.005,
            difference_high=accuracy - 0.969 + 0.004,
            p_value=0.4,
            verdict=verdict,
        )
        for kind, accuracy, ece, p95, size, seconds, verdict in figures
    ]


def _row(place: int, count: int) -> list[int]:
    row = [0] * count
    row[place] = 92
    for step, stray in ((1, 5), (2, 2), (3, 1)):
        row[(place + step) % count] += stray
    return row


def _candidate(kind: str, accuracy: float) -> dict[str, object]:
    figures = {"macro_f1": 0.9, "ece": 0.02, "log_loss": 0.31, "file_bytes": 9_200_000, "p95_ms": None}
    return {"kind": kind, "accuracy": accuracy, **figures}


def _suite(name: str, labels: Sequence[str]) -> dict[str, object]:
    accuracy = 0.61 if name == "short" else 0.89
    return {
        "name": name,
        "right": "The domain of the question as it was before.",
        "questions": 298,
        "clean_accuracy": 0.92,
        "accuracy": accuracy,
        "accuracy_low": accuracy - 0.04,
        "accuracy_high": accuracy + 0.03,
        "forms": {"lower": 0.9, "no marks": accuracy},
        "worst": [
            {
                "question": f"why does avoidng a feared sitaution keep it alive ({name})",
                "clean": ["Why does avoiding a feared situation keep it alive?"],
                "domains": [labels[0]],
                "routed": [labels[-1]],
                "confidence": 0.83,
            }
        ],
    }


def _tax(domain: str, asked: str, outcome: str, questions: int) -> dict[str, object]:
    share = {"loss": 0.002 * questions, "rouge_l": -0.001 * questions}
    part = {"domain": domain, "asked": asked, "outcome": outcome, "questions": questions, "share": share}
    return {**part, **_quality(0.12, certain=questions > 4)}


def _quality(loss: float, *, certain: bool = True) -> dict[str, object]:
    def estimate(value: float) -> dict[str, float | None]:
        ends = (value - 0.02, value + 0.03) if certain else (None, None)
        return {"value": value, "low": ends[0], "high": ends[1]}

    return {
        "loss": estimate(loss),
        "perplexity_ratio": estimate(1.1),
        "rouge_l": estimate(-0.04),
        "within_noise": not certain,
        "verdict": "the right expert better" if certain else "too few questions to tell (4)",
    }

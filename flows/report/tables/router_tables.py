"""The tables of the router: a `Report` or its router in, rows of words out."""

from collections.abc import Callable, Mapping
from math import ceil

from flows.report import words
from flows.report.derived import confused, measured, suite_bars
from flows.report.schema import Report
from flows.report.tables.table import Table
from tasks.records.router import RouterReport, Scores, Split
from tasks.records.routing import Quality, RoutingTax

MATRIX = 12
"""Domains at most that a confusion matrix shows; of more, the weakest and most confused stand first."""
PAIRS = 20
"""Confused pairs that charts and tables show."""
STEPS = 10
"""Points of the risk-coverage curve that its table shows, besides the chosen one."""
HELD_OUT = "from passages that training never saw"
LEAKY = "drawn by question, as the reference recipes do: both sides share passages, which flatters"
_SPLITS = {
    "recall": "recall",
    "leak_free": "leak-free",
    "unambiguous": "without ambiguous questions",
    "ambiguous": "ambiguous questions alone",
    "leaky_8020": "leaky 80/20",
}


def router_tables(report: Report) -> dict[str, Table]:
    """Return every table of the router by name; without a router they have no rows."""
    asking, bars = measured(report, "route"), suite_bars(report)
    made: dict[str, Callable[[RouterReport], Table]] = {
        "splits": splits_table,
        "router": labels_table,
        "ambiguous": ambiguous_table,
        "confused": confused_table,
        "reliability": reliability_table,
        "risk": risk_table,
        "recalls": recalls_table,
        "suites": lambda router: suites_table(router, bars),
        "shares": lambda router: shares_table(router, asking),
        "speed": lambda _: speed_table(asking),
        "candidates": candidates_table,
        "tax": lambda _: tax_table(report.tax),
    }
    return {name: make(report.router) if report.router else Table("", (), ()) for name, make in made.items()}


def splits_table(router: RouterReport) -> Table:
    """Return the honest figures beside the flattering one, each under its name."""
    # An earlier version's test questions were held for leak-free as they are.
    first = "test questions" if "leak_free" in router.splits else "leak-free"
    named: dict[str, Scores | Split] = {f"{first}: {HELD_OUT}": router}
    known = [name for name in _SPLITS if name in router.splits]
    for name, split in ((name, router.splits[name]) for name in dict.fromkeys([*known, *router.splits])):
        named[f"{_SPLITS.get(name, name)}: {split.held_out}"] = split
    if router.stratified_8020 and not router.splits:
        named[f"{_SPLITS['leaky_8020']}: {LEAKY}"] = router.stratified_8020
    rows = [
        (
            name,
            words.percent(split.accuracy, 1),
            words.shares(split.accuracy_low, split.accuracy_high),
            words.percent(split.macro_f1, 1),
            words.percent(split.ece, 1),
            words.count(split.questions),
        )
        for name, split in named.items()
    ]
    headers = ("held-out questions", "accuracy", "95 % interval", "macro F1", "ECE", "questions")
    return Table("Accuracy of the router", headers, tuple(rows))


def labels_table(router: RouterReport) -> Table:
    """Return precision, recall and F1 of every domain; of many, the weakest first."""
    scores, title = list(router.report.items()), "Router by domain"
    if len(scores) > MATRIX:
        scores, title = sorted(scores, key=lambda item: item[1].f1), f"{title}, weakest first"
    rows = [
        (
            name,
            words.percent(one.precision),
            words.percent(one.recall),
            words.figure(one.f1),
            str(one.support),
        )
        for name, one in scores
    ]
    return Table(title, ("domain", "precision", "recall", "F1", "questions"), tuple(rows))


def ambiguous_table(router: RouterReport) -> Table:
    """Return how many questions of each domain are ambiguous, and how many of these training left out."""
    found = router.ambiguous.domains.items() if router.ambiguous else ()
    rows = [
        (name, *(words.count(number) for number in (one.train, one.left_out, one.validation, one.test)))
        for name, one in found
    ]
    headers = ("domain", "training", "of these left out", "validation", "test")
    return Table("Ambiguous questions", headers, tuple(rows))


def confused_table(router: RouterReport) -> Table:
    """Return the pairs of domains that are confused most."""
    rows = [
        (pair.domain, pair.routed, words.count(pair.questions), words.percent(pair.share, 1))
        for pair in confused(router)[:PAIRS]
    ]
    headers = ("belongs to", "sent to", "questions", "of its domain")
    return Table("Most confused pairs of domains", headers, tuple(rows))


def reliability_table(router: RouterReport) -> Table:
    """Return the bins of the reliability diagram."""
    rows = [
        (words.percent(one.confidence, 1), words.percent(one.accuracy, 1), words.count(one.questions))
        for one in router.reliability
        if one.questions
    ]
    return Table("Reliability diagram", ("mean confidence", "accuracy", "questions"), tuple(rows))


def risk_table(router: RouterReport) -> Table:
    """Return what some thresholds along the risk-coverage curve reach, the chosen one among them."""
    points = router.risk_coverage
    named = [("", point) for point in points[:: max(1, ceil(len(points) / STEPS))]]
    if router.operating and points:
        named.append(("chosen: ", router.operating))
    rows = [
        (
            f"{name}{words.figure(point.threshold)}",
            words.percent(point.coverage, 1),
            words.percent(point.risk, 1),
        )
        for name, point in sorted(named, key=lambda item: -item[1].threshold)
    ]
    return Table("Risk-coverage curve", ("threshold", "answered", "of those misrouted"), tuple(rows))


def recalls_table(router: RouterReport) -> Table:
    """Return how many questions out of scope are seen at each price."""
    scope = router.out_of_scope
    if scope is None:
        return Table("", (), ())
    rows = [(words.percent(one.loss), words.percent(one.recall, 1)) for one in scope.recalls]
    if scope.chosen:
        rows.append(
            (f"{words.percent(scope.chosen.loss, 1)} (chosen)", words.percent(scope.chosen.recall, 1))
        )
    headers = ("in scope, wrongly refused", "out of scope, recognised")
    return Table("Out of scope", headers, tuple(rows))


def suites_table(router: RouterReport, bars: Mapping[str, float]) -> Table:
    """Return every suite's accuracy before and after its change, against its bar."""
    rows = [
        (
            words.said(suite.name),
            words.count(suite.questions),
            words.percent(suite.clean_accuracy, 1),
            words.percent(suite.accuracy, 1),
            words.shares(suite.accuracy_low, suite.accuracy_high),
            words.percent(bars.get(suite.name), 1),
            _result(suite.accuracy, bars.get(suite.name)),
        )
        for suite in router.suites
    ]
    headers = ("suite", "questions", "unchanged", "changed", "95 % interval", "bar", "result")
    return Table("Robustness suites", headers, tuple(rows))


def shares_table(router: RouterReport, asking: Mapping[str, float]) -> Table:
    """Return what each stage of a cascade answers, and what asking it costs."""
    rows = [
        (
            stage.name,
            words.percent(stage.share, 1),
            words.percent(stage.accuracy, 1),
            words.milliseconds(asking.get(f"stage_ms.{stage.name}") if stage.share else None),
        )
        for stage in router.stages
    ]
    headers = ("stage", "share", "accuracy", "time a question")
    return Table("Stages of the cascade", headers, tuple(rows))


def speed_table(asking: Mapping[str, float]) -> Table:
    """Return what a routed question costs; only what was measured."""
    found = (
        ("one question alone, median (p50)", words.milliseconds(asking.get("p50_ms"))),
        ("one question alone, 95th percentile (p95)", words.milliseconds(asking.get("p95_ms"))),
        ("one question, mean of all", words.milliseconds(asking.get("mean_ms"))),
        ("questions a second, asked in batches", words.whole(asking.get("queries_per_second"))),
        ("memory", words.size(asking.get("peak_memory_bytes"))),
        ("files", words.size(asking.get("file_bytes"))),
    )
    rows = tuple(row for row in found if row[1] != words.NOTHING)
    return Table("Speed and size of the router", ("measured", "value"), rows)


def candidates_table(router: RouterReport) -> Table:
    """Return among what the kind `best` chose."""
    rows = [
        (
            one.kind,
            words.percent(one.accuracy, 1),
            words.percent(one.macro_f1, 1),
            words.percent(one.ece, 1),
            words.figure(one.log_loss),
            words.size(one.file_bytes),
            words.milliseconds(one.p95_ms),
        )
        for one in router.candidates()
    ]
    headers = ("candidate", "accuracy", "macro F1", "ECE", "log loss", "files", "p95")
    return Table("Candidates of the router", headers, tuple(rows))


def tax_table(tax: RoutingTax | None) -> Table:
    """Return what each pair of right and asked model costs, dearest first; the whole system last."""
    if tax is None:
        return Table("", (), ())
    rows = [
        (
            one.domain,
            one.asked if one.outcome == "expert" else f"{one.asked} ({one.outcome})",
            words.count(one.questions),
            *_quality(one, one.share.get("loss")),
        )
        for one in [*tax.pairs[:PAIRS], *tax.elsewhere[:PAIRS]]
    ]
    if rows:
        whole = _quality(tax.total, tax.total.loss.value)
        rows.append(("all", "by the router", words.count(tax.questions), *whole))
    headers = ("belongs to", "asked", "questions", "lost a token", "ROUGE-L", "of the whole", "verdict")
    return Table("Routing tax by pair", headers, tuple(rows))


def _quality(one: Quality, share: float | None) -> tuple[str, ...]:
    return (
        words.signed_interval(one.loss),
        words.signed_interval(one.scores.get("rouge_l")),
        words.signed(share),
        one.verdict or words.NOTHING,
    )


def _result(accuracy: float, bar: float | None) -> str:
    return "no bar" if bar is None else "cleared" if accuracy >= bar else "missed"

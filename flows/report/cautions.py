"""What a reader must know before using a figure: a `Report` in, plain sentences out.

They stand on top of the page, so that no bad figure hides in a table.
"""

from collections.abc import Iterator, Mapping

from flows.report import words
from flows.report.derived import suite_bars
from flows.report.evaluation_samples import unconvincing
from flows.report.schema import DomainReport, Report, TrainedReport
from tasks.records.router import RouterReport

BUDGET_SLACK = 0.05
"""Share by which the training tokens of expert and generalist may differ."""
TOLD_LEAKS = 0.25
"""Share of the training pairs left out for what is tested above which a reader is told."""
_LEAKS = ("leaks_to_held_out", "in_benchmark")
_NAMES = {
    "corpus": "text",
    "qa": "question-answer pairs",
    "adapter": "adapter",
    "merged": "merged model",
    "edge": "bundle",
}


def cautions(report: Report) -> list[str]:
    """Return every warning that the report's own figures call for, gravest first."""
    found = [
        f"{row.stage} {row.domain}".strip() + f" failed: {row.reason or 'see the log'}"
        for row in report.stages
        if row.status == "failed"
    ]
    found += _missing(report)
    for name, part in report.domains.items():
        found += [f"{name}: {sentence}" for sentence in _domain(part, report)]
    adapters = {**report.domains, "generalist": report.generalist}
    for name, trained in adapters.items():
        found += [f"{name}: {sentence}" for sentence in _training(trained)]
    if report.router:
        found += _router(report.router, suite_bars(report))
    return found


def _missing(report: Report) -> Iterator[str]:
    """Name what the run did not reach, once for all domains that lack the same."""
    lacking: dict[tuple[str, ...], list[str]] = {}
    for name, part in report.domains.items():
        if part.missing:
            lacking.setdefault(tuple(part.missing), []).append(name)
    for steps, names in lacking.items():
        things = ", ".join(_NAMES.get(step, step) for step in steps)
        yield f"{', '.join(names)}: this run did not reach: {things}. Figures that need them are missing."


def _domain(part: DomainReport, report: Report) -> Iterator[str]:
    yield from _data(part)
    if part.evaluation:
        yield from unconvincing(part.evaluation)
    check = part.merge
    if check and check.mean_kl > check.tolerance:
        yield (
            f"the merged model diverges from base and adapter by {check.mean_kl:.3g} nats a token,"
            f" more than the tolerated {check.tolerance:.3g}."
        )
    ours, theirs = part.training, report.generalist.training
    seen, given = ours and ours.tokens_seen, theirs and theirs.tokens_seen
    if seen and given and _differ(seen, given):
        yield (
            f"expert and generalist did not train on equally many tokens ({seen:,} and"
            f" {given:,}), so their comparison is not of data alone."
        )


def _training(part: TrainedReport) -> Iterator[str]:
    """Say how an adapter came about where that was not as configured."""
    run = part.training
    if run and run.divergence:
        told = run.divergence
        yield (
            f"the loss of training ran away at step {told.step} with a learning rate of"
            f" {told.learning_rate:.2g}; the adapter is of a second attempt at {told.fallback_rate:.2g}."
        )
    for domain, count in run.left_out.items() if run else ():
        yield f"{count} training examples of {domain} exceed `max_length` and were left out."


def _data(part: DomainReport) -> Iterator[str]:
    unreadable = sum(bool(file.unreadable) for file in part.documents)
    if unreadable:
        files = f"{unreadable} of its {len(part.documents)} files"
        yield f"{files} gave no text; each is named with its reason."
    pages = sum(len(file.pages_unreadable) for file in part.documents)
    if pages:
        yield f"{words.count(pages)} of its pages came out as no text and are left out; each is named."
    yield from _thinned(part)
    if part.funnel and part.funnel.stopped_by:
        yield (
            f"asking ended at the limit of {part.funnel.stopped_by}, before"
            f" {words.count(part.funnel.not_asked)} of the planned pairs."
        )


def _thinned(part: DomainReport) -> Iterator[str]:
    """Say how many training pairs are left out because they resemble what is tested."""
    leaked = sum(part.funnel.rejected.get(reason, 0) for reason in _LEAKS) if part.funnel else 0
    every = leaked + ((part.funnel and part.funnel.train) or 0)
    if leaked > TOLD_LEAKS * every:
        yield (
            f"{words.count(leaked)} of {words.count(every)} training pairs were left out because they"
            " resemble held-out pairs or a benchmark."
        )


def _router(router: RouterReport, bars: Mapping[str, float]) -> Iterator[str]:
    if router.note:
        yield f"router: {router.note}"
    low, high, sure = router.accuracy_low, router.accuracy_high, router.mean_confidence
    if len(router.labels) > 1 and low is not None and low <= 1 / len(router.labels):
        yield f"router: an accuracy of {words.percent(router.accuracy)} cannot be told from guessing."
    yield from _seen(router)
    if low is not None and high is not None and sure is not None and not low <= sure <= high:
        yield (
            f"router: it is {words.percent(sure)} sure on average, but right in {words.shares(low, high)}"
            " (95 % interval), so its confidences mislead."
        )
    yield from _targets(router, bars)


def _seen(router: RouterReport) -> Iterator[str]:
    """Name the held-out questions that training has all but seen."""
    if router.repeated_questions:
        yield (
            f"router: {router.repeated_questions} of {router.questions} held-out questions are word for word"
            " among the training questions."
        )
    near = router.leaks.near_identical - router.leaks.identical if router.leaks else 0
    if near:
        yield (
            f"router: {near} of {router.questions} held-out questions say nearly the same as a training"
            " question; the leak-free figure leaves them out."
        )


def _targets(router: RouterReport, bars: Mapping[str, float]) -> Iterator[str]:
    """Name every target of the configuration that held-out questions do not bear out."""
    chosen = router.operating
    if chosen and chosen.target is not None and chosen.risk_low > chosen.target:
        risk, target = words.percent(chosen.risk, 1), words.percent(chosen.target, 1)
        yield f"router: {risk} of the answered questions are misrouted, more than the {target} asked for."
    for suite in router.suites:
        bar = bars.get(suite.name)
        if bar is not None and suite.accuracy < bar:
            reached, least = words.percent(suite.accuracy, 1), words.percent(bar, 1)
            yield f"router: the suite `{suite.name}` reaches {reached}, below its bar of {least}."


def _differ(ours: int, theirs: int) -> bool:
    return abs(ours - theirs) > BUDGET_SLACK * max(ours, theirs)

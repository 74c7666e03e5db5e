"""What the evaluation measured, in the report's terms: the EvalReport folder in, its parts out.

The evaluation's own file holds every figure; the report keeps plain numbers where its
readers expect them, and lays the intervals beside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from flows.report import words
from flows.report.figures import Comparison, EdgePerplexity, EdgeRuntime, Perplexities, Sample
from flows.report.reading import Folders
from flows.report.schema import DomainReport, SystemReport

SAMPLES = 3
"""Questions of each domain that the page shows, besides one that went astray."""
EDGE = "INT4 bundle"
Json = Mapping[str, object]


@dataclass(frozen=True)
class Evaluation:
    """The parts of the report that come from the evaluation."""

    systems: dict[str, SystemReport]
    domains: dict[str, DomainReport]
    warnings: list[str]


def read_evaluation(found: Folders) -> Evaluation:
    """Return what the evaluation says; nothing where a run has none."""
    content = _mapping(found.json("evaluation", "evaluation.json"))
    answers = found.lines("evaluation", "answers.jsonl")
    systems = {
        name: found.part(SystemReport, f"evaluation.json: systems.{name}", _system(_mapping(value)))
        for name, value in _mapping(content.get("systems")).items()
    }
    warnings = content.get("warnings")
    return Evaluation(
        systems={name: part for name, part in systems.items() if part},
        domains={
            name: _domain(found, name, _mapping(value), answers)
            for name, value in _mapping(content.get("domains")).items()
        },
        warnings=[str(warning) for warning in warnings] if isinstance(warnings, list) else [],
    )


def _domain(
    found: Folders, name: str, measured: Json, answers: Iterable[Mapping[str, object]]
) -> DomainReport:
    source = f"evaluation.json: domains.{name}"
    questions = measured.get("questions")
    perplexity = found.part(Perplexities, f"{source}.perplexity", measured.get("perplexity"))
    edge = _flattened(_mapping(measured.get("edge_perplexity"))) or None
    return DomainReport(
        questions=questions if isinstance(questions, int) else None,
        perplexity=perplexity or Perplexities(),
        comparison=_comparison(measured.get("comparison"), "the generalist"),
        comparison_with_base=_comparison(measured.get("comparison_with_base"), "the base model"),
        edge_perplexity=found.part(EdgePerplexity, f"{source}.edge_perplexity", edge),
        edge=found.part(EdgeRuntime, f"{source}.edge", measured.get("edge")),
        samples=_samples(found, name, answers),
    )


def _system(value: Json) -> Json:
    latency = _mapping(value.get("latency_ms"))
    return _flattened(value) | {
        "latency_ms": latency.get("mean"),
        "latency_p95_ms": latency.get("p95"),
        "routing_ms": latency.get("routing_mean"),
    }


def _flattened(value: Json) -> dict[str, object]:
    """Replace each estimate by its value, and put the estimates under `intervals`."""
    estimates = {
        name: estimate
        for name, estimate in value.items()
        if isinstance(estimate, dict) and "value" in estimate
    }
    if not value:
        return {}
    plain = {name: estimate["value"] for name, estimate in estimates.items()}
    return {**value, **plain, "intervals": estimates}


def _comparison(value: object, other: str) -> Comparison | None:
    match value:
        case {"ratio": {"value": float(ratio), "low": float(low), "high": float(high)}}:
            return Comparison(verdict=verdict(ratio, low, high, other), ratio=ratio, low=low, high=high)
    return None


def verdict(ratio: float, low: float, high: float, other: str) -> str:
    """Put a ratio of perplexities and its interval into one plain sentence."""
    interval = f"95 % interval: {words.against(low)} to {words.against(high)}"
    measured = f"its perplexity is {words.against(ratio)} {other}'s ({interval})"
    if high < 1:
        return f"The expert is better than {other}: {measured}."
    if low > 1:
        return f"The expert is worse than {other}: {measured}."
    return f"The expert is not shown to be better than {other}: {measured}, so the difference may be chance."


def _samples(found: Folders, domain: str, answers: Iterable[Mapping[str, object]]) -> list[Sample]:
    """Return the first questions that the bundle answered too, and the first that went astray."""
    own = [answer for answer in answers if answer.get("domain") == domain]
    groups = [list(group) for _, group in groupby(own, key=lambda answer: answer.get("id"))]
    parts = [found.part(Sample, "evaluation/answers.jsonl", _sample(group)) for group in groups]
    samples = [part for part in parts if part]
    answered = [sample for sample in samples if EDGE in sample.answers]
    astray = [sample for sample in samples if sample.routed != domain]
    chosen = [*(answered or samples)[:SAMPLES], *astray[:1]]
    return list({sample.question: sample for sample in chosen}.values())


def _sample(answers: list[Mapping[str, object]]) -> dict[str, object]:
    said = {_answerer(answer): answer.get("answer") for answer in answers}
    return {**answers[0], "answers": dict(sorted(said.items(), key=lambda item: item[0] == EDGE))}


def _answerer(answer: Mapping[str, object]) -> str:
    systems = answer.get("systems")
    names = " and ".join(map(str, systems)) if isinstance(systems, list) else ""
    return names or EDGE


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}

"""A plausible evaluation, typed and as its file has it, for the tests of the report and of promotion."""

import json
from collections.abc import Sequence
from typing import Any

from tasks.records.chain import Link
from tasks.records.estimate import AnswerScores, Estimate
from tasks.records.evaluation import (
    Answer,
    Comparison,
    DomainEvaluation,
    EdgePerplexity,
    EdgeRuntime,
    Evaluation,
    KeyFacts,
    Latency,
    Memory,
    OnYardstick,
    Perplexities,
    SystemEvaluation,
)
from tasks.records.routing import Quality, RouterEvaluation, RoutingTax

METHOD = "run_text_scoring of litert-lm over the bundle's own tokens"
WARNING = "anxiety: INT4 raises perplexity by 30.6 %, more than the 10 % of `max_edge_loss`"


def estimate(value: float, spread: float = 0.08) -> Estimate:
    return Estimate(value=value, low=value * (1 - spread), high=value * (1 + spread))


def written(domains: Sequence[str]) -> dict[str, Any]:
    """Return the content of evaluation.json."""
    return json.loads(evaluation(domains).model_dump_json(by_alias=True))


def evaluation(domains: Sequence[str]) -> Evaluation:
    perplexity = {"real": 11.4, "oracle": 10.9, "generalist": 11.8}
    return Evaluation(
        domains={name: measured(place) for place, name in enumerate(domains)},
        systems={name: system(value) for name, value in perplexity.items()},
        comparison={},
        router=router(domains),
        memory=Memory(peak_bytes=2_000_000_000),
        settings={},
        warnings=[WARNING],
        findings=[],
    )


def system(perplexity: float) -> SystemEvaluation:
    latency = Latency(mean=2310.0, p50=2200.0, p95=4100.0, routing_mean=0.4, questions=15)
    return SystemEvaluation(perplexity=estimate(perplexity), latency_ms=latency, **scores(0.31), bleu=9.4)


def scores(value: float) -> dict[str, Any]:
    return {"rouge_l": estimate(value), "exact_match": estimate(value / 10)}


def router(domains: Sequence[str]) -> RouterEvaluation:
    total = Quality(loss=estimate(0.01), perplexity_ratio=estimate(1.01), within_noise=True, verdict="noise")
    tax = RoutingTax(questions=66, misrouted=6, pairs=[], elsewhere=[], total=total, needed=6, method=METHOD)
    return RouterEvaluation(
        accuracy=0.91,
        low=0.82,
        high=0.96,
        questions=66,
        labels=list(domains),
        confusion=[[22 * (row == column) for column in domains] for row in domains],
        mean_confidence=0.87,
        outcomes={"expert": 66, "generalist": 0, "refused": 0},
        tax=tax,
    )


def compared(value: float, low: float, high: float) -> Comparison:
    return Comparison(ratio=Estimate(value=value, low=low, high=high), verdict="in words")


def measured(place: int) -> DomainEvaluation:
    asked = {"real": 0.30, "oracle": 0.32, "generalist": 0.28}
    return DomainEvaluation(
        questions=22,
        answer_tokens=700,
        perplexity=Perplexities(
            base=estimate(19.2 + place), expert=estimate(10.4 + place), generalist=estimate(11.6 + place)
        ),
        comparison=compared(0.9 + 0.06 * place, 0.85 + 0.05 * place, 0.96 + 0.06 * place),
        comparison_with_base=compared(0.55, 0.5, 0.61),
        scores={name: AnswerScores.model_validate(scores(value)) for name, value in asked.items()},
        edge_perplexity=EdgePerplexity(
            edge=estimate(13.7), float_=estimate(10.49), loss=estimate(0.306), prompts=20, method=METHOD
        ),
        chain=chain(),
        recall=recall(place),
        edge=EdgeRuntime(
            prompts=20,
            decode_tokens_per_second=64.2,
            prefill_tokens_per_second=640.0,
            time_to_first_token_ms=90.0,
            latency_ms=900.0,
            init_seconds=0.4,
            memory_bytes=310_000_000,
            threads=2,
            context_tokens=1280,
        ),
    )


def recall(place: int) -> OnYardstick:
    return OnYardstick(
        questions=18,
        passages=8,
        answer_tokens=60,
        perplexity=Perplexities(
            base=estimate(30.1 + place), expert=estimate(4.2 + place), generalist=estimate(6.9 + place)
        ),
        comparison=compared(0.61, 0.5, 0.74),
        comparison_with_base=compared(0.14, 0.1, 0.2),
        key_facts=KeyFacts(
            questions=18,
            base=estimate(0.06),
            expert=estimate(0.61),
            generalist=estimate(0.44),
            edge=estimate(0.56),
            gain=estimate(0.55),
        ),
    )


def chain() -> list[Link]:
    ratio = Estimate(value=1.02, low=1.01, high=1.04)
    return [
        Link(before="adapter", after="merged", mean_kl=0.0004, top1_agreement=0.992, positions=96),
        Link(
            before="merged",
            after="healed",
            mean_kl=0.03,
            top1_agreement=0.9,
            perplexity_ratio=ratio,
            positions=144,
        ),
        Link(before="INT4 graph", after="runtime", perplexity_ratio=ratio, positions=144),
    ]


def answers(domains: Sequence[str]) -> list[Answer]:
    reference = "Avoidance brings relief at once, so nothing is learned about what would have happened."
    question = "Why does avoiding a feared situation keep the fear alive?"
    said = {
        ("real", "oracle"): "Avoidance gives quick relief, and the fear never gets a chance to fade.",
        ("generalist",): "Because the person does not learn that the situation is safe.\nIt is common.",
        (): "Avoidance gives relief, and the fear stays.",
    }
    models = {("real", "oracle"): "expert", ("generalist",): "generalist", (): "edge"}
    return [
        Answer(
            id=f"{name}-{number}",
            domain=name,
            routed=name if number else domains[0],
            outcome="expert",
            confidence=0.81,
            model=models[systems],
            systems=systems,
            question=f"{question[:-1]} ({name} {number})?",
            reference=reference,
            answer=answer,
        )
        for name in domains
        for number in range(6)
        for systems, answer in said.items()
    ]

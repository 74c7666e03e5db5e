"""List every generated answer beside its reference.

In: evidence. Out: one record for each (model, question) pair that was generated, with the
systems that share it: the numbers in the report can be checked by reading, and the losses let
a later run be compared on the same questions.
"""

from collections.abc import Iterator

from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.metrics.chosen_metrics import Scorer
from tasks.records.evaluation import Answer
from tasks.statistics.bootstrap import Loss


def answer_records(evidence: Evidence, scorer: Scorer) -> list[Answer]:
    """Return all answers, question by question."""
    found = sorted([*_float_answers(evidence), *_edge_answers(evidence)])
    scores = scorer.by_answer(
        [text for _, _, text in found],
        [evidence.questions[place] for place, _, _ in found],
        [evidence.samples(model, place) for place, model, _ in found],
    )
    losses = _losses(evidence)
    return [
        _record(evidence, place, model, text, losses.get((place, model))).model_copy(update=scored)
        for (place, model, text), scored in zip(found, scores, strict=True)
    ]


def _float_answers(evidence: Evidence) -> Iterator[tuple[int, str, str]]:
    for model, measured in evidence.models.items():
        for place, text in measured.answers.items():
            yield place, model, text


def _edge_answers(evidence: Evidence) -> Iterator[tuple[int, str, str]]:
    for domain, run in evidence.edges.items():
        for place, reply in zip(evidence.edge_positions[domain], run.replies, strict=True):
            if reply:
                yield place, f"edge/{domain}", reply.text


def _losses(evidence: Evidence) -> dict[tuple[int, str], Loss]:
    floats = {
        (place, model): loss
        for model, measured in evidence.models.items()
        for place, loss in measured.losses.items()
    }
    edges = {
        (place, f"edge/{domain}"): loss
        for domain, run in evidence.edges.items()
        for place, loss in zip(evidence.edge_positions[domain], run.losses, strict=True)
        if loss
    }
    return floats | edges


def _record(evidence: Evidence, place: int, model: str, text: str, loss: Loss | None) -> Answer:
    question = evidence.questions[place]
    return Answer(
        id=question.id,
        domain=question.domain,
        yardstick=question.yardstick,
        routed=evidence.routing.domains[place],
        outcome=evidence.routing.decisions[place].outcome,
        confidence=evidence.routing.confidences[place],
        model=model,
        systems=tuple(name for name, models in evidence.systems.items() if models[place] == model),
        question=question.text,
        reference=question.reference,
        answer=text,
        nats=loss and loss.nats,
        tokens=loss and loss.tokens,
    )

"""What a domain's expert makes of questions of one yardstick: evidence in, its part of the report out.

Expert, generalist and base are compared on the same resampled questions, and each comparison ends in plain
words.
"""

from collections.abc import Mapping, Sequence

from tasks.evaluate.concluding.edge_report import edge_perplexity
from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.measuring.questions import passages
from tasks.evaluate.measuring.systems import BASE, GENERALIST, expert
from tasks.evaluate.metrics.chosen_metrics import Scorer
from tasks.records.estimate import AnswerScores, Estimate
from tasks.records.evaluation import Comparison, KeyFacts, OnYardstick, Perplexities
from tasks.statistics.bootstrap import Bootstrap, Loss, verdict
from tasks.text.key_facts import says


def on_yardstick(evidence: Evidence, domain: str, scorer: Scorer) -> OnYardstick | None:
    """Return what is measured on a domain's questions; None where there are none."""
    positions = evidence.of_domain(domain)
    if not positions:
        return None
    questions = evidence.asked(positions)
    bootstrap = scorer.over(questions)
    base, own, generalist = (
        evidence.losses(model, positions) for model in (BASE, expert(domain), GENERALIST)
    )
    return OnYardstick(
        questions=len(questions),
        passages=len(set(passages(questions))),
        answer_tokens=sum(loss.tokens for loss in own),
        perplexity=Perplexities(
            base=bootstrap.perplexity(base),
            expert=bootstrap.perplexity(own),
            generalist=bootstrap.perplexity(generalist),
        ),
        comparison=compared(bootstrap, own, generalist, "expert", "generalist"),
        comparison_with_base=compared(bootstrap, own, base, "expert", "base model"),
        scores={system: _scores(evidence, system, positions, scorer) for system in evidence.systems},
        key_facts=key_facts(evidence, domain, scorer),
        edge_perplexity=edge_perplexity(evidence, domain, scorer),
    )


def compared(
    bootstrap: Bootstrap, ours: Sequence[Loss], theirs: Sequence[Loss], our_name: str, their_name: str
) -> Comparison:
    """Return the paired comparison of two models' perplexity, with its verdict."""
    ratio = bootstrap.perplexity_ratio(ours, theirs)
    return Comparison(
        ratio=ratio,
        difference=bootstrap.perplexity_difference(ours, theirs),
        verdict=verdict(ratio, our_name, their_name),
    )


def key_facts(evidence: Evidence, domain: str, scorer: Scorer) -> KeyFacts | None:
    """Return how many answers say the fact that is asked for; None where no question asks for one."""
    facts = {place: evidence.questions[place].fact for place in evidence.of_domain(domain)}
    keys = {place: fact for place, fact in facts.items() if fact}
    if not keys:
        return None
    base, own, generalist = (
        _said(evidence.models[model].answers, keys) for model in (BASE, expert(domain), GENERALIST)
    )
    bootstrap = scorer.over(evidence.asked([*keys]))
    return KeyFacts(
        questions=len(keys),
        base=bootstrap.mean(base),
        expert=bootstrap.mean(own),
        generalist=bootstrap.mean(generalist),
        edge=_edge(evidence, domain, keys, scorer),
        gain=bootstrap.mean([ours - theirs for ours, theirs in zip(own, base, strict=True)]),
    )


def _said(answers: Mapping[int, str], keys: Mapping[int, str]) -> list[float]:
    return [float(says(answers[place], key)) for place, key in keys.items()]


def _edge(evidence: Evidence, domain: str, keys: Mapping[int, str], scorer: Scorer) -> Estimate | None:
    replies = zip(
        evidence.edge_positions.get(domain, ()),
        evidence.edges[domain].replies if domain in evidence.edges else (),
        strict=False,
    )
    answers = {place: reply.text for place, reply in replies if reply and place in keys}
    if not answers:
        return None
    asked = {place: keys[place] for place in answers}
    return scorer.over(evidence.asked([*answers])).mean(_said(answers, asked))


def _scores(evidence: Evidence, system: str, positions: Sequence[int], scorer: Scorer) -> AnswerScores:
    answers, samples = evidence.system_answers(system, positions), evidence.system_samples(system, positions)
    return AnswerScores.model_validate(scorer.scores(answers, evidence.asked(positions), samples))

"""What INT4 and the phone's runtime cost: edge evidence in, its part of the report and warnings out.

A bundle's perplexity is never given alone: beside it stands the float model's over the very
same tokens, so that their ratio is the loss by conversion and nothing else.
"""

from collections.abc import Sequence
from importlib.metadata import version
from statistics import fmean, median

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.bundle_runs import EdgeRun, RuntimeTraits
from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.measuring.systems import expert
from tasks.evaluate.metrics.chosen_metrics import Scorer
from tasks.records.estimate import Estimate
from tasks.records.evaluation import EdgePerplexity, EdgeRuntime
from tasks.statistics.bootstrap import Bootstrap, Loss, perplexity


def edge_loss(edge: Sequence[Loss], floating: Sequence[Loss], bootstrap: Bootstrap) -> Estimate:
    """Return how much higher the bundle's perplexity is than the float model's: 0.1 is 10 % worse."""
    return bootstrap.perplexity_ratio(edge, floating).shifted(-1)


def edge_perplexity(evidence: Evidence, domain: str, scorer: Scorer) -> EdgePerplexity | None:
    """Return a bundle's perplexity beside the float model's; None where no bundle scored an answer."""
    if domain not in _scored(evidence):
        return None
    edge, floating, bootstrap = _paired(evidence, domain, scorer)
    return EdgePerplexity(
        edge=bootstrap.perplexity(edge),
        float_=bootstrap.perplexity(floating),
        loss=edge_loss(edge, floating, bootstrap),
        prompts=len(edge),
        tokens=sum(loss.tokens for loss in edge),
        method=method(evidence.edges[domain].traits),
    )


def edge_runtime(evidence: Evidence, domain: str, scorer: Scorer) -> EdgeRuntime | None:
    """Return how well and how fast a bundle answers; None where no bundle scored an answer."""
    if domain not in _scored(evidence):
        return None
    run, positions = evidence.edges[domain], evidence.edge_positions[domain]
    answered = [(place, reply) for place, reply in zip(positions, run.replies, strict=True) if reply]
    questions = evidence.asked([place for place, _ in answered])
    floating = [evidence.models[expert(domain)].answers[place] for place, _ in answered]
    replies = [reply for _, reply in answered]
    ours = scorer.scores([reply.text for reply in replies], questions)
    theirs = scorer.scores(floating, questions)
    return EdgeRuntime(
        prompts=len(replies),
        decode_tokens_per_second=median(reply.decode_tokens_per_second for reply in replies),
        prefill_tokens_per_second=median(reply.prefill_tokens_per_second for reply in replies),
        time_to_first_token_ms=median(reply.first_token_ms for reply in replies),
        latency_ms=1000 * fmean(reply.seconds for reply in replies),
        init_seconds=run.init_seconds,
        memory_bytes=run.memory_bytes,
        threads=run.threads,
        context_tokens=run.context_tokens,
        **ours,
        **{f"float_{name}": score for name, score in theirs.items()},
    )


def edge_warnings(evidence: Evidence, scorer: Scorer, config: EvaluateConfig) -> list[str]:
    """Return what a reader must know before trusting a bundle, in plain words."""
    lossy = [
        f"{domain}: {sentence}"
        for domain in _scored(evidence)
        for sentence in _loss_warnings(*_paired(evidence, domain, scorer), config)
    ]
    unlinked = [
        f"{domain}: LiteRT-LM reads every probe of the chain as other tokens, so the link {links[-1].name} is"
        " not measured"
        for domain, links in evidence.chains.items()
        if links[-1].perplexity_ratio is None
    ]
    return [*lossy, *unlinked] + [
        f"{domain}: {sentence}"
        for domain, run in evidence.edges.items()
        for sentence in (*_coverage_warnings(run, config), *_prompt_warnings(run))
    ]


def method(traits: RuntimeTraits) -> str:
    """Say how the scores were obtained, so that others can repeat them."""
    parts = [f"run_text_scoring of litert-lm {version('litert-lm')} over the bundle's own tokens"]
    if traits.start_token is not None:
        parts.append("the runtime adds the start token, so it is not sent where the chat format has it")
    if traits.drops_token:
        parts.append(
            "the last prompt token is sent twice, because scoring overwrites the one before it"
            " (google-ai-edge/LiteRT-LM issue 3561, found by a trial on this bundle)"
        )
    parts.append("the float model scores the same token sequence in transformers, float32")
    return "; ".join(parts)


def _scored(evidence: Evidence) -> list[str]:
    """Return the domains whose bundle could score at least one answer."""
    return [domain for domain, run in evidence.edges.items() if any(run.losses)]


def _paired(evidence: Evidence, domain: str, scorer: Scorer) -> tuple[list[Loss], list[Loss], Bootstrap]:
    """Return the bundle's losses, the float model's on the same answers, and the bootstrap for both."""
    found = zip(evidence.edge_positions[domain], evidence.edges[domain].losses, strict=True)
    places, edge = zip(*((place, loss) for place, loss in found if loss), strict=True)
    bootstrap = scorer.over(evidence.asked(places))
    return list(edge), list(evidence.models[expert(domain)].sequences), bootstrap


def _loss_warnings(
    edge: Sequence[Loss], floating: Sequence[Loss], bootstrap: Bootstrap, config: EvaluateConfig
) -> list[str]:
    loss = edge_loss(edge, floating, bootstrap)
    if loss.value <= config.max_edge_loss:
        return []
    low, high = loss.ends
    sentence = (
        f"INT4 raises perplexity by {loss.value:.1%} ({low:.1%} to {high:.1%}), from"
        f" {perplexity(floating):.2f} in float32 to {perplexity(edge):.2f} in the bundle; `max_edge_loss` is"
        f" {config.max_edge_loss:.0%}"
    )
    return [sentence]


def _coverage_warnings(run: EdgeRun, config: EvaluateConfig) -> list[str]:
    asked, skipped = len(run.replies), sum(loss is None for loss in run.losses)
    warnings = []
    if asked < config.edge_prompts:
        warnings.append(
            f"the bundle answered {asked} of {config.edge_prompts} prompts: there are no more held out"
        )
    if skipped:
        warnings.append(f"{skipped} of {asked} texts do not fit the bundle's {run.context_tokens} tokens")
    return warnings


def _prompt_warnings(run: EdgeRun) -> list[str]:
    wrong = sum(reply is not None and not reply.prompt_matches for reply in run.replies)
    if not wrong:
        return []
    sentence = (
        f"in {wrong} of {len(run.replies)} conversations the runtime's prompt differs in length from the chat"
        " format that the expert was trained on: compare chat template and start token of bundle and model"
    )
    return [sentence]

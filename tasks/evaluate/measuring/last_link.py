"""Follow an expert's chain to its end: from the INT4 graph to the phone's runtime.

In: what converting measured of a bundle's graph, and what the runtime scored. Out: the chain with its last
link, over the answers that both saw with the same tokens. The runtime tells scores and no distributions.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.bundle_runs import EdgeRun, Scored
from tasks.kernel.errors import DataError, StageError
from tasks.models.chat import Turns, chat_turns
from tasks.models.loading import load_tokenizer
from tasks.records.chain import INT4_GRAPH, RUNTIME, Chain, Link
from tasks.records.dataset import Example
from tasks.records.files import read_records
from tasks.statistics.bootstrap import Bootstrap, Loss


def followed(
    chains: Mapping[str, Chain], edges: Mapping[str, EdgeRun], config: EvaluateConfig
) -> dict[str, list[Link]]:
    """Return every domain's links; raise StageError with domain and link where the last one breaks."""
    bootstrap = Bootstrap(config.bootstrap_samples, config.confidence, config.seed)
    found = {}
    for domain, chain in chains.items():
        link = last_link(chain, edges[domain].probes, bootstrap)
        if problem := link.break_():
            raise StageError(
                f"{domain}: link {link.name}: {problem}; LiteRT-LM does not run the bundle as it was"
                " converted: use the versions of the lock, or change `chain.runtime` if this is acceptable"
            )
        found[domain] = [*chain.links, link]
    return found


def last_link(chain: Chain, scored: Sequence[Scored | None], bootstrap: Bootstrap) -> Link:
    """Return how the runtime's scores differ from the graph's; no ratio where no probe has its tokens."""
    ours, theirs = [], []
    for probe, score in zip(chain.probes, scored, strict=True):
        count = len(probe.answer)
        if score and (score.sequence.prompt, score.sequence.answer[:count]) == (probe.prompt, probe.answer):
            ours.append(Loss(sum(score.nats[:count]), count))
            theirs.append(Loss(probe.nats, count))
    return Link(
        before=INT4_GRAPH,
        after=RUNTIME,
        perplexity_ratio=bootstrap.perplexity_ratio(ours, theirs) if ours else None,
        positions=sum(loss.tokens for loss in ours),
        bounds=chain.runtime,
    )


def probed(chain: Chain, dataset: Path, model: Path) -> list[Turns]:
    """Return the turns of the chain's probes as a runtime takes them; raise DataError where one is lost."""
    tokenizer = load_tokenizer(model)
    examples = {example.id: example for example in read_records(dataset / "test.jsonl", Example)}
    if lost := [probe.id for probe in chain.probes if probe.id not in examples]:
        raise DataError(f"{dataset}: no held-out question {lost[0]}, which a chain has; run `chain` again")
    asked = [examples[probe.id] for probe in chain.probes]
    return [chat_turns(tokenizer, one.question.strip(), one.answer.strip()).whole() for one in asked]

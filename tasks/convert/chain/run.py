"""Follow an expert from its merged weights to the INT4 graph in its bundle; stop at the first broken link.

In: `merged`, `healed` where it was healed, `graph`, `edge` and `qa`. Out: `chain.json`. The graphs are those
that ship: the float one is filled once more, and the INT4 one is taken out of the bundle.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tasks.convert.bundle_file import sections
from tasks.convert.chain.forms import graph_logits, model_logits
from tasks.convert.chain.links import Form, compare, losses
from tasks.convert.chain.probes import Asked, read_probes
from tasks.convert.config import ChainCheck
from tasks.convert.exchange import put_in
from tasks.convert.graph import load
from tasks.kernel.errors import StageError
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.records.chain import (
    ADAPTER,
    FLOAT_GRAPH,
    HEALED,
    INT4_GRAPH,
    MERGED,
    Chain,
    Link,
    LinkBounds,
    Probe,
    write_chain,
)
from tasks.records.merge import read_merge_check
from tasks.statistics.bootstrap import Bootstrap

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: ChainCheck, work: Workspace) -> Metrics:
    """Compare each form with the one before; raise StageError, which names the link, where one breaks."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    shipped = inputs.get("healed", inputs["merged"])
    probes = read_probes(inputs["qa"], shipped, config)
    bootstrap = Bootstrap(config.bootstrap_samples, config.confidence, config.seed)
    links, total = [merge_link(inputs["merged"])], 4 if "healed" in inputs else 3
    with tempfile.TemporaryDirectory(dir=work.scratch) as scratch:
        compared = pairwise(forms(inputs, config, probes, Path(scratch)))
        for done, (before, after) in enumerate(compared, 2):
            work.progress(done, total, "forms")
            links.append(whole(compare(before, after, probes, config.bounds(after.name), bootstrap)))
    told = [
        Probe(**probe._asdict(), nats=loss.nats)
        for probe, loss in zip(probes, losses(after, probes), strict=True)
    ]
    write_chain(work.out, Chain(links=links, probes=told, runtime=config.runtime.record()))
    return {f"kl_{link.after.lower().replace(' ', '_')}": link.mean_kl or 0.0 for link in links}


def whole(link: Link) -> Link:
    """Return the link; raise StageError where it breaks."""
    if problem := link.break_():
        raise StageError(
            f"link {link.name}: {problem}; rebuild the stage that makes the second of them, or change its"
            " bounds in `chain` if the difference is acceptable"
        )
    agreed = 100 * (link.top1_agreement or 0)
    logger.info("%s: mean divergence %.3g nats, same first choice %.1f %%", link.name, link.mean_kl, agreed)
    return link


def merge_link(merged: Path) -> Link:
    """Return what merging measured, on probes of its own, and stopped at."""
    check = read_merge_check(merged)
    return Link(
        before=ADAPTER,
        after=MERGED,
        mean_kl=check.mean_kl,
        top1_agreement=check.top1_agreement,
        positions=check.positions,
        bounds=LinkBounds(max_mean_kl=check.tolerance),
    )


def forms(inputs: Inputs, config: ChainCheck, probes: list[Asked], scratch: Path) -> Iterator[Form]:
    """Yield each form with what it says, one after the other: only one model is in memory."""
    yield Form(MERGED, model_logits(inputs["merged"], probes))
    if "healed" in inputs:
        yield Form(HEALED, model_logits(inputs["healed"], probes))
    shipped = inputs.get("healed", inputs["merged"])
    floating, int4 = scratch / "float.tflite", scratch / "int4.tflite"
    source = load(shipped, config.graph(), scratch, lambda: None)
    put_in(inputs["graph"], source.contents(), floating, shipped)
    source.forget_weights()
    yield Form(FLOAT_GRAPH, graph_logits(floating, probes))
    floating.unlink()
    take_graph(inputs["edge"] / "model.litertlm", int4)
    yield Form(INT4_GRAPH, graph_logits(int4, probes))


def take_graph(bundle: Path, target: Path) -> None:
    """Write the graph in the bundle to `target`."""
    part = next(part for part in sections(bundle) if part.kind == "TFLiteModel")
    with bundle.open("rb") as file:
        file.seek(part.begin)
        target.write_bytes(file.read(part.end - part.begin))

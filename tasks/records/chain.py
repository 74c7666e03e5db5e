"""How far an expert's forms are from one another on the way to the phone: `chain.json`.

Each link compares two forms on the same tokens. What a form of the model cannot tell (a runtime gives scores,
and no distributions) is none.
"""

from pathlib import Path

from tasks.records.estimate import Estimate
from tasks.records.files import Figures, read_json, write_json

FILE = "chain.json"
ADAPTER, MERGED, HEALED = "adapter", "merged", "healed"
FLOAT_GRAPH, INT4_GRAPH, RUNTIME = "float graph", "INT4 graph", "runtime"


class LinkBounds(Figures):
    """What a link must keep; none: nothing is asked of it there."""

    max_mean_kl: float | None = None
    min_top1_agreement: float | None = None
    max_perplexity_ratio: float | None = None
    """Up or down: a form that says something else may find the answers less surprising by chance."""


class Link(Figures):
    """Two neighbouring forms of one expert."""

    before: str
    after: str
    mean_kl: float | None = None
    """Mean divergence of their next-token distributions, in nats a token."""
    top1_agreement: float | None = None
    """Share of positions where both choose the same token."""
    perplexity_ratio: Estimate | None = None
    """Perplexity of the answers, after over before, on the same resampled answers."""
    positions: int | None = None
    bounds: LinkBounds = LinkBounds()

    @property
    def name(self) -> str:
        """Both forms."""
        return f"{self.before} -> {self.after}"

    def break_(self) -> str:
        """Return in words which bound the link misses, a ratio beyond chance; empty: it holds."""
        bounds, ratio = self.bounds, self.perplexity_ratio
        if _over(self.mean_kl, bounds.max_mean_kl):
            return f"mean divergence {self.mean_kl:.3g} nats a token, more than {bounds.max_mean_kl:.3g}"
        if _over(bounds.min_top1_agreement, self.top1_agreement):
            least = bounds.min_top1_agreement
            return f"same first choice at {self.top1_agreement:.1%} of the tokens, less than {least:.1%}"
        most = bounds.max_perplexity_ratio
        if ratio and most and _over(max(ratio.ends[0], 1 / ratio.ends[1]), most):
            low, high = ratio.ends
            said = f"perplexity {ratio.value:.3f} times as high ({low:.3f} to {high:.3f})"
            return f"{said}, apart by more than a factor of {most:.3g}"
        return ""


class Probe(Figures):
    """A held-out question and the beginning of its answer, as tokens."""

    id: str
    """The question's."""
    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    nats: float
    """Loss of the INT4 graph on the answer's tokens, summed."""


class Chain(Figures):
    """All links of one expert, in order; evaluation adds the last one, which needs the runtime."""

    links: list[Link]
    probes: list[Probe]
    runtime: LinkBounds = LinkBounds()
    """What the last link must keep."""


def write_chain(folder: Path, chain: Chain) -> None:
    """Write `chain.json`."""
    write_json(folder / FILE, chain.model_dump(mode="json"))


def read_chain(folder: Path) -> Chain:
    """Return what was measured of a bundle's forms; raise DataError where the record is damaged."""
    return read_json(folder / FILE, Chain)


def _over(value: float | None, bound: float | None) -> bool:
    return value is not None and bound is not None and not value <= bound

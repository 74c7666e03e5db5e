"""The promotion gate: figures of a new version and of the champion in, one check for each criterion out.

Quality may not be worse than the champion's beyond chance, size and latency stay within their
budgets. What was not measured is refused by name: silence must never promote.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field

from flows.champions.difference import Quality, by_how_much
from flows.report import words
from tasks.kernel.config import Slice
from tasks.records.estimate import Estimate


class Gate(Slice):
    """What a new version must keep to become champion."""

    automatic: bool = False
    """Whether a completed run moves the champions itself; otherwise `pocketmoe promote` does."""
    max_bundle_bytes: ByteSize | None = Field(default=None, gt=0)
    """Largest bundle of an expert, such as `200MB`; none: only the champion's size counts."""
    max_latency_ms: float | None = Field(default=None, gt=0)
    """Longest mean time to an answer, of a bundle and of the system; none: only the champion's counts."""
    max_edge_loss: float | None = Field(default=0.05, ge=0)
    """Share by which a bundle's perplexity may be above its float expert's; none: it is not looked at."""
    max_quality_loss: float = Field(default=0.0, ge=0, lt=1)
    """Share by which quality may be worse than the champion's beyond chance; 0.02 lets 2 % pass."""
    max_growth: float = Field(default=0.10, ge=0)
    """Share by which a bundle may be larger than the champion's."""
    max_slowdown: float = Field(default=1.0, ge=0)
    """Share by which answers may take longer than the champion's: on a busy machine timings vary twofold."""


class Figures(BaseModel):
    """What a version was measured to be; kept with it, so that later ones can be compared."""

    model_config = ConfigDict(frozen=True)

    quality: dict[str, Quality | None]
    """By measure; none where the run did not measure it."""
    kind: Literal["expert", "router", "system"] = "expert"
    """Experts have a size and a latency to keep, the system a latency, the router neither."""
    edge_loss: Estimate | None = None
    """By which share the bundle's perplexity is above the float expert's."""
    bundle_bytes: int | None = None
    latency_ms: float | None = None
    base_model: str = ""
    evaluation: str = ""
    """Digest of the evaluation."""


@dataclass(frozen=True)
class Check:
    """One criterion of the gate, in words."""

    criterion: str
    champion: str
    candidate: str
    passed: bool
    reason: str


def judge(
    gate: Gate,
    candidate: Figures,
    champion: Figures | None,
    paired: Mapping[str, Estimate] | None = None,
    comparisons: int = 1,
) -> list[Check]:
    """Return every criterion's check.

    `paired` are ratios to the champion by measure, on the same questions; `comparisons` is how many
    measures are compared at once: their intervals are widened for it.
    """
    names = dict.fromkeys([*candidate.quality, *(champion.quality if champion else ())])
    checks = [
        _quality(gate, name, candidate, champion, (paired or {}).get(name), comparisons) for name in names
    ]
    before = champion or Figures(quality={})
    if candidate.kind == "expert":
        checks += _edge(gate, candidate.edge_loss, before.edge_loss)
        limit = _limit(gate.max_bundle_bytes, before.bundle_bytes, gate.max_growth)
        ours, theirs = candidate.bundle_bytes, before.bundle_bytes
        checks.append(_within("bundle size", ours, theirs, limit, words.size))
    if candidate.kind != "router":
        limit = _limit(gate.max_latency_ms, before.latency_ms, gate.max_slowdown)
        ours_ms, theirs_ms = candidate.latency_ms, before.latency_ms
        checks.append(_within("latency", ours_ms, theirs_ms, limit, _milliseconds))
    return checks


def _quality(
    gate: Gate,
    name: str,
    candidate: Figures,
    champion: Figures | None,
    paired: Estimate | None,
    comparisons: int,
) -> Check:
    ours = candidate.quality.get(name)
    theirs = champion.quality.get(name) if champion else None

    def check(reason: str, *, passed: bool) -> Check:
        return Check(name, _interval(theirs), _interval(ours), passed, reason)

    if ours is None:
        return check("not measured", passed=False)
    if champion is None:
        return check("no champion to compare with", passed=True)
    if theirs is None:
        return check("not measured for the champion", passed=False)
    if ours.loss and candidate.base_model != champion.base_model:
        return check("another base model: losses a token cannot be compared", passed=False)
    worse = by_how_much(ours, theirs, paired, comparisons)
    passed = worse.surely <= worse.share(gate.max_quality_loss)
    return check(f"{'not worse' if passed else 'worse'} beyond chance: {worse.words}", passed=passed)


def _edge(gate: Gate, ours: Estimate | None, theirs: Estimate | None) -> Iterator[Check]:
    """Yield what the bundle loses against its own float expert, where the gate looks at it."""
    if gate.max_edge_loss is None:
        return
    passed = ours is not None and ours.value <= gate.max_edge_loss
    reason = f"{'at most' if passed else 'more than'} {words.percent(gate.max_edge_loss, 1)}"
    yield Check("INT4 loss", _share(theirs), _share(ours), passed, reason if ours else "not measured")


def _limit(budget: float | None, theirs: float | None, growth: float) -> float:
    return min(inf if budget is None else budget, inf if theirs is None else theirs * (1 + growth))


def _within(
    name: str,
    ours: float | None,
    theirs: float | None,
    limit: float,
    say: Callable[[float | None], str],
) -> Check:
    if ours is None:
        return Check(name, say(theirs), say(ours), passed=False, reason="not measured")
    passed = ours <= limit
    reason = (
        "no budget, no champion" if limit == inf else f"{'at most' if passed else 'more than'} {say(limit)}"
    )
    return Check(name, say(theirs), say(ours), passed, reason)


def _interval(quality: Quality | None) -> str:
    return words.interval(quality.estimate if quality else None)


def _share(loss: Estimate | None) -> str:
    if loss is None:
        return words.NOTHING
    value, low, high = (words.percent(end, 1) for end in (loss.value, *loss.ends))
    return f"{value} ({low} to {high})"


def _milliseconds(value: float | None) -> str:
    return words.NOTHING if value is None else f"{words.figure(value)} ms"

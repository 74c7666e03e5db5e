"""Compare two forms of an expert: what each says in, a link out."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tasks.convert.chain.forms import Logits
from tasks.convert.chain.probes import Asked
from tasks.records.chain import Link, LinkBounds
from tasks.statistics.bootstrap import Bootstrap, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Form(NamedTuple):
    """One form of an expert, and what it says."""

    name: str
    logits: Logits


def compare(
    before: Form, after: Form, probes: Sequence[Asked], bounds: LinkBounds, bootstrap: Bootstrap
) -> Link:
    """Return how far the second form is from the first."""
    divergences, same = zip(*_by_token(before, after), strict=True)
    ratio = bootstrap.perplexity_ratio(losses(after, probes), losses(before, probes))
    kls, agreements = np.concatenate(divergences), np.concatenate(same)
    return Link(
        before=before.name,
        after=after.name,
        mean_kl=float(kls.mean()),
        top1_agreement=float(agreements.mean()),
        perplexity_ratio=ratio,
        positions=len(kls),
        bounds=bounds,
    )


def losses(form: Form, probes: Sequence[Asked]) -> list[Loss]:
    """Return how surprised the form is by each answer."""
    found = []
    for logits, probe in zip(form.logits, probes, strict=True):
        rows = _log_softmax(logits)[np.arange(len(probe.answer)), list(probe.answer)]
        found.append(Loss(-float(rows.sum()), len(probe.answer)))
    return found


def _by_token(before: Form, after: Form) -> Iterator[tuple["NDArray[np.float64]", "NDArray[np.bool_]"]]:
    for ours, theirs in zip(before.logits, after.logits, strict=True):
        expected, found = _log_softmax(ours), _log_softmax(theirs)
        kl = (np.exp(expected) * (expected - found)).sum(axis=-1)
        yield kl, ours.argmax(axis=-1) == theirs.argmax(axis=-1)


def _log_softmax(logits: "NDArray[np.float32]") -> "NDArray[np.float64]":
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=np.float64)

"""Say on which side the passages stand that other domains have as well.

In: the passages of a corpus, its ready-made examples and what is shared. Out: a split by passage or example
id. The side follows from what is shared alone, never from the domain, so that every domain that has a passage
puts it on the same side: what one is tested on, no other is trained on, nor the generalist, nor the router.
"""

import hashlib
from collections.abc import Iterable, Sequence
from math import ceil

from tasks.generate.config import SharedSources
from tasks.records.corpus import Passage
from tasks.records.dataset import DRAWN, Example, Split


def shared_sides(
    passages: Iterable[Passage], ready: Sequence[Example], shared: SharedSources
) -> dict[str, Split]:
    """Return the split of each passage and example that stands in other domains too."""
    documents: dict[str, list[str]] = {}
    for passage in passages:
        documents.setdefault(passage.document_digest, []).append(passage.id)
    sides: dict[str, Split] = {}
    for digest, ids in documents.items():
        if digest in shared.whole:
            sides |= _all(ids, "train")
        elif digest in shared.documents:
            sides |= _drawn(ids, shared)
    if shared.examples and not any(example.split in {"test", "validation"} for example in ready):
        sides |= _drawn([example.id for example in ready], shared)
    return sides


def _drawn(ids: Sequence[str], shared: SharedSources) -> dict[str, Split]:
    """Draw the held-out ones by the digest of their ids; too few for three sides are trained on."""
    order = sorted(ids, key=lambda name: hashlib.sha256(f"{shared.seed}:{name}".encode()).digest())
    test, validation = (ceil(share * len(ids)) for share in (shared.test_share, shared.validation_share))
    if test + validation >= len(ids) or len(ids) < len(DRAWN):
        return _all(ids, "train")
    held_out = _all(order[:test], "test") | _all(order[test : test + validation], "validation")
    return _all(ids, "train") | held_out


def _all(ids: Iterable[str], split: Split) -> dict[str, Split]:
    return dict.fromkeys(ids, split)

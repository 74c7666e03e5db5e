"""Decide what a router learns from: questions by side, data sets and corpora in, training rows out.

Ambiguous questions are left out of what weights are fitted on, but not of what confidence rests on: users ask
such questions too, and a router that never heard of them would be surer than it is right.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tasks.kernel.workspace import Inputs, domain_inputs
from tasks.records.ambiguous import Ambiguous, AmbiguousCount
from tasks.records.dataset import Split
from tasks.route.config import RouteConfig
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.material.ambiguous import Marks, marked
from tasks.route.material.further_text import description_text, source_text
from tasks.route.material.sources import Source, read_sources
from tasks.route.measure.labelled_questions import Questions, Use
from tasks.route.measure.neighbours import with_groups

LOG = logging.getLogger(__name__)
_LEAST_KEPT, _LEAST_SHARE = 10, 1 / 2
"""Questions, and share of its questions, that a domain keeps at least. Where more are ambiguous the domains
themselves overlap, and what is left would be another domain than users ask about."""


@dataclass(frozen=True)
class Material:
    """What a router learns from, and which questions are ambiguous."""

    taught: Questions
    """In groups, each row with its use."""
    test: Marks | None = None
    """Which test questions are ambiguous; none: it was not looked for."""
    ambiguous: Ambiguous | None = None


def material(
    sides: Mapping[Split, Questions], inputs: Inputs, config: RouteConfig, resources: Resources
) -> Material:
    """Return the training rows of a stage's inputs; encoders are read only where ambiguity is looked for."""
    train = sides["train"]
    taught = with_groups(train)
    groups = dict(zip(train.groups, taught.groups, strict=True))
    sources: tuple[Source, ...] = ()
    if config.needs_sources():
        sources = read_sources(domain_inputs(inputs, "qa"), domain_inputs(inputs, "corpus"))
    found = Material(taught)
    if config.ambiguous != "unmarked":
        found = _marked(taught, sides, sources, config, resources)
    wanted = [one for one in sources if ("passages" if one.is_passage else "answers") in config.further_text]
    if wanted:
        found = replace(found, taught=found.taught.joined(source_text(sources, wanted, groups)))
    if "descriptions" in config.further_text:
        described = description_text(config.descriptions, train.domains)
        found = replace(found, taught=found.taught.joined(described))
    return found


def _marked(
    taught: Questions,
    sides: Mapping[Split, Questions],
    sources: Sequence[Source],
    config: RouteConfig,
    resources: Resources,
) -> Material:
    from tasks.route.encoder.pooling import embed_texts, read_encoder

    reader = read_encoder(resources.encoders[config.nearness], 1, _MAX_LENGTH)
    marks = marked(sides, sources, lambda texts: embed_texts(reader, texts, resources.progress))
    out = marks["train"] & _may_leave(taught, marks["train"]) & (config.ambiguous == "left_out")
    uses: tuple[Use, ...] = tuple("held_out" if left else "both" for left in out.tolist())
    return Material(replace(taught, uses=uses), marks["test"], _counts(sides, marks, out, sources))


_MAX_LENGTH = 512
"""Tokens of a text that are read at most."""


def _may_leave(train: Questions, marks: Marks) -> Marks:
    """Tell for each question whether its domain is left with enough without its ambiguous ones."""
    all_of = Counter(train.labels)
    lost = Counter(label for label, mark in zip(train.labels, marks, strict=True) if mark)
    few = {
        label
        for label, count in lost.items()
        if all_of[label] - count < max(_LEAST_KEPT, _LEAST_SHARE * all_of[label])
    }
    for label in sorted(few):
        LOG.warning(
            "router: %d of the %d training questions of domain %s are ambiguous and stay in training, since"
            " too few would be left; the domain overlaps with others",
            lost[label],
            all_of[label],
            label,
        )
    return ~np.isin(np.asarray(train.labels), sorted(few))


def _counts(
    sides: Mapping[Split, Questions], marks: Mapping[Split, Marks], out: Marks, sources: Sequence[Source]
) -> Ambiguous:
    kinds = {source.is_passage for source in sources}
    compared = [word for word, is_passage in (("passages", True), ("answers", False)) if is_passage in kinds]
    columns = {split: _by_domain(questions, marks[split]) for split, questions in sides.items()}
    left_out = _by_domain(sides["train"], out)
    return Ambiguous(
        compared_with=" and ".join(compared),
        domains={
            domain: AmbiguousCount(
                left_out=left_out[domain], **{split: column[domain] for split, column in columns.items()}
            )
            for domain in sides["train"].domains
        },
    )


def _by_domain(questions: Questions, marks: Marks) -> Counter[str]:
    return Counter(label for label, mark in zip(questions.labels, marks, strict=True) if mark)

"""Keep near-identical questions on one side: labelled questions in, groups, a split and a count of leaks out.

Near-identical: at least 80 % of the words in common (Jaccard). Groups are connected components, because only
they put every such pair on one side; comparing with a component's representative would leave pairs apart.
A component that chains through more than half of a domain would leave no two sides, so that one alone is cut
down to the same words; a split then drops the test questions that still have a neighbour in training.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedShuffleSplit

from tasks.kernel.errors import DataError
from tasks.records.files import Record
from tasks.route.measure.labelled_questions import Questions, plain
from tasks.text.near import NearDuplicates, chains

LOG = logging.getLogger(__name__)
NEAR = 0.8
"""Share of the words in common from which on two questions are near-identical, as in generation."""
SAME_WORDS = 1.0
_LARGEST_SHARE = 1 / 2
_LEAST_KEPT = 1 / 2
_DRAWS = 10
_SIDES = 2
Numbers = NDArray[np.intp]


class LeakReport(Record):
    """How many test questions stand, nearly so, among the training questions."""

    questions: int
    identical: int
    """Word for word, but for case and marks."""
    near_identical: int
    """At least 80 % of the words in common with a training question; the identical ones included."""
    positions: list[int]
    """Places of the near-identical ones among the test questions, counted from 0."""


@dataclass(frozen=True)
class LeakFree:
    """Two sides of which no question has a near-identical one on the other."""

    train: Questions
    test: Questions
    similarity: float
    """From this share of the words in common on, two questions stand on one side: 0.8, or 1 where the
    questions of a domain are so alike that nothing would be left to split."""
    dropped: int
    """Questions on neither side, because they stand between both."""


def leak_report(train: Questions, test: Questions) -> LeakReport:
    """Count the test questions that have a near-identical training question."""
    seen = {plain(text) for text in train.texts}
    positions = _leaked(train, test, NEAR)
    return LeakReport(
        questions=len(test.texts),
        identical=sum(plain(text) in seen for text in test.texts),
        near_identical=len(positions),
        positions=positions,
    )


def without_neighbours(train: Questions, test: Questions, similarity: float = NEAR) -> Questions:
    """Return the test questions that have no near-identical training question."""
    leaked = set(_leaked(train, test, similarity))
    return test.at(place for place in range(len(test.texts)) if place not in leaked)


def leak_free_split(questions: Questions, share: float, seed: int) -> LeakFree:
    """Hold out about `share` of the questions, stratified by domain, without near-identical ones in training.

    Raises DataError where a domain's questions are too few or too alike to stand on both sides.
    """
    for similarity in (NEAR, SAME_WORDS):
        sides = _sides(with_groups(questions, similarity), share, seed)
        if sides is None:
            continue
        train, test = sides
        kept = without_neighbours(train, test, similarity)
        if not _thinned(test, kept):
            return LeakFree(train, kept, similarity, len(test.texts) - len(kept.texts))
    raise DataError(
        "router: the questions of a domain are too few or too alike to stand on both sides of a split;"
        " give it more documents or generate more pairs"
    )


def with_groups(questions: Questions, similarity: float = NEAR) -> Questions:
    """Return the questions in groups to keep together: of one passage, and near-identical ones.

    Groups that were given stay together; giving it what it returned changes nothing.
    """
    _, passages = np.unique(np.asarray(questions.groups), return_inverse=True)
    parts = _joined(questions.texts, passages, similarity)
    if similarity < SAME_WORDS:
        _cut_outgrown(parts, questions, passages)
    _, first, inverse = np.unique(parts, return_index=True, return_inverse=True)
    return replace(questions, groups=tuple(questions.groups[first[part]] for part in inverse))


def _joined(texts: Sequence[str], passages: Numbers, similarity: float) -> Numbers:
    """Return the components of the graph that joins near-identical texts and those of one passage."""
    alike = np.asarray(chains(texts, similarity))
    size = len(texts) + int(passages.max(initial=0)) + 1
    graph = coo_array((np.ones(len(texts)), (alike, len(texts) + passages)), shape=(size, size))
    _, parts = connected_components(graph, directed=False)
    return np.asarray(parts[alike], dtype=np.intp)


def _cut_outgrown(parts: Numbers, questions: Questions, passages: Numbers) -> None:
    """Tell the questions of components with more than half of a domain apart, but for the same words."""
    labels = Counter(questions.labels)
    pairs = Counter(zip(parts.tolist(), questions.labels, strict=True))
    for part in sorted({part for (part, label), n in pairs.items() if n > _LARGEST_SHARE * labels[label]}):
        places = np.flatnonzero(parts == part)
        inside = _joined([questions.texts[place] for place in places], passages[places], SAME_WORDS)
        if inside.max() > inside.min():
            LOG.warning(
                "router: %d questions are alike in a chain, one of them %r; of these, only those of the same"
                " words and passage are kept together",
                len(places),
                questions.texts[places[0]],
            )
        parts[places] = parts.max() + 1 + inside


def _sides(questions: Questions, share: float, seed: int) -> tuple[Questions, Questions] | None:
    """Return sides made of whole groups with every domain on both, of ten draws the nearest to `share`."""
    _, first, inverse = np.unique(np.asarray(questions.groups), return_index=True, return_inverse=True)
    domains = np.asarray(questions.labels)[first]
    if min(Counter(domains.tolist()).values()) < _SIDES:
        return None
    draws = StratifiedShuffleSplit(_DRAWS, test_size=_fair(share, domains), random_state=seed)
    held = [np.isin(inverse, test) for _, test in draws.split(first, domains)]
    for out in sorted(held, key=lambda out: abs(out.mean() - share)):
        sides = questions.at(np.flatnonzero(~out).tolist()), questions.at(np.flatnonzero(out).tolist())
        if all(side.domains == questions.domains for side in sides):
            return sides
    return None


def _fair(share: float, domains: NDArray[np.str_]) -> int:
    """Return how many groups to hold out: at least one a domain, and at most all but one a domain."""
    least = len(set(domains.tolist()))
    return min(max(round(share * len(domains)), least), len(domains) - least)


def _thinned(test: Questions, kept: Questions) -> bool:
    """Tell whether a domain lost so many test questions that the rest says little about it."""
    left = Counter(kept.labels)
    return any(left[label] < _LEAST_KEPT * count for label, count in Counter(test.labels).items())


def _leaked(train: Questions, test: Questions, similarity: float) -> list[int]:
    known = NearDuplicates(train.texts + test.texts, similarity)
    for text in train.texts:
        known.add(text)
    return [place for place, text in enumerate(test.texts) if text in known]

"""Pins uses: text is fitted on and never asked, and a question that is held out alone teaches nothing.

Whatever the kind: confidence rests on questions alone, those among them that no weight is to learn.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tasks.models.sources import TinyEncoder
from tasks.route.composite_config import CascadeRouter, CascadeStage, HierarchicalRouter, KeywordRouter
from tasks.route.config import RouterKind
from tasks.route.encoder.encoder_folders import encoder_folders
from tasks.route.kinds.fit import fit
from tasks.route.kinds.single import fit_with_held_out
from tasks.route.kinds.tuning import folds, grouped
from tasks.route.kinds.uncalibrated import Resources, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions, Use
from tasks.route.single_config import EncoderRouter, SemanticRouter, TfidfReferenceRouter, TfidfRouter

FAST = TfidfRouter(C=(1.0,), class_weights=("none",))
TINY = TinyEncoder(hidden_size=64)
SEMANTIC = SemanticRouter(model=TINY, C=(1.0,))
GROUPS = {"words": ("law", "poetry"), "signs": ("code", "music")}
SINGLE: Mapping[str, RouterKind | KeywordRouter] = {
    "tfidf": FAST,
    "tfidf-reference": TfidfReferenceRouter(),
    "semantic": SEMANTIC,
    "centroids": SEMANTIC.model_copy(update={"head": "centroids"}),
    "keywords": KeywordRouter(),
}
COMPOSITE: Mapping[str, RouterKind] = {
    "cascade": CascadeRouter(
        stages=(CascadeStage(router=FAST), CascadeStage(router=TfidfReferenceRouter())), network=False
    ),
    "hierarchical": HierarchicalRouter(groups=GROUPS, coarse=FAST, fine=FAST),
}


def used(library: Questions) -> Questions:
    """Return the library with every fifth question held out alone, every sixth group too, and some text."""
    names = sorted(set(library.groups))[::6]
    uses: list[Use] = [
        "held_out" if row % 5 == 0 or group in names else "both" for row, group in enumerate(library.groups)
    ]
    text = library.at(range(0, len(library.texts), 4))
    ids = tuple(f"text-{number}" for number in range(len(text.ids)))
    texts = tuple(f"{one} And more of the same." for one in text.texts)
    fitted: Use = "fitted"
    return replace(library, uses=tuple(uses)).joined(
        Questions(ids, texts, text.labels, text.groups, (fitted,) * len(ids))
    )


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the encoder's graph is exported once."""
    return tmp_path_factory.mktemp("exports")


def fitted(kind: RouterKind | KeywordRouter, train: Questions, scratch: Path) -> UncalibratedRouter:
    resources = Resources(encoder_folders(kind), scratch)
    if kind in SINGLE.values():
        return fit_with_held_out(train, None, kind, resources)
    return fit(train, None, kind, resources)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_folds_fit_and_leave_out_every_row_by_its_use(library: Questions, count: int) -> None:
    train = used(library)
    sides = folds(train, count, seed=1)
    left_out = np.concatenate([out for _, out in sides]).tolist()
    assert sorted(left_out) == np.flatnonzero(train.of_use("both", "held_out")).tolist()
    for inside, out in sides:
        assert set(np.asarray(train.uses)[inside]) == {"both", "fitted"}
        assert {train.groups[row] for row in inside}.isdisjoint(train.groups[row] for row in out)
        assert set(train.at(inside.tolist()).domains) == set(library.domains)


def test_text_of_no_question_is_never_left_out_and_does_not_make_a_domain_divisible(
    library: Questions,
) -> None:
    described: Use = "fitted"
    rows = Questions(("d",), ("All about melodies and chords.",), ("music",), ("description",), (described,))
    sides = folds(library.joined(rows), 4, seed=1)
    assert all(len(library.texts) in inside for inside, _ in sides)
    one_passage = replace(library, groups=tuple(library.labels))
    assert grouped(one_passage.joined(rows), 3)[0] != one_passage.joined(rows).groups


@pytest.mark.parametrize("name", [*SINGLE, *COMPOSITE])
def test_confidence_rests_on_all_questions_and_on_no_text(
    library: Questions, scratch: Path, name: str
) -> None:
    train = used(library)
    held = fitted({**SINGLE, **COMPOSITE}[name], train, scratch).held_out
    assert held is not None
    assert sorted(held.questions.ids) == sorted(train.asked().ids)
    assert len(held.scored.scores) == len(held.questions.ids)


@pytest.mark.parametrize("name", SINGLE)
def test_a_question_that_is_held_out_alone_teaches_nothing(
    library: Questions, scratch: Path, name: str
) -> None:
    train = used(library)
    shuffled = np.random.default_rng(1).permutation(library.domains * len(train.ids))
    labels = (
        label if use != "held_out" else str(other)
        for label, use, other in zip(train.labels, train.uses, shuffled, strict=False)
    )
    texts = ("zzz" if use == "held_out" else text for text, use in zip(train.texts, train.uses, strict=True))
    one, two = (
        fitted(SINGLE[name], some, scratch).scorer.score(library.texts).scores
        for some in (train, replace(train, labels=tuple(labels), texts=tuple(texts)))
    )
    # What else is embedded in a batch moves an embedding a little, and that the last step of the solver.
    np.testing.assert_allclose(one, two, atol=2e-3 if name == "semantic" else 1e-4)


@pytest.mark.parametrize("name", ["tfidf", "tfidf-reference", "centroids"])
def test_text_teaches(library: Questions, scratch: Path, name: str) -> None:
    text = Questions(
        ("t",), ("Brizzle is a kind of melody.",), ("music",), (library.groups[-1],), ("fitted",)
    )
    before, after = (
        fitted(SINGLE[name], train, scratch).scorer.score(["brizzle"]).scores
        for train in (library, library.joined(text))
    )
    music = library.domains.index("music")
    others = [place for place in range(4) if place != music]
    assert (after[0, music] - after[0, others].max()) > (before[0, music] - before[0, others].max())


def test_shots_are_questions_and_known_examples_too(library: Questions, scratch: Path) -> None:
    kind = SEMANTIC.model_copy(update={"shots": 6, "kept_examples": 3})
    train = used(library)
    router = fit(train, None, kind, Resources(encoder_folders(kind), scratch))
    assert router.held_out is not None
    assert len(router.held_out.questions.ids) == 4 * 6
    known = set(router.scorer.part.examples)
    assert len(known) == 4 * 3
    assert known <= {text for text, use in zip(train.texts, train.uses, strict=True) if use == "both"}


@pytest.mark.models
def test_the_encoder_stops_by_questions_and_fits_on_text(library: Questions, scratch: Path) -> None:
    kind = EncoderRouter(model=TINY, num_epochs=1, kept_examples=2)
    train = used(library)
    router = fit(train, None, kind, Resources(encoder_folders(kind), scratch))
    assert router.held_out is not None
    held = set(router.held_out.questions.ids)
    assert held < set(train.asked().ids)
    alone = {name for name, use in zip(train.ids, train.uses, strict=True) if use == "held_out"}
    assert held & alone
    assert set(router.scorer.part.examples) <= set(train.at(np.flatnonzero(train.of_use("both"))).texts)

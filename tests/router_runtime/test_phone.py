"""Pins the export for phones: it says what the router says on a thousand questions, or leaves nothing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tasks.kernel.errors import ConfigError, DataError
from tasks.models.sources import TinyEncoder
from tasks.route.composite_config import CascadeRouter, CascadeStage, HierarchicalRouter, KeywordRouter
from tasks.route.config import RouteConfig, RouterKind
from tasks.route.encoder.encoder_folders import encoder_folders
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import SemanticRouter, TfidfReferenceRouter, TfidfRouter
from tasks.router_runtime.confidence import Calibration
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.phone.export import export_router
from tasks.router_runtime.phone.parity import ALLOWED, LEAST, parity_questions
from tasks.router_runtime.phone.phone_router import PhoneRouter
from tasks.router_runtime.router import Router

pytestmark = pytest.mark.slow

TERMS = {
    "anxiety": ["panic attacks", "worry", "phobias", "breathing", "treatment"],
    "depression": ["low mood", "sleep", "energy", "hopeless thoughts", "treatment"],
    "ocd": ["rituals", "checking locks", "Zwänge", "exposure", "treatment"],
}
FORMS = ["What causes {}?", "how is {} treated", "Can {} pass?", "Why {}?", "I have {}, what now?", "{} help"]
ROWS = [(form.format(term), name) for name, terms in TERMS.items() for term in terms for form in FORMS]
TEXTS, LABELS = (tuple(column) for column in zip(*ROWS, strict=True))
TRAIN = Questions(tuple(map(str, range(len(ROWS)))), TEXTS, LABELS, tuple(map(str, range(len(ROWS)))))
FAST = TfidfRouter(C=(1.0,), class_weights=("none",), folds=2)
REFERENCE = TfidfReferenceRouter()
TINY = SemanticRouter(model=TinyEncoder())
KEYWORDS = KeywordRouter(rules={"ocd": ("locks", "zwänge"), "anxiety": ("panic attacks",)})
STAGES = (CascadeStage(router=KEYWORDS), CascadeStage(router=FAST), CascadeStage(router=TINY))
GROUPS = {"mood": ("depression",), "fear": ("anxiety", "ocd")}


def fitted(kind: RouterKind, scratch: Path, outside: tuple[str, ...] = ()) -> Router:
    config = RouteConfig(router=kind, max_misrouted=None if kind is REFERENCE else 0.2, top_k=2)
    return fit_router(TRAIN, config, Resources(encoder_folders(kind), scratch), out_of_scope=outside)


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Router:
    return fitted(FAST, tmp_path_factory.mktemp("scratch"))


@pytest.mark.parametrize("kind", [FAST, REFERENCE, KEYWORDS, TINY], ids=lambda kind: kind.kind)
def test_every_form_says_what_the_router_says_on_a_thousand_questions(tmp_path, kind) -> None:
    done = export_router(fitted(kind, tmp_path), tmp_path / "out", TEXTS)
    assert len(done.parities) == (2 if "tfidf" in kind.kind else 1)
    for parity in done.parities:
        assert parity.questions >= LEAST
        assert parity.other_labels == 0
        assert max(parity.probability, parity.in_scope) <= ALLOWED
    assert json.loads((tmp_path / "out/router.json").read_text())["policy"]["top_k"] == 2


@pytest.mark.parametrize("kind", [FAST, CascadeRouter(stages=STAGES)], ids=lambda kind: kind.kind)
def test_an_exported_router_asked_from_python_decides_as_the_router_does(tmp_path, kind) -> None:
    own = fitted(kind, tmp_path, ("pasta recipe", "football result") * 30)
    export_router(own, tmp_path / "out", TEXTS)
    asked = [*TEXTS, "pasta", ""]
    exported = PhoneRouter(tmp_path / "out")
    assert (exported.labels, exported.policy) == (own.labels, own.policy)
    for found, wanted in zip(exported.decide(asked), own.decide(asked), strict=True):
        assert (found.outcome, found.label) == (wanted.outcome, wanted.label)
        assert [share for _, share in found.experts] == pytest.approx(
            [share for _, share in wanted.experts], abs=1e-3
        )
        assert (found.confidence, found.scope) == pytest.approx((wanted.confidence, wanted.scope), abs=1e-3)


@pytest.mark.parametrize(
    "kind",
    [CascadeRouter(stages=STAGES, network=network) for network in (False, True)]
    + [HierarchicalRouter(groups=GROUPS, coarse=FAST, fine=FAST)],
    ids=["cascade", "cascade with network", "hierarchical"],
)
def test_composites_say_what_they_say_part_by_part(tmp_path, kind) -> None:
    done = export_router(fitted(kind, tmp_path), tmp_path / "out", TEXTS)
    assert done.parities[0].questions >= LEAST
    assert sum(name.endswith("router.json") for name in done.bytes) >= 3


KNOTS = ((0.1, 0.2), (0.4, 0.45), (0.4, 0.6), (0.7, 0.6), (0.9, 0.97))


@pytest.mark.parametrize("knots", [KNOTS, KNOTS[:1]])
def test_isotonic_calibration_is_in_the_reader_and_in_the_graph(tmp_path, router, knots) -> None:
    calibration = Calibration(scale=router.calibration.scale, knots=knots)
    done = export_router(replace(router, calibration=calibration), tmp_path / "out", TEXTS)
    assert len(done.parities) == 2


def test_two_labels_and_a_scope_model_are_exported(tmp_path) -> None:
    rows = [row for row, label in enumerate(LABELS) if label != "ocd"]
    outside = ("pasta recipe", "football result", "train to Rome") * 20
    two = fit_router(TRAIN.at(rows), RouteConfig(router=FAST), Resources({}, tmp_path), out_of_scope=outside)
    assert two.scope
    assert len(export_router(two, tmp_path / "out", TEXTS).parities) == 2


def test_weights_that_cannot_be_rounded_are_written_as_floats(tmp_path, router) -> None:
    # So steep that what 16 bits round away decides.
    steep = replace(router, calibration=Calibration(scale=3000.0))
    done = export_router(steep, tmp_path / "out", TEXTS)
    assert done.parities[0].form == "router.json (float32)"
    assert json.loads((tmp_path / "out/router.json").read_text())["precision"] == "float32"


def test_a_router_that_cannot_be_said_the_same_way_leaves_nothing(tmp_path, router) -> None:
    # Single precision loses what is left of the weights under a large number that all labels share.
    assert isinstance(router.scorer, LinearScorer)
    large = replace(router.scorer, coef=router.scorer.coef.astype(np.float64) + 1e7)
    steep = replace(router, scorer=large)
    with pytest.raises(DataError, match="differs from the router"):
        export_router(steep, tmp_path / "out", TEXTS)
    assert not (tmp_path / "out").exists()


def test_an_existing_folder_and_a_single_domain_are_refused(tmp_path, router) -> None:
    with pytest.raises(ConfigError, match="exists already"):
        export_router(router, tmp_path, TEXTS)
    rows = [row for row, label in enumerate(LABELS) if label == "ocd"]
    one = fit_router(TRAIN.at(rows), RouteConfig(router=FAST), Resources({}, tmp_path))
    with pytest.raises(ConfigError, match="one domain"):
        export_router(one, tmp_path / "out")


def test_parity_questions_are_odd_own_and_mixed() -> None:
    questions = parity_questions(["Which locks?"])
    assert len(questions) == LEAST
    assert {"", "🙂", "Which locks?"} <= set(questions)
    assert questions == parity_questions(["Which locks?"])
    assert len(parity_questions([str(number) for number in range(2000)])) > 2000

"""Pins what the embedded MiniLM does as a router: it reads descriptions, and int8 costs little.

Also: which encoders a router's settings ask for, and under which names.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tasks.kernel.fingerprint import canonical
from tasks.models.embedded import embedded_encoder_folder
from tasks.models.sources import EmbeddedEncoder, TinyEncoder
from tasks.route.composite_config import BestRouter, CascadeRouter, CascadeStage, HierarchicalRouter
from tasks.route.encoder.encoder_folders import encoder_folders, encoder_inputs
from tasks.route.encoder.onnx_export import at_precision
from tasks.route.kinds.semantic import fit_semantic
from tasks.route.kinds.uncalibrated import Resources, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import SemanticRouter, TfidfRouter
from tasks.router_runtime.neural import NeuralScorer

pytestmark = pytest.mark.slow

ABOUT = {
    "code": "Programming, compilers and debugging software.",
    "law": "Courts, contracts, lawsuits and statutes.",
    "music": "Playing instruments, melody, rhythm and singing.",
    "poetry": "Poems, rhyme, stanzas and metaphors.",
}


@pytest.fixture(scope="module")
def zero_shot(library: Questions, tmp_path_factory: pytest.TempPathFactory) -> UncalibratedRouter:
    kind = SemanticRouter(head="descriptions", descriptions=ABOUT)
    return fit_semantic(library, kind, Resources(encoder_folders(kind), tmp_path_factory.mktemp("export")))


def share_found(fitted: UncalibratedRouter, scorer: NeuralScorer, questions: Questions) -> float:
    best = scorer.score(questions.texts).scores.argmax(axis=1)
    return float(
        np.mean([fitted.labels[place] == one for place, one in zip(best, questions.labels, strict=True)])
    )


def test_descriptions_alone_find_most_questions(
    zero_shot: UncalibratedRouter, unseen_library: Questions
) -> None:
    assert isinstance(zero_shot.scorer, NeuralScorer)
    assert share_found(zero_shot, zero_shot.scorer, unseen_library) > 0.75


def test_int8_finds_nearly_as_many_in_a_quarter_of_the_bytes(
    zero_shot: UncalibratedRouter, unseen_library: Questions
) -> None:
    assert isinstance(zero_shot.scorer, NeuralScorer)
    small = replace(zero_shot.scorer, model=at_precision(zero_shot.scorer.model, "int8"))
    assert len(small.model) < 0.3 * len(zero_shot.scorer.model)
    whole = share_found(zero_shot, zero_shot.scorer, unseen_library)
    assert share_found(zero_shot, small, unseen_library) > whole - 0.05


def test_known_questions_of_a_topic_are_the_nearest(zero_shot: UncalibratedRouter) -> None:
    assert isinstance(zero_shot.scorer, NeuralScorer)
    nearest = zero_shot.scorer.nearest("Can a landlord take a renter to court?", 3)
    assert [zero_shot.labels[label] for _, label, _ in nearest] == ["law"] * 3
    assert [cosine for *_, cosine in nearest] == sorted((cosine for *_, cosine in nearest), reverse=True)


def test_composites_ask_for_the_encoders_of_all_their_parts() -> None:
    tiny, other = (SemanticRouter(model=TinyEncoder(seed=seed)) for seed in (1, 2))
    stages = (CascadeStage(router=TfidfRouter()), CascadeStage(router=tiny))
    groups = {"a": ("x",), "b": ("y", "z")}
    kind = BestRouter(
        candidates=(CascadeRouter(stages=stages), HierarchicalRouter(groups=groups, fine=other), other)
    )
    assert list(encoder_inputs(kind).values()) == [tiny.model, other.model]
    assert encoder_inputs(TfidfRouter()) == {}


def test_the_embedded_encoder_is_known_by_its_version_and_not_by_its_place() -> None:
    identity = canonical(EmbeddedEncoder())
    assert identity == {"source": "embedded-encoder", "version": "0.1.0"}
    assert (Path(embedded_encoder_folder()) / "tokenizer.json").is_file()

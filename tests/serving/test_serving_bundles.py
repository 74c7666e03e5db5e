"""Bundles for callers at once: a conversation in an engine is neither disturbed nor closed by another one."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import pytest
from tiny_bundle import CONTEXT, convert_tiny

from serving.bundle_experts import BundleExperts
from serving.experts import Experts
from tasks.kernel.errors import DataError, ModelError
from tasks.models.edge_files import ExpertFiles

pytestmark = pytest.mark.models
ASKED = [(name, question) for question in ("Why?", "What do bees eat?") for name in ("ocd", "tax")]
MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture
def bundles(made_once: MadeOnce, tmp_path: Path) -> BundleExperts:
    """Two domains with a tiny model's bundle each, and one without."""
    file = made_once("tiny-bundle", convert_tiny) / "edge" / "model.litertlm"
    copy = shutil.copyfile(file, tmp_path / "copy.litertlm")
    paths = {"ocd": file, "tax": copy, "away": tmp_path / "model.litertlm"}
    files = {name: ExpertFiles(path) for name, path in paths.items()}
    return BundleExperts(files, tmp_path / "packed", max_new_tokens=64)


@pytest.fixture
def alone(bundles: BundleExperts) -> list[str]:
    """What is answered where nobody else asks."""
    experts = Experts(bundles)
    return ["".join(experts.answer(*pair)) for pair in ASKED]


def test_answers_that_are_read_in_turns_are_those_of_each_question_alone(
    bundles: BundleExperts, alone: list[str]
) -> None:
    experts = Experts(bundles, keep=1)
    turns = list(zip_longest(*(experts.answer(*pair) for pair in ASKED), fillvalue=""))
    assert len(turns) > 1
    assert ["".join(pieces) for pieces in zip(*turns, strict=True)] == alone


def test_answers_in_threads_are_those_of_each_question_alone(
    bundles: BundleExperts, alone: list[str]
) -> None:
    experts = Experts(bundles, keep=1)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda pair: "".join(experts.answer(*pair)), ASKED * 3)) == alone * 3


def test_an_answer_goes_on_after_another_was_left_and_everything_closed(
    bundles: BundleExperts, alone: list[str]
) -> None:
    experts = Experts(bundles)
    answer, left = experts.answer(*ASKED[0]), experts.answer(*ASKED[2])
    begun = next(answer) + next(left)[:0]
    left.close()
    experts.close()
    assert begun + "".join(answer) == alone[0]


def test_a_question_that_fills_the_context_is_refused_and_the_next_one_answered(
    bundles: BundleExperts,
) -> None:
    experts = Experts(bundles)
    with pytest.raises(DataError, match=f"the bundle holds {CONTEXT} and needs 9 to answer; shorten it"):
        next(experts.answer("ocd", "why " * 600))
    assert "".join(experts.answer("ocd", "Why?"))


def test_a_bundle_that_is_missing_is_named(bundles: BundleExperts) -> None:
    with pytest.raises(ModelError, match=r"model\.litertlm: no such bundle; run the convert stage again"):
        next(Experts(bundles).answer("away", "Why?"))

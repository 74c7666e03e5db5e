"""The registry: one version for each artifact, a champion with a history, digests that must be kept."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.kernel.tracking.registry import Candidate, Registry, Version, registered_digests

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def registry(home: Path) -> Registry:
    return Registry(home, database(home))


def database(home: Path) -> str:
    return f"sqlite:///{home}/mlflow/mlflow.db"


def candidate(model: str, digest: str = "aa", **changes: object) -> Candidate:
    made = Candidate(
        model, digest, f"pocketmoe:/edgemodel/{digest}", {"edge/ocd": digest}, {"run": f"run-{digest}"}
    )
    return replace(made, **changes)


def add(registry: Registry, *words: str, **changes: object) -> Version:
    return registry.register([candidate(*words, **changes)])[0]


def test_an_unchanged_artifact_makes_no_version_and_keeps_the_newest_figures(registry: Registry) -> None:
    first = add(registry, "same", figures="old")
    again = add(registry, "same", figures="new", tags={"run": "later"})
    assert [version.number for version in registry.versions("same")] == [first.number] == [again.number]
    assert registry.versions("same")[0].tags["figures"] == again.tags["figures"] == "new"
    assert again.tags["run"] == "run-aa"


def test_another_artifact_makes_a_version_that_refers_to_it(registry: Registry) -> None:
    add(registry, "two", "aa")
    add(registry, "two", "bb")
    assert [(version.number, version.digest) for version in registry.versions("two")] == [
        (2, "bb"),
        (1, "aa"),
    ]
    found = registry.find("two", "aa")
    assert found is not None
    assert (found.number, found.parts) == (1, {"edge/ocd": "aa"})


def test_no_version_is_champion_before_one_is_promoted(registry: Registry) -> None:
    add(registry, "modest")
    assert registry.champion("modest") is None
    assert registry.before("modest") is None
    assert registry.champion("unknown") is None


def test_champions_go_back_one_by_one(registry: Registry) -> None:
    one, two, three = (add(registry, "back", digest) for digest in ("aa", "bb", "cc"))
    for version in (one, two, three, two):
        registry.promote(version)
    seen = []
    while before := registry.before("back"):
        registry.restore(before)
        seen.append(registry.champion("back").number)  # type: ignore[union-attr]  # just set
    assert seen == [3, 2, 1]


def test_an_alias_moved_by_hand_is_the_champion(registry: Registry) -> None:
    one, two, three = (add(registry, "hand", digest) for digest in ("aa", "bb", "cc"))
    registry.promote(one)
    registry._client.set_registered_model_alias("hand", "champion", str(two.number))
    assert registry.champion("hand").number == two.number  # type: ignore[union-attr]  # set above
    assert registry.before("hand").number == one.number  # type: ignore[union-attr]  # set above
    registry.promote(three)
    assert registry.before("hand").number == two.number  # type: ignore[union-attr]  # set above


def test_a_version_that_was_deleted_is_passed_over_on_the_way_back(registry: Registry) -> None:
    one, two, three = (add(registry, "gone", digest) for digest in ("aa", "bb", "cc"))
    for version in (one, two, three):
        registry.promote(version)
    registry._client.delete_model_version("gone", str(two.number))
    assert registry.before("gone").number == one.number  # type: ignore[union-attr]  # promoted above


def test_two_registrations_at_once_make_one_version(home: Path) -> None:
    def register(_: int) -> int:
        return add(Registry(home, database(home)), "race").number

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(register, range(8))) == {1}


def test_what_versions_use_is_kept_and_nothing_else(tmp_path: Path) -> None:
    fresh = Registry(tmp_path, database(tmp_path))
    assert registered_digests(tmp_path, database(tmp_path)) == set()
    add(fresh, "old", "aa", parts={"edge/a": "e1", "adapter/a": "a1"})
    add(fresh, "old", "bb", parts={"edge/a": "e2"})
    fresh._client.create_registered_model("somebody-elses")
    fresh._client.create_model_version("somebody-elses", "s3://b/x", tags={"part.edge": "theirs"})
    assert registered_digests(tmp_path, database(tmp_path)) == {"e1", "a1", "e2"}

"""MLflow's model registry: versions that completed runs made, and which of them is the champion.

In: what a run made, by digest. Out: versions and their history. MLflow holds digests and figures,
never weights: those stay in the store, which keeps what a version names. Champions are moved under
a file lock, and the alias alone says which version is champion: a history cut short is mended by it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from os.path import commonprefix
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock

from tasks.kernel.errors import ServiceError
from tasks.kernel.tracking.mlflow_run import asked
from tasks.kernel.tracking.tracker import Tracker

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel
    from mlflow.store.entities.paged_list import PagedList

T = TypeVar("T")

CHAMPION = "champion"
DIGEST = "digest"
FIGURES = "figures"
PART = "part."
"""Prefix of the tags that name the artifacts which a version uses: `part.edge/anxiety`."""
_OURS = "pocketmoe"
_HISTORY = "champion_history"
_PAGE = 200


@dataclass(frozen=True)
class Candidate:
    """A model that a run made."""

    model: str
    digest: str
    source: str
    parts: Mapping[str, str]
    """Digests of the artifacts that must be kept with it, by name."""
    tags: Mapping[str, str]
    run_id: str = ""
    """MLflow run that built it."""
    figures: str = ""
    """What it was measured to be, as JSON."""


@dataclass(frozen=True)
class Version:
    """A registered version of a model."""

    model: str
    number: int
    tags: Mapping[str, str]
    champion: bool = False

    @property
    def digest(self) -> str:
        """Return the digest of what the version stands for."""
        return self.tags.get(DIGEST, "")

    @property
    def parts(self) -> dict[str, str]:
        """Return digests of the artifacts that it uses, by name."""
        return {name.removeprefix(PART): value for name, value in self.tags.items() if name.startswith(PART)}


class Registry:
    """The registered models of one tracking server or database."""

    def __init__(self, home: Path, uri: str = "") -> None:
        self._client = Tracker(home, uri).client
        self._lock = FileLock(home.resolve() / "mlflow" / "registry.lock")

    def register(self, candidates: Sequence[Candidate]) -> list[Version]:
        """Return each candidate's version: the newest where that is the same artifact, else a new one.

        The newest figures are kept on either.
        """
        with self._lock:
            names = sorted(candidate.model for candidate in candidates)
            pattern = f"{commonprefix([names[0], names[-1]])}%"  # noqa: RUF071  # letter by letter is meant
            newest = {version.model: version for version in reversed(self._all(pattern))}
            return [self._registered(one, newest.get(one.model)) for one in candidates]

    def versions(self, pattern: str = "%") -> list[Version]:
        """Return the versions that we made of models whose names match, such as `demo-%`, newest first."""
        query = f"name LIKE '{pattern}'"
        models = list(_pages(partial(self._client.search_registered_models, query, max_results=_PAGE)))
        champions = {(model.name, int(model.aliases.get(CHAMPION, 0))) for model in models}
        return [
            replace(version, champion=(version.model, version.number) in champions)
            for version in self._all(pattern)
        ]

    def champion(self, model: str) -> Version | None:
        """Return the version that is champion, if one is."""
        return next((version for version in self.versions(model) if version.champion), None)

    def find(self, model: str, digest: str) -> Version | None:
        """Return the newest version that is this artifact."""
        return next((version for version in self.versions(model) if version.digest == digest), None)

    def before(self, model: str) -> Version | None:
        """Return the version that was champion before the one that is, if one was and is still there."""
        there = {version.number: version for version in self.versions(model)}
        champion = next((version for version in there.values() if version.champion), None)
        if champion is None:
            return None
        earlier = [number for number in self._history(model, champion) if number in there]
        earlier = earlier[: _last(earlier, champion.number)]
        return there[earlier[-1]] if earlier else None

    def promote(self, version: Version) -> None:
        """Make the version champion, and remember which one was."""
        with self._lock:
            champion = self.champion(version.model)
            history = self._history(version.model, champion) if champion else []
            self._move(version, [*history, version.number])

    def restore(self, version: Version) -> None:
        """Make an earlier champion champion again, and forget who came after it."""
        with self._lock:
            champion = self.champion(version.model)
            history = self._history(version.model, champion) if champion else []
            if champion is not None:
                history = history[: _last(history, champion.number)]
            known = version.number in history
            self._move(
                version,
                history[: _last(history, version.number) + 1] if known else [*history, version.number],
            )

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Set tags on a version."""
        for name, value in tags.items():
            if version.tags.get(name) != value:
                asked(self._client.set_model_version_tag, version.model, str(version.number), name, value)

    def describe(self, version: Version, description: str) -> None:
        """Set a version's description, which the dashboard shows as Markdown."""
        asked(self._client.update_model_version, version.model, str(version.number), description)

    def _move(self, version: Version, history: list[int]) -> None:
        asked(self._client.set_registered_model_alias, version.model, CHAMPION, str(version.number))
        words = " ".join(map(str, history))
        asked(self._client.set_registered_model_tag, version.model, _HISTORY, words)
        self.tag(version, {"champion_since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"})

    def _history(self, model: str, champion: Version) -> list[int]:
        """Return the numbers of all champions in turn; the present one is last, whoever moved the alias."""
        found = self._model(model)
        numbers = [int(number) for number in (found.tags.get(_HISTORY, "") if found else "").split()]
        return numbers if numbers[-1:] == [champion.number] else [*numbers, champion.number]

    def _all(self, pattern: str) -> list[Version]:
        query = f"name LIKE '{pattern}' AND tags.{_OURS} = '1'"
        found = _pages(partial(self._client.search_model_versions, query, max_results=_PAGE))
        return sorted(map(_version, found), key=lambda version: (version.model, -version.number))

    def _registered(self, candidate: Candidate, newest: Version | None) -> Version:
        measured = {
            DIGEST: candidate.digest,
            FIGURES: candidate.figures,
            **{f"{PART}{name}": digest for name, digest in candidate.parts.items()},
        }
        if newest is not None and newest.digest == candidate.digest:
            self.tag(newest, measured)
            return replace(newest, tags={**newest.tags, **measured})
        if newest is None:
            self._ensure_model(candidate.model)
        made = asked(
            self._client.create_model_version,
            candidate.model,
            candidate.source,
            run_id=candidate.run_id or None,
            await_creation_for=0,
            tags={_OURS: "1", **candidate.tags, **measured},
        )
        return _version(made)

    def _ensure_model(self, model: str) -> None:
        if self._model(model) is None:
            try:
                asked(self._client.create_registered_model, model)
            except ServiceError:
                if self._model(model) is None:
                    raise

    def _model(self, name: str) -> "RegisteredModel | None":
        return next(iter(asked(self._client.search_registered_models, f"name = '{name}'")), None)


def registered_digests(home: Path, uri: str = "") -> set[str]:
    """Return the digests of all artifacts that a registered version uses; they are not to be freed."""
    return {digest for version in Registry(home, uri).versions() for digest in version.parts.values()}


def _pages(search: "Callable[..., PagedList[T]]") -> Iterator[T]:
    token = None
    while True:
        page = asked(search, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _version(found: "ModelVersion") -> Version:
    return Version(found.name, int(found.version), dict(found.tags))


def _last(numbers: list[int], number: int) -> int:
    """Return the place of the last `number`; the end where it is not there."""
    return len(numbers) - 1 - numbers[::-1].index(number) if number in numbers else len(numbers)

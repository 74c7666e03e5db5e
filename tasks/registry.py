"""MLflow's model registry: versions that completed runs made, and which of them is the champion.

In: what a run made, by digest. Out: versions and their history. MLflow holds digests and figures,
never weights: those stay in the store, which keeps what a version names. Champions are moved under
a file lock, and the alias alone says which version is champion: a history cut short is mended by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from tasks.errors import ServiceError
from tasks.tracked import asked
from tasks.tracking import Tracker

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

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

    def register(self, candidate: Candidate) -> Version:
        """Return the candidate's version: the newest one where that is the same artifact, else a new one.

        The newest figures are kept on either.
        """
        with self._lock:
            self._ensure_model(candidate.model)
            newest = next(iter(self.versions(candidate.model)), None)
            measured = {
                DIGEST: candidate.digest,
                FIGURES: candidate.figures,
                **{f"{PART}{name}": digest for name, digest in candidate.parts.items()},
            }
            if newest is not None and newest.digest == candidate.digest:
                self.tag(newest, measured)
                return replace(newest, tags={**newest.tags, **measured})
            made = asked(
                self._client.create_model_version,
                candidate.model,
                candidate.source,
                run_id=candidate.run_id or None,
                tags={**candidate.tags, **measured},
            )
            return _version(made)

    def find(self, model: str, digest: str) -> Version | None:
        """Return the newest version that is this artifact."""
        return next((version for version in self.versions(model) if version.digest == digest), None)

    def models(self, prefix: str = "") -> list[str]:
        """Return the names of our models that begin with `prefix`."""
        return sorted(model.name for model in self._models() if model.name.startswith(prefix))

    def versions(self, model: str) -> list[Version]:
        """Return a model's versions, newest first."""
        found: list[ModelVersion] = []
        token = None
        while True:
            page = asked(
                self._client.search_model_versions, f"name = '{model}'", max_results=_PAGE, page_token=token
            )
            found.extend(page)
            token = page.token
            if not token:
                return sorted(map(_version, found), key=lambda version: -version.number)

    def champion(self, model: str) -> Version | None:
        """Return the version that is champion, if one is."""
        found = self._model(model)
        number = found and found.aliases.get(CHAMPION)
        return self.version(model, int(number)) if number else None

    def version(self, model: str, number: int) -> Version:
        """Return one version; raise ServiceError where there is none."""
        return _version(asked(self._client.get_model_version, model, str(number)))

    def before(self, model: str) -> Version | None:
        """Return the version that was champion before the one that is, if one was."""
        champion = self.champion(model)
        if champion is None:
            return None
        there = {version.number: version for version in self.versions(model)}
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

    def _ensure_model(self, model: str) -> None:
        if self._model(model) is None:
            try:
                asked(self._client.create_registered_model, model, tags={_OURS: "1"})
            except ServiceError:
                if self._model(model) is None:
                    raise

    def _model(self, name: str) -> "RegisteredModel | None":
        return next(iter(asked(self._client.search_registered_models, f"name = '{name}'")), None)

    def _models(self) -> "list[RegisteredModel]":
        found: list[RegisteredModel] = []
        token = None
        while True:
            page = asked(
                self._client.search_registered_models,
                f"tags.{_OURS} = '1'",
                max_results=_PAGE,
                page_token=token,
            )
            found.extend(page)
            token = page.token
            if not token:
                return found


def registered_digests(home: Path, uri: str = "") -> set[str]:
    """Return the digests of all artifacts that a registered version uses; they are not to be freed."""
    registry = Registry(home, uri)
    return {
        digest
        for model in registry.models()
        for version in registry.versions(model)
        for digest in version.parts.values()
    }


def _version(found: "ModelVersion") -> Version:
    return Version(found.name, int(found.version), dict(found.tags))


def _last(numbers: list[int], number: int) -> int:
    """Return the place of the last `number`; the end where it is not there."""
    return len(numbers) - 1 - numbers[::-1].index(number) if number in numbers else len(numbers)

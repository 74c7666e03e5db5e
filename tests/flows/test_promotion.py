"""Promotion: a completed run registers its models, the gate moves them together, rollback moves them back."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from report_run import CONFIG, DOMAINS, facts, stage_rows, write_run
from typer.testing import CliRunner

from flows.champions.gate import Gate
from flows.champions.promotion import after_run, promote, proposals, restore, rollback
from flows.cli import app
from flows.report.collect import collect
from serving.runs import FinishedRun, open_run
from tasks.kernel.artifacts import (
    Adapter,
    Artifact,
    Corpus,
    EdgeModel,
    EvalReport,
    HealedModel,
    MergedModel,
    QADataset,
    Router,
)
from tasks.kernel.errors import ConfigError, StoreError
from tasks.kernel.settings import Settings
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.kernel.tracking.registry import Registry, registered_digests
from tasks.kernel.tracking.tracker import Tracker
from tasks.records.files import write_json

pytestmark = pytest.mark.slow

KINDS: Mapping[str, type[Artifact]] = {
    "corpus": Corpus,
    "qa": QADataset,
    "router": Router,
    "adapter": Adapter,
    "merged": MergedModel,
    "healed": HealedModel,
    "edge": EdgeModel,
    "evaluation": EvalReport,
}
PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=1.0, peak_memory_bytes=1, packages={}, git_commit=""
)
MEMBERS = ["demo-router", *(f"demo-expert-{domain}" for domain in DOMAINS)]
MODELS = [*MEMBERS, "demo-system"]
Run = Callable[..., FinishedRun]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty tracking database, made once."""
    home = tmp_path_factory.mktemp("database")
    return Path(Tracker(home, f"sqlite:///{home}/empty.db").uri.removeprefix("sqlite:///"))


@pytest.fixture
def settings(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path / "home"))
    found = Settings.read()
    (found.home / "mlflow").mkdir(parents=True)
    shutil.copy(database, found.home / "mlflow" / "mlflow.db")
    return found


@pytest.fixture
def registry(settings: Settings) -> Registry:
    return Registry(settings.home)


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> Run:
    """Publish a finished run; `changed` domains have other bundles, with perplexity `worse` times as high."""
    count = iter(range(100))

    def run(
        changed: str = "", worse: float = 1.0, status: str = "completed", bundle: int = 92_914_560
    ) -> FinishedRun:
        name = f"run-{next(count)}"
        folders = write_run(tmp_path / name)
        evaluation = read(folders["evaluation"] / "evaluation.json")
        if changed:
            (folders[f"edge/{changed}"] / "model.litertlm").write_bytes(name.encode())
            measured = evaluation["domains"][changed]
            for estimate in (measured["perplexity"]["expert"], measured["comparison_with_base"]["ratio"]):
                estimate.update({end: value * worse for end, value in estimate.items()})
            sizes = read(folders[f"edge/{changed}"] / "sizes.json")
            write_json(folders[f"edge/{changed}"] / "sizes.json", sizes | {"bundle": bundle})
        write_json(folders["evaluation"] / "evaluation.json", evaluation)
        store = Store(settings.store)
        artifacts = {part: _published(store, part, folder) for part, folder in folders.items()}
        listed = {
            part: {"kind": type(artifact).__name__, "digest": artifact.digest}
            for part, artifact in artifacts.items()
        }
        report = collect(folders, stage_rows(), CONFIG, facts(run=name, status=status))
        (settings.runs / name).mkdir(parents=True)
        write_json(settings.runs / name / "report.json", report.model_dump(mode="json", by_alias=True))
        write_json(settings.runs / name / "artifacts.json", {**listed, "base_model": {"source": "embedded"}})
        return open_run(settings.runs / name, settings)

    return run


def _published(store: Store, part: str, folder: Path) -> Artifact:
    with store.staging() as data:
        shutil.copytree(folder, data, dirs_exist_ok=True)
        kind = KINDS[part.replace("-", "/").partition("/")[0]]
        return store.publish(kind, data, PROVENANCE)


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def champions(registry: Registry) -> dict[str, int | None]:
    found = {model: registry.champion(model) for model in MODELS}
    return {model: version and version.number for model, version in found.items()}


def register(run: FinishedRun, settings: Settings, **gate: object) -> list[bool]:
    return [one.passed for one in after_run(run.folder, Gate.model_validate(gate), settings)]


def test_a_completed_run_registers_every_model_and_moves_no_champion(
    run: Run, settings: Settings, registry: Registry
) -> None:
    finished = run()
    assert register(finished, settings) == []
    assert {version.model for version in registry.versions()} == set(MODELS)
    assert set(champions(registry).values()) == {None}
    system = registry.versions("demo-system")[0]
    assert json.loads(system.tags["members"]) == dict.fromkeys(MEMBERS, 1)
    assert {"run": "run-0", "config": "demo"}.items() <= system.tags.items()
    expert = registry.versions("demo-expert-ocd")[0]
    assert expert.digest == finished.artifacts["edge/ocd"].digest


def test_what_a_version_uses_is_kept_from_garbage_collection(run: Run, settings: Settings) -> None:
    finished = run()
    register(finished, settings)
    kept = registered_digests(settings.home)
    names = [
        "router",
        "evaluation",
        *(f"{kind}/{name}" for kind in ("edge", "adapter", "qa") for name in DOMAINS),
    ]
    assert kept == {finished.artifacts[name].digest for name in names}


def test_only_what_changed_makes_versions(run: Run, settings: Settings, registry: Registry) -> None:
    register(run(), settings)
    register(run(), settings)
    register(run("ocd"), settings)
    numbers = {model: registry.versions(model)[0].number for model in MODELS}
    assert numbers == dict.fromkeys(MODELS, 1) | {"demo-expert-ocd": 2, "demo-system": 2}


def test_a_run_that_failed_has_no_versions(run: Run, settings: Settings) -> None:
    with pytest.raises(StoreError, match="only a completed run"):
        register(run(status="failed"), settings)


def test_an_automatic_gate_promotes_noise_and_keeps_the_champion_from_worse(
    run: Run, settings: Settings, registry: Registry
) -> None:
    assert all(register(run(), settings, automatic=True))
    assert champions(registry) == dict.fromkeys(MODELS, 1)
    assert register(run("ocd", worse=1.02), settings, automatic=True) == [True, True]
    assert register(run("ocd", worse=1.5), settings, automatic=True) == [False, True]
    assert champions(registry) == dict.fromkeys(MODELS, 1) | {"demo-expert-ocd": 2, "demo-system": 2}


def test_the_verdict_stands_on_the_version_with_its_numbers(
    run: Run, settings: Settings, registry: Registry
) -> None:
    register(run(), settings, automatic=True)
    register(run("ocd", bundle=200_000_000), settings, automatic=True)
    tags = registry.versions("demo-expert-ocd")[0].tags
    assert (tags["gate"], tags["gate.bundle size"]) == ("refused", "refused: more than 102 MB")
    assert tags["gate.perplexity"].startswith("passed: not worse beyond chance: 0.0 % above")
    description = registry._client.get_model_version("demo-expert-ocd", "2").description
    assert "| bundle size | 92.9 MB | 200 MB | more than 102 MB |" in description


def test_a_named_expert_moves_alone(run: Run, settings: Settings, registry: Registry) -> None:
    register(run(), settings, automatic=True)
    finished = run("ocd")
    register(finished, settings)
    promote(proposals(finished, Gate(), registry, ["demo-expert-ocd"]), registry)
    assert champions(registry) == dict.fromkeys(MODELS, 1) | {"demo-expert-ocd": 2}
    with pytest.raises(ConfigError, match="demo-expert-tax: this run has no such model"):
        proposals(finished, Gate(), registry, ["demo-expert-tax"])


def test_an_older_run_is_promoted_by_its_own_versions(
    run: Run, settings: Settings, registry: Registry
) -> None:
    first = run()
    register(first, settings)
    register(run("ocd"), settings)
    promote(proposals(first, Gate(), registry), registry)
    assert champions(registry) == dict.fromkeys(MODELS, 1)
    assert len(registry.versions("demo-expert-ocd")) == 2


def test_a_system_goes_back_with_all_its_parts(run: Run, settings: Settings, registry: Registry) -> None:
    register(run(), settings, automatic=True)
    register(run("ocd"), settings, automatic=True)
    moves = rollback(registry)
    assert {move.to.model: move.to.number for move in moves} == {"demo-expert-ocd": 1, "demo-system": 1}
    restore(moves, registry)
    assert champions(registry) == dict.fromkeys(MODELS, 1)
    with pytest.raises(ConfigError, match="demo-system: no version was champion before"):
        rollback(registry)


def test_the_commands_show_refuse_force_and_roll_back(run: Run, registry: Registry) -> None:
    def call(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
        return done.exit_code, done.output

    first, worse = run(), run("ocd", worse=1.5)
    assert call("promote", "--run", str(first.folder), "--yes")[0] == 0
    code, output = call("promote", "--run", str(worse.folder), "--yes")
    assert (code, "refused: no champion was moved" in output, "worse beyond chance" in output) == (
        1,
        True,
        True,
    )
    assert champions(registry) == dict.fromkeys(MODELS, 1)
    assert call("promote", "--run", str(worse.folder), "--yes", "--force")[0] == 0
    assert registry.champion("demo-expert-ocd").tags["gate"] == "refused, promoted by hand"  # type: ignore[union-attr]  # just promoted
    assert "demo-expert-ocd" in call("rollback", "--yes")[1]
    assert champions(registry) == dict.fromkeys(MODELS, 1)
    code, output = call("models")
    assert (code, "champion" in output) == (0, True)

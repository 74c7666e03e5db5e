"""The plan: hit or miss for each stage and domain, and the exact reason, without running anything."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from filled_store import fill
from smoke_pipeline import SMOKE

from flows.calls import stand_in
from flows.config import Config, load_config
from flows.dag import dag
from flows.plan import Row, plan
from flows.runs.selection import Rebuild
from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import PROJECT, Settings
from tasks.kernel.stage import Stage
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.store import Store

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")


def config_of(library: Path, **overrides: object) -> Config:
    domains = {name: {"documents": str(library / name)} for name in ("anxiety", "ocd")}
    return load_config([SMOKE], {"domains": domains, **overrides})


def rows(config: Config, settings: Settings, rebuild: Rebuild | None = None) -> dict[str, Row]:
    return {f"{row.stage}:{row.domain}".rstrip(":"): row for row in plan(config, settings, rebuild)}


def missed(found: dict[str, Row]) -> set[str]:
    return {label for label, row in found.items() if row.status == "miss"}


BRANCH = {
    f"{stage}:anxiety" for stage in ("ingest", "generate", "finetune", "merge", "heal", "convert", "chain")
}
FAN_IN = {"route", "finetune:generalist", "merge:generalist", "evaluate"}


def test_what_was_never_built_says_so(library: Path, settings: Settings) -> None:
    found = rows(config_of(library), settings)
    assert found["ingest:anxiety"].reason == "never built"
    assert found["generate:anxiety"].reason == "waits for ingest:anxiety"
    assert {row.status for row in found.values()} == {"miss"}


def test_what_is_built_is_a_hit(library: Path, settings: Settings) -> None:
    built = fill(config_of(library), settings)
    found = rows(config_of(library), settings)
    assert {row.status for row in found.values()} == {"hit"}
    assert found["route"].reason == f"built: {built['route'].digest[:12]}"


def test_a_changed_field_is_named_with_its_old_and_new_value(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    found = rows(config_of(library, merge={"max_mean_kl": 0.5}), settings)
    assert found["merge:anxiety"].reason.startswith("changed: config.max_mean_kl: ")
    assert found["merge:anxiety"].reason.endswith(" -> 0.5")
    assert found["finetune:anxiety"].status == "hit"
    assert found["evaluate"].reason == (
        "waits for chain:anxiety, chain:ocd, convert:anxiety, convert:ocd, merge:anxiety, merge:generalist,"
        " merge:ocd"
    )


def test_a_changed_document_reaches_its_own_branch_and_the_fan_in(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    path = min((library / "anxiety").glob("*.pdf"))
    path.write_bytes(path.read_bytes() + b"\n")
    found = rows(config_of(library), settings)
    assert found["ingest:anxiety"].reason.startswith(f"changed: documents file {path.name} ")
    assert missed(found) == BRANCH | FAN_IN


def test_a_removed_document_reaches_its_own_branch_and_the_fan_in(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    path = min((library / "anxiety").glob("*.pdf"))
    path.unlink()
    found = rows(config_of(library), settings)
    assert found["ingest:anxiety"].reason == f"changed: documents file {path.name} is gone"
    assert missed(found) == BRANCH | FAN_IN


def test_a_changed_source_file_is_named(library: Path, settings: Settings) -> None:
    config = config_of(library)
    fill(config, settings)
    known = Cache(settings.cache)
    old = known.last("ingest:ocd") or {}
    old["code"] = {**old["code"], "tasks.ingest.cleaning.lines": "0" * 64}  # type: ignore[dict-item]  # a mapping
    known.note_last("ingest:ocd", old)
    known.forget(rows(config, settings)["ingest:ocd"].key)
    assert (
        rows(config, settings)["ingest:ocd"].reason == "changed: source file tasks/ingest/cleaning/lines.py"
    )


def test_a_changed_input_is_named_with_both_digests(library: Path, settings: Settings) -> None:
    config = config_of(library)
    built = fill(config, settings)
    known = Cache(settings.cache)
    old = known.last("merge:ocd") or {}
    old["artifacts"] = {"adapter": "Adapter:" + "0" * 64}
    known.note_last("merge:ocd", old)
    known.forget(rows(config, settings)["merge:ocd"].key)
    digest = built["finetune:ocd"].digest[:12]
    assert rows(config, settings)["merge:ocd"].reason == f"changed: input adapter 000000000000 -> {digest}"


def test_lost_damaged_and_forgotten_results_are_told_apart(library: Path, settings: Settings) -> None:
    config = config_of(library)
    built = fill(config, settings)
    store, known = Store(settings.store), Cache(settings.cache)
    before = rows(config, settings)
    shutil.rmtree(store.folder(built["convert:ocd"]).parent)
    (store.folder(built["convert:anxiety"]) / "file.txt").write_text("shorter or longer")
    known.forget(before["evaluate"].key)
    found = rows(config, settings)
    assert found["convert:ocd"].reason == "its bytes are gone"
    assert found["convert:anxiety"].reason == "file.txt is damaged or missing"
    assert missed(found) == {
        f"{stage}:{name}" for stage in ("convert", "chain") for name in ("ocd", "anxiety")
    } | {"evaluate"}


def test_other_library_versions_are_a_warning_and_no_miss(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings, packages={"pydantic": "0.0.1"})
    row = rows(config_of(library), settings)["route"]
    assert row.status == "hit"
    assert len(row.drift) == 1
    assert row.drift[0].startswith("pydantic 0.0.1 -> ")


def test_what_is_asked_for_again_is_a_miss_with_all_that_depends_on_it(
    library: Path, settings: Settings
) -> None:
    fill(config_of(library), settings)
    found = rows(config_of(library), settings, Rebuild(stages=("merge:ocd",)))
    assert found["merge:ocd"].reason == "asked for again"
    assert missed(found) == {"merge:ocd", "heal:ocd", "convert:ocd", "chain:ocd", "evaluate"}


def test_only_leaves_everything_else_as_it_is(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    found = rows(config_of(library), settings, Rebuild(stages=("merge",), only=True))
    assert missed(found) == {"merge:anxiety", "merge:ocd", "merge:generalist"}
    assert found["convert:ocd"].status == "left"
    assert found["ingest:ocd"].status == "hit"


def test_an_unknown_stage_is_refused_by_name(library: Path, settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r"finetune:ocdd: no such stage; choose among .*finetune:ocd,"):
        plan(config_of(library), settings, Rebuild(stages=("finetune:ocdd",)))


def test_planning_imports_nothing_heavy() -> None:
    heavy = ("prefect", "mlflow", "torch", "matplotlib", "dask", "ray")
    code = "import sys, flows.plan, flows.cli; print([name for name in sys.argv[1:] if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_new_domain_leaves_the_healing_of_the_base_alone(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    domains = {name: {"documents": str(library / name)} for name in ("anxiety", "depression", "ocd")}
    found = rows(load_config([SMOKE], {"domains": domains}), settings)
    assert found["heal"].status == "hit"
    assert found["heal:ocd"].status == "hit"
    assert found["heal:depression"].status == "miss"


def test_settings_of_experts_leave_the_healing_of_the_base_alone(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    found = rows(config_of(library, heal={"expert": {"max_steps": 3}}), settings)
    stages = ("heal", "convert", "chain")
    assert missed(found) == {f"{stage}:{name}" for stage in stages for name in ("anxiety", "ocd")} | {
        "evaluate"
    }
    assert found["heal:ocd"].reason == "changed: config.schedule.max_steps: 2 -> 3"


def test_another_grid_heals_anew(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    found = rows(config_of(library, convert={"quantization": {"down_proj": "int8"}}), settings)
    assert found["heal"].reason == 'changed: config.grid.down_proj: "int4" -> "int8"'
    assert found["finetune:ocd"].status == "hit"


def test_the_users_text_counts_by_its_bytes_and_not_by_its_place(
    library: Path, settings: Settings, tmp_path: Path
) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "own.txt").write_text("Some neutral text.")
    texts = {
        place: config_of(library, heal={"text": {"kind": "file", "path": str(tmp_path / place / "own.txt")}})
        for place in ("here", "there")
    }
    fill(texts["here"], settings)
    assert rows(texts["there"], settings)["heal"].status == "hit"
    (tmp_path / "there" / "own.txt").write_text("Another neutral text.")
    assert rows(texts["there"], settings)["heal"].reason.startswith("changed: text file own.txt ")


def test_without_healing_experts_are_converted_as_they_were_merged(library: Path, settings: Settings) -> None:
    found = rows(config_of(library, heal={"kind": "none"}), settings)
    assert not any(label.startswith("heal") for label in found)
    assert found["convert:ocd"].reason == "waits for graph, merge:ocd"


def test_one_domain_may_be_left_unhealed(library: Path, settings: Settings) -> None:
    domains = {
        "anxiety": {"documents": str(library / "anxiety"), "heal": {"kind": "none"}},
        "ocd": {"documents": str(library / "ocd")},
    }
    found = rows(config_of(library, domains=domains), settings)
    assert found["convert:anxiety"].reason == "waits for graph, merge:anxiety"
    assert found["convert:ocd"].reason == "waits for graph, heal:ocd"
    assert "heal" in found
    assert "heal:anxiety" not in found


HEAL_BASE = {
    "expert": {"heal": {"expert": {"start": "healed"}}},
    "adapter": {"domains": {"ocd": {"finetune": {"quantization": "int4"}}}},
    "shared": {"convert": {"form": "both"}},
}


@pytest.mark.parametrize("what", ["nothing", *HEAL_BASE])
def test_the_base_is_healed_where_something_is_made_of_it(settings: Settings, what: str) -> None:
    config = load_config([PROJECT / "configs" / "demo.yaml"], HEAL_BASE.get(what))
    found = rows(config, settings)
    assert ("heal" in found) == (what != "nothing")
    assert {"heal:anxiety", "heal:ocd"} <= set(found)


def test_the_base_is_traced_once_whatever_the_experts_are(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    domains = {name: {"documents": str(library / name)} for name in ("anxiety", "depression", "ocd")}
    changed = {"finetune": {"token_budget": 5000}, "convert": {"quantization": {"down_proj": "int8"}}}
    found = rows(config_of(library, domains=domains, **changed), settings)
    assert [label for label in found if label.startswith("graph")] == ["graph"]
    assert found["graph"].status == "hit"
    assert found["convert:depression"].reason == "waits for heal:depression"


def test_every_stage_is_one_node(library: Path) -> None:
    called: list[str] = []

    def call(stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        called.append(stage.label(*args, **kwargs))
        return stand_in(called[-1], stage)

    nodes = dag(config_of(library), call)
    assert sorted(map(str, nodes.values())) == sorted(called)


def test_experts_of_another_shape_or_by_themselves_have_graphs_of_their_own(
    library: Path, settings: Settings
) -> None:
    own = {"anxiety": {"cache_length": 256}, "depression": {}, "ocd": {"trace": "own"}}
    domains = {name: {"documents": str(library / name), "convert": convert} for name, convert in own.items()}
    found = rows(config_of(library, domains=domains), settings)
    assert found["convert:anxiety"].reason == "waits for graph:anxiety, heal:anxiety"
    assert found["convert:depression"].reason == "waits for graph, heal:depression"
    assert found["convert:ocd"].reason == "waits for graph:ocd, heal:ocd"
    assert found["graph:ocd"].reason == "waits for heal:ocd"


def test_bounds_of_a_chain_convert_nothing_anew(library: Path, settings: Settings) -> None:
    fill(config_of(library), settings)
    domains = {name: {"documents": str(library / name)} for name in ("anxiety", "ocd")}
    domains["ocd"]["chain"] = {"int4": {"max_mean_kl": 0.5}}
    found = rows(config_of(library, domains=domains), settings)
    assert missed(found) == {"chain:ocd", "evaluate"}
    assert found["chain:ocd"].reason == "changed: config.int4.max_mean_kl: 1.5 -> 0.5"


def test_adapters_on_the_grid_wait_for_the_healed_base(library: Path, settings: Settings) -> None:
    found = rows(config_of(library, finetune={"quantization": "int4"}), settings)
    assert found["finetune:ocd"].reason == "waits for generate:ocd, heal"
    assert found["merge:ocd"].reason == "waits for finetune:ocd, heal"
    healed = rows(config_of(library, finetune={"quantization": "int4"}, heal={"kind": "none"}), settings)
    assert healed["finetune:ocd"].reason == "waits for generate:ocd"

"""Configurations: every file in configs/ validates and plans, and a mistake is named with its place."""

import json
from pathlib import Path

import pytest

from flows.config import GENERALIST, load_config
from flows.plan import plan, refusals
from flows.yaml_files import merge
from tasks.kernel.config import Slice
from tasks.kernel.errors import ConfigError
from tasks.kernel.fingerprint import canonical
from tasks.kernel.settings import PROJECT, Settings

CONFIGS = sorted((PROJECT / "configs").glob("*.yaml"))
REFUSED = ("adaptive-skills", "biomed-legal-code")


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_configuration_validates_and_plans(path: Path, tmp_path: Path) -> None:
    config = load_config([path])
    rows = plan(config, Settings(artifacts=tmp_path))
    assert config.name == path.stem
    assert len(rows) == (6 + config.heals()) * len(config.domains) + 5 + config.heals_base()
    assert not any(row.status == "hit" for row in rows)
    assert json.dumps([row.as_dict() for row in rows])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_first_line_says_purpose_and_hardware(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith("# ")
    assert "GPU" in first or "CPU" in first


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_runs_own_copy_of_its_configuration_has_the_same_keys(path: Path, tmp_path: Path) -> None:
    config = load_config([path])
    copy = tmp_path / "config.json"
    copy.write_text(json.dumps(config.model_dump(mode="json")))
    again = load_config([copy])
    for name in config.domains:
        for slice_of in (
            "ingest_of",
            "generate_of",
            "finetune_of",
            "merge_of",
            "expert_healing",
            "convert_of",
        ):
            assert identity(getattr(again, slice_of)(name)) == identity(getattr(config, slice_of)(name))
    assert identity(again.base_healing()) == identity(config.base_healing())
    for part in ("route", "evaluate"):
        assert identity(getattr(again, part)) == identity(getattr(config, part))


def identity(slice_: Slice) -> str:
    return json.dumps(canonical(slice_), sort_keys=True)


def test_routers_by_descriptions_go_by_those_of_the_domains_wherever_they_stand() -> None:
    config = load_config([PROJECT / "configs" / "adaptive-skills.yaml"])
    by_description = config.described(config.route).router.stages[-1].router
    assert by_description.descriptions["sql"] == config.domains["sql"].description
    own = by_description.model_copy(update={"descriptions": {"sql": "Queries"}})
    assert config.described(own).descriptions["sql"] == "Queries"
    assert config.described(own).descriptions["code"] == config.domains["code"].description


def test_a_description_changes_no_router_that_does_not_go_by_it() -> None:
    config = load_config([PROJECT / "configs" / "demo.yaml"])
    assert config.described(config.route) == config.route


@pytest.mark.parametrize("name", REFUSED)
def test_reference_systems_are_refused_by_name_with_what_to_use_meanwhile(name: str, tmp_path: Path) -> None:
    config = load_config([PROJECT / "configs" / f"{name}.yaml"])
    refused = [row for row in plan(config, Settings(artifacts=tmp_path)) if row.status == "refused"]
    assert refused
    assert all("meanwhile" in row.reason for row in refused)


@pytest.mark.parametrize("name", ["demo", "smoke", "mental-health", "code-poetry"])
def test_what_runs_here_is_not_refused(name: str) -> None:
    assert refusals(load_config([PROJECT / "configs" / f"{name}.yaml"])) == {}


def test_mental_health_carries_the_references_hyperparameters() -> None:
    config = load_config([PROJECT / "configs" / "mental-health.yaml"])
    for name in (*config.domains, GENERALIST):
        finetune = config.finetune_of(name)
        lora = finetune.adapter
        assert (lora.kind, lora.rank, lora.alpha, lora.dropout) == ("lora", 16, 32, 0.05)
        assert (finetune.num_epochs, finetune.learning_rate, finetune.warmup_steps) == (3, 1e-4, 50)
        assert (finetune.per_device_batch_size, finetune.gradient_accumulation_steps) == (4, 8)


def write(folder: Path, text: str, name: str = "a.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


BASE = "name: test\ndomains:\n  anxiety:\n    documents: somewhere\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BASE + "finetune:\n  num_epoch: 3\n", r"a\.yaml:6: finetune\.num_epoch: no such field"),
        (BASE + "finetune:\n  num_epochs: 0\n", r"a\.yaml:6: finetune\.num_epochs: .*greater than or equal"),
        (BASE + "    finetune: {num_epoch: 3}\n", r"domains\.anxiety\.finetune\.num_epoch"),
        ("name: test\ndomains: {anxiety: {}}\n", r"a\.yaml:2: domains\.anxiety: name `documents`"),
        ("name: test\ndomains: {generalist: {documents: x}}\n", "use lower-case letters"),
        ("name: [\n", "not a YAML file"),
        ("just text\n", "holds no mapping"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_field(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config([write(tmp_path, text)])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file"):
        load_config([tmp_path / "none.yaml"])


def test_later_files_win_and_the_mistake_is_found_in_the_right_one(tmp_path: Path) -> None:
    first = write(tmp_path, BASE + "finetune: {num_epochs: 2}\n")
    good = write(tmp_path, "finetune: {learning_rate: 0.001}\n", "b.yaml")
    bad = write(tmp_path, "\nfinetune: {learning_rate: fast}\n", "c.yaml")
    config = load_config([first, good])
    assert (config.finetune.num_epochs, config.finetune.learning_rate) == (2, 0.001)
    with pytest.raises(ConfigError, match=r"c\.yaml:2: finetune\.learning_rate"):
        load_config([first, bad])


def test_a_variant_of_another_kind_replaces_the_whole_variant() -> None:
    base = {"adapter": {"kind": "lora", "rank": 8}, "seed": 1}
    assert merge(base, {"adapter": {"rank": 4}}) == {"adapter": {"kind": "lora", "rank": 4}, "seed": 1}
    assert merge(base, {"adapter": {"kind": "ia3"}}) == {"adapter": {"kind": "ia3"}, "seed": 1}


def test_a_domain_overrides_only_its_own_slice(tmp_path: Path) -> None:
    text = BASE + "    finetune: {num_epochs: 7}\n  ocd:\n    documents: elsewhere\n"
    config = load_config([write(tmp_path, text)])
    assert config.finetune_of("anxiety").num_epochs == 7
    assert config.finetune_of("ocd").num_epochs == config.finetune_of(GENERALIST).num_epochs == 3


def test_an_override_that_is_wrong_is_named_as_one() -> None:
    with pytest.raises(ConfigError, match=r"^overrides: merge.max_kl: no such field"):
        load_config([PROJECT / "configs" / "smoke.yaml"], {"merge": {"max_kl": 0.5}})


def test_a_domain_cannot_ask_for_a_base_of_its_own() -> None:
    with pytest.raises(
        ConfigError, match=r"domains\.ocd\.heal\.base: the base is healed once for all domains"
    ):
        load_config([PROJECT / "configs" / "smoke.yaml"], {"domains": {"ocd": {"heal": {"base": {}}}}})

"""Adapters that are kept apart from one shared base: planned beside the bundles, and refused by name."""

from pathlib import Path

import pytest
from filled_store import fill
from smoke_pipeline import SMOKE

from flows.config import Config, load_config
from flows.plan import Row, plan
from flows.runs.selection import inputs_of
from tasks.kernel.artifacts import EdgeAdapter
from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import Settings

BOTH = {"form": "both"}


def config_of(library: Path, own: dict[str, object] | None = None, **overrides: object) -> Config:
    """Return the smoke configuration with two domains; `own` is what ocd has for itself."""
    domains = {name: {"documents": str(library / name)} for name in ("anxiety", "ocd")}
    domains["ocd"] |= own or {}
    return load_config([SMOKE], {"domains": domains, **overrides})


def rows(config: Config, settings: Settings) -> dict[str, Row]:
    return {f"{row.stage}:{row.domain}".rstrip(":"): row for row in plan(config, settings)}


def refused(config: Config, settings: Settings) -> dict[str, str]:
    return {label: row.reason for label, row in rows(config, settings).items() if row.status == "refused"}


def test_the_shared_form_is_built_beside_bundles_that_stay_as_they_are(library, settings) -> None:
    fill(config_of(library), settings)
    found = rows(config_of(library, convert={**BOTH, "cache_length": 512}), settings)
    missed = {label: row.reason for label, row in found.items() if row.status == "miss"}
    assert missed == {
        "share": "never built",
        "share:anxiety": "waits for share",
        "share:ocd": "waits for share",
    }


def test_what_only_adapters_are_told_does_not_touch_a_bundle(library, settings) -> None:
    fill(config_of(library, convert={**BOTH, "cache_length": 512}), settings)
    told = {**BOTH, "cache_length": 512, "shared": {"dtype": "float32"}}
    found = rows(config_of(library, convert=told), settings)
    assert {label for label, row in found.items() if row.status == "miss"} == {
        "share",
        "share:anxiety",
        "share:ocd",
    }


def test_a_domain_may_keep_to_its_own_bundle(library, settings) -> None:
    found = rows(config_of(library, {"convert": {"form": "merged"}}, convert=BOTH), settings)
    assert "share:anxiety" in found
    assert "share:ocd" not in found


@pytest.mark.parametrize(
    ("finetune", "sentence"),
    [
        (
            {"adapter": {"kind": "dora", "rank": 4}},
            "cannot apply dora; set `domains.ocd.convert.form: merged`",
        ),
        (
            {"adapter": {"rank": 32}},
            "32 exceeds `convert.shared.rank` (16); set `convert.shared.rank: 32`, or",
        ),
        ({"adapter": {"rank": 64}}, "64 exceeds `convert.shared.rank` (16); set `domains.ocd.convert.form"),
        ({"adapter": {"target_modules": ["lm_head"]}}, "takes no update of lm_head; set `domains.ocd"),
    ],
)
def test_an_adapter_that_cannot_be_kept_apart_is_refused_by_name(
    library, settings, finetune: dict[str, object], sentence: str
) -> None:
    found = refused(config_of(library, {"finetune": finetune}, convert=BOTH), settings)
    assert list(found) == ["share:ocd"]
    assert sentence in found["share:ocd"]
    own = {"finetune": finetune, "convert": {"form": "merged"}}
    assert not refused(config_of(library, own, convert=BOTH), settings)


def test_the_shared_form_alone_needs_no_bundle_and_settles_no_expert(library, settings) -> None:
    own = {"convert": {"form": "shared"}}
    found = rows(config_of(library, own), settings)
    assert not {"convert:ocd", "heal:ocd", "share:anxiety"} & set(found)
    assert {"convert:anxiety", "heal:anxiety", "share:ocd", "heal"} <= set(found)
    nodes = fill(config_of(library, own), settings)
    assert isinstance(nodes["share:ocd"], EdgeAdapter)


def test_what_is_evaluated_are_bundles_where_there_are_any(library) -> None:
    measured = {
        form: inputs_of(config_of(library, convert={"form": form}))["evaluate"]
        for form in ("merged", "both", "shared")
    }
    assert measured["merged"] == measured["both"]
    assert {"convert:ocd", "convert:anxiety"} <= measured["both"]
    assert {"share", "share:ocd", "share:anxiety"} <= measured["shared"]
    assert "convert:ocd" not in measured["shared"]


def test_a_base_that_is_not_healed_is_refused_where_it_cannot_be_found(library, settings) -> None:
    plain = {"convert": BOTH, "heal": {"kind": "none"}}
    assert not refused(config_of(library, **plain), settings)
    found = refused(config_of(library, base_model={"source": "embedded"}, **plain), settings)
    assert "`heal.kind`: the shared base is a healed one" in found["share:anxiety"]


def test_a_domain_cannot_ask_for_a_shared_base_of_its_own(library) -> None:
    with pytest.raises(ConfigError, match=r"domains\.ocd\.convert\.shared: adapters share one base"):
        config_of(library, {"convert": {"shared": {"rank": 32}}})

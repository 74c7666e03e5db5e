"""A recipe that is searched: in the DAG, in the plan, in configurations and in the report."""

from pathlib import Path

import pytest
import report_run
from filled_store import fill
from smoke_pipeline import SMOKE

from flows.config import Config, load_config
from flows.plan import Row, plan
from flows.report.charts.dag_chart import dag_chart
from flows.report.charts.recipe_chart import recipe_chart
from flows.report.collect import collect
from flows.report.html import render
from flows.report.schema import StageRow
from flows.report.tables.recipe_table import recipe_table
from flows.runs.selection import inputs_of
from tasks.convert.recipe.config import AutoRecipe
from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import Settings
from tasks.records.estimate import Estimate
from tasks.records.recipe import LayerSensitivity, RecipeSearch, TriedRecipe, write_search

AUTO = {"quantization": {"kind": "auto", "max_loss": 0.1}}


def config_of(library: Path, ocd: dict[str, object] | None = None, **overrides: object) -> Config:
    domains = {name: {"documents": str(library / name)} for name in ("anxiety", "ocd")}
    domains["ocd"] |= ocd or {}
    return load_config([SMOKE], {"domains": domains, **overrides})


def rows(config: Config, settings: Settings) -> dict[str, Row]:
    return {f"{row.stage}:{row.domain}".rstrip(":"): row for row in plan(config, settings)}


def test_auto_is_a_name_and_an_object(library: Path) -> None:
    assert config_of(library, convert={"quantization": "auto"}).convert.quantization == AutoRecipe()
    found = config_of(library, convert=AUTO).convert
    assert isinstance(found.quantization, AutoRecipe)
    assert found.quantization.max_loss == 0.1
    assert found.given() is None


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"kind": "auto", "max_loss": 0}, r"convert\.quantization.*max_loss"),
        ({"kind": "auto", "block_sizes": [48]}, r"convert\.quantization.*block_sizes"),
        ({"kind": "auto", "embedding": ["int8", "int8"]}, "embedding: a value is repeated"),
        ({"kind": "auto", "block_size": 32}, r"convert\.quantization.*block_size"),
        ({"embedding": "int4"}, "embedding: int4 needs `head: int4`"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_its_field(
    library: Path, wrong: object, problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        config_of(library, convert={"quantization": wrong})


def test_a_domain_takes_a_recipe_of_its_own_and_no_search(library: Path) -> None:
    own = config_of(library, {"convert": {"quantization": {"kind": "int4", "block_size": 32}}}, convert=AUTO)
    inputs = inputs_of(own)
    assert "grid" in inputs["convert:anxiety"] & inputs["heal:anxiety"] & inputs["heal"]
    assert "grid" not in inputs["convert:ocd"] | inputs["heal:ocd"]
    with pytest.raises(
        ConfigError, match=r"domains\.ocd\.convert\.quantization: the recipe is searched once"
    ):
        config_of(library, {"convert": {"quantization": "auto"}})


def test_the_search_asks_every_domain_and_healing_waits_for_its_choice_alone(library: Path) -> None:
    inputs = inputs_of(config_of(library, convert={**AUTO, "form": "both"}))
    assert inputs["recipe"] == {"generate:anxiety", "generate:ocd"}
    assert inputs["grid"] == {"recipe"}
    assert inputs["heal"] == {"grid"}
    assert "grid" in inputs["share"]
    assert [label for label, needed in inputs.items() if "recipe" in needed] == ["grid"]


def test_a_given_recipe_is_not_searched(library: Path, settings: Settings) -> None:
    found = rows(config_of(library), settings)
    assert not {"recipe", "grid"} & set(found)


def test_another_bound_searches_anew_and_heals_nothing_until_the_choice_is_known(
    library: Path, settings: Settings
) -> None:
    fill(config_of(library, convert=AUTO), settings)
    found = rows(config_of(library, convert={"quantization": "auto"}), settings)
    assert found["recipe"].reason == "changed: config.max_loss: 0.1 -> 0.05"
    assert found["heal"].reason == "waits for grid"
    assert found["finetune:ocd"].status == "hit"


def search() -> RecipeSearch:
    def tried(name: str, size: int, ratio: float, *layers: str) -> TriedRecipe:
        return TriedRecipe(
            name=name,
            quantization={"kind": "int4", "int8_layers": list(layers)},
            bytes=size,
            perplexity_ratio=Estimate(value=ratio, low=ratio - 0.02, high=ratio + 0.02),
            within=ratio < 1.08,
        )

    recipes = [tried("blocks of 32", 90_000_000, 1.2), tried("mixed", 96_000_000, 1.06, "model.layers.0.x")]
    return RecipeSearch(
        max_loss=0.1,
        confidence=0.95,
        answers=24,
        tokens=1200,
        float_perplexity=8.0,
        tried=[recipes[1], recipes[0]],
        left_out=["blocks of 128: they do not divide a layer"],
        sensitivities=[LayerSensitivity(layer="model.layers.0.x", mean_kl=0.03, extra_bytes=9)],
        chosen="mixed",
    )


def test_the_search_is_in_a_table_and_drawn(tmp_path: Path) -> None:
    folders = report_run.write_run(tmp_path)
    stages = [*report_run.stage_rows(), StageRow(stage="recipe", status="built", seconds=60.0)]
    before = collect(folders, report_run.stage_rows(), report_run.CONFIG, report_run.facts())
    (tmp_path / "recipe").mkdir()
    write_search(tmp_path / "recipe", search())
    report = collect(
        {**folders, "recipe": tmp_path / "recipe"}, stages, report_run.CONFIG, report_run.facts()
    )
    assert recipe_table(report).rows == (
        ("blocks of 32", "90.0 MB", "+20 %", "+18 % to +22 %", ""),
        ("mixed", "96.0 MB", "+6.0 %", "+4.0 % to +8.0 %", "chosen"),
    )
    text = render(report)
    for told in ("<h2>The recipe</h2>", "Size against quality.", "blocks of 128", "model.layers.0.x"):
        assert told in text
        assert told not in render(before)
    assert "weights in the bundle" in recipe_chart(report)
    assert recipe_chart(before) == ""
    assert [dag_chart(one).count(">recipe<") for one in (before, report)] == [0, 1]

"""Read what the route stage and the evaluation left of the router: artifact folders in, a `RouterReport` out.

An earlier version's files have fewer figures: what they lack is empty.
"""

from collections.abc import Iterable, Mapping

from flows.report.reading import Folders
from flows.report.router import RouterReport
from flows.report.schema import StageRow

Json = Mapping[str, object]
_STAGE = "stage_ms."
_SOURCE = "router/report.json"


def read_router(found: Folders, stages: Iterable[StageRow], config: Json) -> RouterReport | None:
    """Return everything about the router; None where there is none."""
    value = found.json("router", "report.json")
    if not isinstance(value, dict):
        return found.part(RouterReport, _SOURCE, value)
    return found.part(RouterReport, _SOURCE, {**value, **_gathered(found, value, stages, config)})


def _gathered(found: Folders, value: Json, stages: Iterable[StageRow], config: Json) -> Json:
    """Return what other files know, or what the report words otherwise."""
    leaky = _mapping(value.get("stratified_8020"))
    measured = next((row.metrics for row in stages if row.stage == "route"), {})
    evaluation = _mapping(_mapping(found.optional("evaluation", "evaluation.json")).get("router"))
    candidates = _rows(_mapping(_mapping(value.get("notes")).get("best")).get("candidates"))
    stages_ms = {name.removeprefix(_STAGE): ms for name, ms in measured.items() if name.startswith(_STAGE)}
    return {
        "kind": value.get("kind") or _mapping(found.optional("router", "router.json")).get("kind", ""),
        "candidates": candidates,
        "stratified_accuracy": leaky.get("accuracy"),
        "splits": value.get("splits") or ({"leaky_8020": leaky} if leaky else {}),
        "suites": _with_bars(value.get("suites"), _mapping(config.get("route")).get("suites")),
        "stages": [{"ms": stages_ms.get(str(row.get("name"))), **row} for row in _rows(value.get("stages"))],
        "speed": measured or None,
        "tax": evaluation.get("tax"),
    }


def _with_bars(suites: object, bars: object) -> list[Json]:
    """Return the suites' figures, each with the bar that the configuration sets."""
    least = _mapping(bars)
    return [{"bar": least.get(str(suite.get("name"))), **suite} for suite in _rows(suites)]


def _rows(value: object) -> list[dict[str, object]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}

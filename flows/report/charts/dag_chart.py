"""The picture of the DAG: a `Report` in, an `<svg>` out, each stage in the colour of its fate.

One row a domain, one column a stage; the stages that serve every domain stand above and
below, so that no arrow crosses a box.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from flows.config import GENERALIST
from flows.report import words
from flows.report.charts.svg import BAD, GOOD, GRID, INK, MUTED, canvas, to_svg
from flows.report.schema import Report, StageRow

CHAIN = ("ingest", "generate", "finetune", "merge", "heal", "convert", "chain")
OPTIONAL = {"heal", "chain"}
"""Of those, what runs without it do not have."""
HEAL, GRAPH, RECIPE, BASE = "heal", "graph", "recipe", "base model"
BOX = (0.76, 0.58)
"""Width and height of a box; columns and rows are 1 apart."""
_EDGE = {"built": GOOD, "cached": GOOD, "failed": BAD, "skipped": GRID, "left": GRID}


@dataclass(frozen=True)
class Node:
    """A stage of one domain, and where it stands."""

    stage: str
    domain: str
    row: float
    column: int


def dag_chart(report: Report) -> str:
    """Draw every stage of every domain and what hands what to whom."""
    rows = {(row.stage, row.domain): row for row in report.stages}
    # An adapter that is kept apart stands where other domains have a bundle.
    rows = {("convert", name): row for (stage, name), row in rows.items() if stage == "share" and name} | rows
    domains = list(report.domains)
    chain = _chain(rows)
    nodes = {place: node for place, node in _nodes(domains, chain).items() if _drawn(place, rows)}
    last = max(node.row for node in nodes.values())
    labels: dict[float, str] = {0: "router", **dict(enumerate(domains, 1)), len(domains) + 1: GENERALIST}
    labels |= {last: BASE} if last > len(domains) + 1 else {}
    with canvas(0.75 * (last + 1), width=1.6 * (len(chain) + 1)) as (figure, axes):
        for start, end in _arrows(nodes, domains, chain, begin_healed=_begin_healed(report)):
            _draw_arrow(axes, start, end)
        for node in nodes.values():
            _draw_box(axes, node, rows.get((node.stage, node.domain)))
        for row, label in labels.items():
            axes.text(-0.52, row, label, ha="right", va="center", fontweight="bold")
        axes.set_xlim(-1.35, len(chain) + 0.45)
        axes.set_ylim(last + 0.45, -0.45)
        axes.set_axis_off()
    return to_svg(figure, "dag", "Stages of the pipeline, by domain, and what became of each")


def _begin_healed(report: Report) -> bool:
    """Tell whether experts are laid on the healed base, as all were before there was another way."""
    healing = report.config.get("heal")
    expert = healing.get("expert") if isinstance(healing, dict) else None
    return not isinstance(expert, dict) or expert.get("start", "healed") == "healed"


def _chain(rows: Mapping[tuple[str, str], StageRow]) -> tuple[str, ...]:
    """Return a domain's stages in order, without those that the run does not have."""
    there = {stage for stage, _ in rows}
    return tuple(stage for stage in CHAIN if stage not in OPTIONAL or stage in there)


def _drawn(place: tuple[str, str], rows: Mapping[tuple[str, str], StageRow]) -> bool:
    """Tell whether the run has such a stage; what it has and did not reach is drawn as well."""
    stage, domain = place
    if stage == "chain" and (apart := rows.get(("share", domain))):
        return rows["convert", domain] is not apart
    return stage not in {HEAL, GRAPH, RECIPE} or place in rows


def _nodes(domains: list[str], chain: tuple[str, ...]) -> dict[tuple[str, str], Node]:
    below, middle = len(domains) + 1, (len(domains) + 1) / 2
    column = {"route": chain.index("finetune"), **{stage: place for place, stage in enumerate(chain)}}
    nodes = [Node(stage, name, row, column[stage]) for row, name in enumerate(domains, 1) for stage in chain]
    nodes += [
        Node("route", "", 0, column["route"]),
        Node("finetune", GENERALIST, below, column["finetune"]),
        Node("merge", GENERALIST, below, column["merge"]),
        Node("evaluate", "", middle, len(chain)),
        Node(GRAPH, "", below + 1, column["convert"] - 1),
        Node(RECIPE, "", below + 1, column["finetune"]),
    ]
    if HEAL in chain:
        nodes.append(Node(HEAL, "", below + 1, column["merge"]))
    return {(node.stage, node.domain): node for node in nodes}


def _arrows(
    nodes: dict[tuple[str, str], Node], domains: list[str], chain: tuple[str, ...], *, begin_healed: bool
) -> list[tuple[Node, Node]]:
    pairs = [
        (("route", ""), ("evaluate", "")),
        (("finetune", GENERALIST), ("merge", GENERALIST)),
        (("merge", GENERALIST), ("evaluate", "")),
    ]
    pairs += [((RECIPE, ""), (HEAL, ""))] if {(RECIPE, ""), (HEAL, "")} <= nodes.keys() else []
    for domain in domains:
        reached = [(stage, domain) for stage in chain if (stage, domain) in nodes]
        pairs += pairwise(reached)
        pairs += [(("generate", domain), end) for end in (("route", ""), ("finetune", GENERALIST))]
        pairs += [(reached[-1], ("evaluate", ""))]
        laid = begin_healed and {(HEAL, ""), (HEAL, domain)} <= nodes.keys()
        pairs += [((HEAL, ""), (HEAL, domain))] if laid else []
        pairs += [(("generate", domain), (RECIPE, ""))] if (RECIPE, "") in nodes else []
        pairs += [((GRAPH, ""), ("convert", domain))] if (GRAPH, "") in nodes else []
    return [(nodes[start], nodes[end]) for start, end in pairs]


def _draw_arrow(axes: Axes, start: Node, end: Node) -> None:
    """Go right, then up or down in the gap before the target, then right again."""
    left, right = start.column + BOX[0] / 2, end.column - BOX[0] / 2
    turn = right - (0.12 if start.row != end.row else 0)
    axes.plot([left, turn, turn], [start.row, start.row, end.row], color=MUTED, lw=1, solid_joinstyle="round")
    axes.annotate(
        "",
        (right, end.row),
        (turn - 0.01, end.row),
        arrowprops={"arrowstyle": "-|>", "color": MUTED, "lw": 1},
    )


def _draw_box(axes: Axes, node: Node, fate: StageRow | None) -> None:
    width, height = BOX
    corner = (node.column - width / 2, node.row - height / 2)
    shape = FancyBboxPatch(corner, width, height, "round,pad=0,rounding_size=0.08", facecolor="none")
    shape.set_edgecolor(_EDGE[fate.status] if fate else GRID)
    shape.set_linewidth(2 if fate and fate.status in {"built", "failed"} else 1)
    shape.set_linestyle("solid" if fate else "dashed")
    axes.add_patch(shape)
    below = _fate(fate)
    axes.text(node.column, node.row - 0.1, node.stage, ha="center", va="center", color=INK)
    axes.text(node.column, node.row + 0.14, below, ha="center", va="center", color=MUTED, fontsize=7.5)


def _fate(row: StageRow | None) -> str:
    if row is None:
        return "not reached"
    return f"built, {words.duration(row.seconds)}" if row.status == "built" else row.status

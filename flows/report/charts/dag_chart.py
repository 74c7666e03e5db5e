"""The picture of the DAG: a `Report` in, an `<svg>` out, each stage in the colour of its fate.

One row a domain, one column a stage; the stages that serve every domain stand above and
below, so that no arrow crosses a box.
"""

from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from flows.config import GENERALIST
from flows.report import words
from flows.report.charts.svg import BAD, GOOD, GRID, INK, MUTED, canvas, to_svg
from flows.report.schema import Report, StageRow

COLUMNS = {"ingest": 0, "generate": 1, "route": 2, "finetune": 2, "merge": 3, "convert": 4, "evaluate": 5}
CHAIN = ("ingest", "generate", "finetune", "merge", "convert")
BOX = (0.76, 0.58)
"""Width and height of a box; columns and rows are 1 apart."""
_EDGE = {"built": GOOD, "cached": GOOD, "failed": BAD, "skipped": GRID, "left": GRID}


@dataclass(frozen=True)
class Node:
    """A stage of one domain, and where it stands."""

    stage: str
    domain: str
    row: float

    @property
    def column(self) -> int:
        """Its column, counted from 0."""
        return COLUMNS[self.stage]


def dag_chart(report: Report) -> str:
    """Draw every stage of every domain and what hands what to whom."""
    rows = {(row.stage, row.domain): row for row in report.stages}
    domains = list(report.domains)
    nodes = _nodes(domains)
    with canvas(0.75 * (len(domains) + 2), width=9.6) as (figure, axes):
        for start, end in _arrows(nodes, domains):
            _draw_arrow(axes, start, end)
        for node in nodes.values():
            _draw_box(axes, node, rows.get((node.stage, node.domain)))
        for row, domain in [(0, "router"), *enumerate(domains, 1), (len(domains) + 1, GENERALIST)]:
            axes.text(-0.52, row, domain, ha="right", va="center", fontweight="bold")
        axes.set_xlim(-1.35, 5.45)
        axes.set_ylim(len(domains) + 1.45, -0.45)
        axes.set_axis_off()
    return to_svg(figure, "dag", "Stages of the pipeline, by domain, and what became of each")


def _nodes(domains: list[str]) -> dict[tuple[str, str], Node]:
    below, middle = len(domains) + 1, (len(domains) + 1) / 2
    nodes = [Node(stage, domain, row) for row, domain in enumerate(domains, 1) for stage in CHAIN]
    nodes += [
        Node("route", "", 0),
        Node("finetune", GENERALIST, below),
        Node("merge", GENERALIST, below),
        Node("evaluate", "", middle),
    ]
    return {(node.stage, node.domain): node for node in nodes}


def _arrows(nodes: dict[tuple[str, str], Node], domains: list[str]) -> list[tuple[Node, Node]]:
    pairs = [
        (("route", ""), ("evaluate", "")),
        (("finetune", GENERALIST), ("merge", GENERALIST)),
        (("merge", GENERALIST), ("evaluate", "")),
    ]
    for domain in domains:
        chain = [(stage, domain) for stage in CHAIN]
        pairs += pairwise(chain)
        pairs += [(("generate", domain), end) for end in (("route", ""), ("finetune", GENERALIST))]
        pairs += [(("convert", domain), ("evaluate", ""))]
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

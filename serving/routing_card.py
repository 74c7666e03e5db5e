"""Show people where a question goes: a routed question in, a few small tables on the terminal out."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from serving.chosen_model import answerer
from serving.route import Routed
from serving.terminal import plain, say
from tasks.router_runtime.explain import Explanation, Neighbour, PartAnswer
from tasks.router_runtime.policy import Policy

BAR = 20
"""Letters of the longest bar."""
DOMAINS, WORDS = 5, 8
"""Rows shown at most; the rest is in the JSON."""
VISIBLE = 0.001
"""Least change of a probability that is shown."""


def show(routed: Routed, policy: Policy, console: Console) -> None:
    """Print who answers and why, the most probable domains and, where there is one, the explanation."""
    say(console, answerer(routed.decision, policy, generalist=True).line, style="bold")
    say(console, _sureness(routed, policy), style="dim")
    tables = [_domains(routed)]
    if routed.explanation:
        tables += _reasons(routed, routed.explanation, policy)
    for table in tables:
        console.print(table, "")


def _sureness(routed: Routed, policy: Policy) -> str:
    confidence = f"confidence {routed.decision.confidence:.1%} ({_threshold(policy.min_confidence)})"
    return f"{confidence}, in scope {routed.decision.scope:.1%} ({_threshold(policy.min_scope)})"


def _threshold(least: float) -> str:
    return f"needed {least:.1%}" if least else "no threshold"


def _domains(routed: Routed) -> Table:
    best = sorted(routed.probabilities.items(), key=lambda item: -item[1])
    table = _table("domain", "probability", "")
    for domain, share in best[:DOMAINS]:
        table.add_row(_text(domain), f"{share:.1%}", Text("█" * round(BAR * share), "cyan"))
    if left := best[DOMAINS:]:
        rest = sum(share for _, share in left)
        table.add_row(Text(f"{len(left)} more", "dim"), f"{rest:.1%}", "")
    return table


def _reasons(routed: Routed, explanation: Explanation, policy: Policy) -> Iterator[Table]:
    rejected = routed.decision.scope < policy.min_scope
    gains = [(word.text, word.scope if rejected else word.weight) for word in explanation.words]
    if rejected:
        yield _words("being in scope", routed.decision.scope, gains)
    else:
        yield _words(routed.decision.label, routed.decision.confidence, gains)
    if explanation.parts:
        yield _parts(explanation.parts)
    if explanation.nearest:
        yield _nearest(explanation.nearest)


def _words(what: str, whole: float, gains: Sequence[tuple[str, float]]) -> Table:
    """Return the words by what `what`, whose probability is `whole`, gains by them."""
    table = _table("word", "gives", f"{what} without it", "")
    strongest = sorted((pair for pair in gains if abs(pair[1]) >= VISIBLE), key=lambda pair: -abs(pair[1]))
    for word, gain in strongest[:WORDS]:
        bar = Text("█" * round(BAR * abs(gain / strongest[0][1])), "green" if gain > 0 else "red")
        table.add_row(_text(word), f"{100 * gain:+.1f}", f"{whole - gain:.1%}", bar)
    if left := len(gains) - len(strongest[:WORDS]):
        table.add_row(Text(f"{left} more, each less" if strongest else "no single word matters", "dim"))
    return table


def _parts(parts: tuple[PartAnswer, ...]) -> Table:
    table = _table("stage", "confidence", "says")
    for part in parts:
        name = Text(plain(part.name), "bold" if part.answered else "")
        label = part.label or "nothing"
        said = f"{label}, answered" if part.answered else label
        table.add_row(name, f"{part.confidence:.1%}", _text(said))
    return table


def _nearest(nearest: tuple[Neighbour, ...]) -> Table:
    table = _table("nearest known question", "cosine", "domain")
    for one in nearest:
        table.add_row(_text(one.text), f"{one.cosine:.2f}", _text(one.label))
    return table


def _table(first: str, second: str, *others: str) -> Table:
    """Return a table of a text, a right-aligned number and further columns."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(_text(first), overflow="fold")
    table.add_column(_text(second), justify="right", no_wrap=True)
    for heading in others:
        table.add_column(_text(heading), overflow="fold")
    return table


def _text(content: str) -> Text:
    return Text(plain(content))

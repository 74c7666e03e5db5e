"""How well a router tells questions of no domain from the others: what it said in, one row's figures out."""

from collections.abc import Sequence

from tasks.route.asked import Asked
from tasks.route.compared import OutOfScope
from tasks.route.report import scope_of

IN_SCOPE_LOSS = 0.04
"""Questions in scope that may be lost where recall is told."""


def scope_scores(asked: Asked, strangers: Sequence[str]) -> OutOfScope | None:
    """Return the figures; none where no question is out of scope."""
    if not strangers:
        return None
    found = scope_of(asked, strangers)
    own = found.chosen
    return OutOfScope(
        questions=found.questions,
        auroc=found.auroc,
        recall=next(price.recall for price in found.recalls if price.loss == IN_SCOPE_LOSS),
        own_recall=own.recall if own else None,
        own_loss=own.loss if own else None,
        own_accuracy=found.in_scope_accuracy if own else None,
    )

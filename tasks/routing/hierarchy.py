"""A group first, then a label inside it: questions in, the logarithm of P(group) * P(label | group) out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.routing.hearing import Heard, ask
from tasks.routing.router import Router
from tasks.routing.scored import Scored


@dataclass(frozen=True)
class HierarchyScorer:
    """A router to groups, and one inside each group."""

    labels: tuple[str, ...]
    coarse: Router
    fine: tuple[Router, ...]
    """In the order of the coarse router's labels."""

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Both levels answer every question: there is one stage."""
        return ("",)

    def score(self, questions: Sequence[str]) -> Scored:
        """Return log-probabilities, shifted so that their energy is the log-odds of being in scope."""
        return self.multiply(ask(self.coarse, questions), [ask(one, questions) for one in self.fine])

    def multiply(self, coarse: Heard, fine: Sequence[Heard]) -> Scored:
        """Return the scores that both levels make together."""
        columns = {label: column for column, label in enumerate(self.labels)}
        scores = np.zeros((len(coarse.scope), len(self.labels)))
        for group, (router, heard) in enumerate(zip(self.fine, fine, strict=True)):
            into = [columns[label] for label in router.labels]
            scores[:, into] = coarse.log_probabilities[:, [group]] + heard.log_probabilities
        return Scored.of(scores + coarse.scope[:, None])

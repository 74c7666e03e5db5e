"""Who can say who answers: a router of a run, or the one that an app has."""

from collections.abc import Sequence
from typing import Protocol

from tasks.router_runtime.policy import Decision, Policy


class QuestionRouter(Protocol):
    """Questions in, decisions out."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The domains that it knows."""

    @property
    def policy(self) -> Policy:
        """By which thresholds it decides."""

    def decide(self, questions: Sequence[str]) -> list[Decision]:
        """Return who answers each question, and how sure that is."""

"""Ask an exported router from Python: its folder in, decisions out, by the reference readers.

The readers are this package's own, never those in the folder: what comes from elsewhere is data.
"""

from collections.abc import Sequence
from pathlib import Path

from tasks.router_runtime.phone.read_parts import RouterReader
from tasks.router_runtime.phone.read_router import answer
from tasks.router_runtime.policy import Decision, Policy


class PhoneRouter:
    """A router as an app has it."""

    def __init__(self, folder: Path) -> None:
        self._reader = RouterReader(folder)
        self.labels: tuple[str, ...] = tuple(self._reader.part["labels"])
        self.policy = Policy.model_validate(self._reader.part["policy"])

    def decide(self, questions: Sequence[str]) -> list[Decision]:
        """Return who answers each question, and how sure the router is."""
        return [self._decide(question) for question in questions]

    def _decide(self, question: str) -> Decision:
        scores, signs, _ = self._reader.score(question)
        found = answer(self._reader.part, scores, signs)
        experts = found["experts"]
        total = sum(share for _, share in experts)
        return Decision(
            outcome=found["outcome"],
            experts=tuple((label, share / total) for label, share in experts),
            confidence=experts[0][1],
            scope=found["in_scope"],
        )

"""How many questions are nearer to another domain's passages than to their own.

A part of `report.json` of the route stage, which has none where it was not looked for.
"""

from tasks.records.files import Figures


class AmbiguousCount(Figures):
    """Questions of a domain that are nearer to another domain's passages than to its own."""

    train: int
    left_out: int
    """Of these, left out of training."""
    validation: int
    test: int


class Ambiguous(Figures):
    """Ambiguous questions, as embeddings tell them."""

    compared_with: str
    """`passages`, of ready-made data sets `answers`, or both."""
    domains: dict[str, AmbiguousCount]

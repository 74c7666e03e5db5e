"""The account of what was removed from one document.

In: each removed line or block. Out: counts and a few examples with their page, in a form for
`documents.json`, so that a reader can check that no body text was lost.
"""

from collections import Counter, defaultdict

from tasks.ingest.config import KINDS, Kind
from tasks.records.documents import RemovedKind, RemovedText
from tasks.text.segments import count_pieces

EXAMPLES = 3
LONGEST_EXAMPLE = 160
"""Characters."""


class Removed:
    """Counts and examples by kind, for one document."""

    def __init__(self) -> None:
        self.counts: Counter[Kind] = Counter()
        self.words = 0
        self._examples: defaultdict[Kind, list[RemovedText]] = defaultdict(list)

    def note(self, kind: Kind, page: int, text: str) -> None:
        """Count one removed line or block."""
        self.counts[kind] += 1
        self.words += count_pieces(text)
        known = {example.text for example in self._examples[kind]}
        short = text if len(text) <= LONGEST_EXAMPLE else text[: LONGEST_EXAMPLE - 1] + "…"
        if len(known) < EXAMPLES and short not in known:
            self._examples[kind].append(RemovedText(page=page, text=short))

    def by_kind(self) -> dict[str, RemovedKind]:
        """Return count and examples of every kind, those without any included."""
        return {kind: RemovedKind(count=self.counts[kind], examples=self._examples[kind]) for kind in KINDS}

"""What became of every pair of a domain: `funnel.json` of generation.

`planned` = `asked` + `not_asked`; `asked` = `no_reply` + `returned`; `returned` + `surplus` = `unread` +
`parsed`; `parsed` + `examples` + `restored` = `kept` + the sum of `rejected`; `sentences` = `used` + the sum
of `skipped`. None: an earlier version did not count it.
"""

from pathlib import Path

from tasks.records.files import Figures, read_json, write_json

FILE = "funnel.json"


class FunnelCounts(Figures):
    """From sentences to pairs, of a document or of a domain."""

    passages: int | None = None
    """Passages that were chosen to be asked about."""
    not_sampled: int | None = None
    """Passages that were not."""
    sentences: int | None = None
    used: int | None = None
    """Sentences that something was asked about; the others are in `skipped`."""
    skipped: dict[str, int] = {}
    """Sentences left out, by reason."""
    planned: int | None = None
    not_asked: int | None = None
    """Pairs that the budget left no room for."""
    asked: int | None = None
    """Pairs that the teacher was asked for."""
    no_reply: int | None = None
    returned: int | None = None
    """Pairs asked for by prompts that came back with something."""
    unread: int | None = None
    """Pairs that no reply held in a readable form."""
    surplus: int | None = None
    """Pairs beyond those asked for."""
    parsed: int | None = None
    examples: int | None = None
    """Examples of a ready-made data set."""
    restored: int | None = None
    """Pairs that a review brought back."""
    rejected: dict[str, int] = {}
    """Pairs dropped, by reason."""
    kept: int | None = None
    train: int | None = None
    validation: int | None = None
    test: int | None = None
    recall: int | None = None
    question_types: dict[str, int] = {}
    """Kept pairs by type, those that have one."""
    input_tokens: int | None = None
    output_tokens: int | None = None


class DocumentFunnel(FunnelCounts):
    """The counts of one document."""

    document: str
    """Empty: a ready-made data set."""


class Funnel(FunnelCounts):
    """The counts of a domain."""

    replies: dict[str, int] = {}
    """Prompts `asked`, `returned`, `parsed` and `repaired`: one may ask for several pairs."""
    stopped_by: str = ""
    """The limit of the budget at which asking ended."""
    documents: list[DocumentFunnel] = []


def write_funnel(folder: Path, funnel: Funnel) -> None:
    """Write a data set's `funnel.json`."""
    write_json(folder / FILE, funnel.model_dump(mode="json"))


def read_funnel(dataset: Path) -> Funnel:
    """Return a data set's funnel; raise DataError with file and field where it is damaged."""
    return read_json(dataset / FILE, Funnel)

"""Hand a domain's pairs to people, and read what they decided.

In: a finished run and a domain. Out: the rows of a review file, decisions made so far included, so
that a later export never loses them; and what the decisions in a file would do. Nothing is applied
here: the config names the file, and the next run applies it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.runs.folders import reopen
from tasks.kernel.errors import ConfigError, DataError
from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate
from tasks.records.files import read_records
from tasks.records.review import KEPT, ReviewRow, read_review
from tasks.records.reviewed_pairs import finder, ground_of, id_of, outcome, row_of

if TYPE_CHECKING:
    from serving.runs import FinishedRun


@dataclass(frozen=True)
class Reviewed:
    """A domain's pairs in a finished run."""

    domain: str
    candidates: Sequence[Candidate]
    passages: Mapping[str, Passage]
    review: Path | None
    """The review file that the run's config names."""

    def decisions(self) -> list[ReviewRow]:
        """Return what was decided before this run; raise DataError where its file is gone or damaged."""
        return list(read_review(self.review).values()) if self.review else []


def open_domain(run: "FinishedRun", domain: str) -> Reviewed:
    """Read a domain's pairs; raise ConfigError for an unknown domain, StoreError where the run lacks it."""
    config = reopen(run.folder).config
    if domain not in config.domains:
        raise ConfigError(f"--domain {domain}: this run has {', '.join(config.domains)}")
    passages = read_records(run.part(f"corpus/{domain}") / "passages.jsonl", Passage)
    return Reviewed(
        domain,
        read_records(run.part(f"qa/{domain}") / "candidates.jsonl", Candidate),
        {passage.id: passage for passage in passages},
        config.domains[domain].review,
    )


def rows_to_review(
    pairs: Reviewed, decisions: Sequence[ReviewRow], sample: int | None, *, rejected: bool
) -> list[ReviewRow]:
    """Return a row for each pair (of so many, always the same ones), and every decision made so far."""
    find = finder(decisions, pairs.passages)
    carried: dict[str, ReviewRow] = {}
    fresh: dict[str, ReviewRow] = {}
    for candidate in pairs.candidates:
        if row := find(candidate.example):
            carried[row.id] = row.model_copy(update={"fate": outcome(candidate)})
        elif rejected or not candidate.reason:
            row = row_of(candidate, pairs.passages)
            fresh.setdefault(row.id, row)
    # The identity is a digest, so the least ones are a sample that stays when pairs are added.
    chosen = set(sorted(fresh)[:sample])
    lost = [row.model_copy(update={"fate": "gone"}) for row in decisions if row.id not in carried]
    return [*carried.values(), *lost, *(row for name, row in fresh.items() if name in chosen)]


def check_decisions(path: Path, pairs: Reviewed) -> Counter[str]:
    """Return how often each decision changes or confirms what is; raise DataError with row and column."""
    known = {id_of(candidate.example, pairs.passages): candidate for candidate in pairs.candidates}
    effects: Counter[str] = Counter()
    for number, row in read_review(path).items():
        candidate = known.get(row.id) or known.get(row.edited_id)
        if candidate is None and ground_of(row, pairs.passages) is None:
            raise DataError(
                f"{path}: row {number}, column id: {row.id} is no pair of {pairs.domain}, and its passage is"
                " not in that domain; remove the row, or name the domain that it was exported from"
            )
        effects[_effect(row, candidate)] += 1
    return effects


def _effect(row: ReviewRow, candidate: Candidate | None) -> str:
    kept = candidate is not None and outcome(candidate) == KEPT
    match row.decision:
        case "accept":
            return "accept: stays" if kept else "accept: comes back"
        case "edit":
            return "edit: gets the new wording"
        case _:
            return "reject: goes" if kept else "reject: stays out"

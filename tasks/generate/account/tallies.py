"""Count what became of every sentence, ask and pair, passage by passage.

In: what the steps of generation came to. Out: tallies that can be added up to those of a document
and of the domain. The unit is the pair: an ask for five pairs counts five times, so that one bar
shows the way of all of them, and every count is one of a few sums that must come out even.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from tasks.generate.drafting.drafts import DraftingResult
from tasks.generate.pairs import Draft
from tasks.generate.questions.asking import Plan
from tasks.generate.teachers.parsing import ParsingResult
from tasks.records.corpus import Passage
from tasks.records.dataset import SPLITS, Candidate

READY = ""
"""Stands for the passage and the document of a ready-made data set's examples."""


@dataclass(frozen=True)
class Account:
    """What the steps of one domain came to."""

    plan: Plan
    drafted: DraftingResult
    parsed: ParsingResult
    ready: int
    """Examples of a ready-made data set."""
    candidates: Sequence[Candidate]
    """Every pair, in order, with its split or the reason for its refusal."""


@dataclass(frozen=True)
class Tally:
    """Counts of one passage, of one document or of a domain."""

    counts: Counter[str] = field(default_factory=Counter)
    """`planned`, `asked`, ..., `kept`: see `tasks.records.funnel`."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Sentences that nothing was asked about, by reason."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Pairs that a check refused, by reason."""
    question_types: Counter[str] = field(default_factory=Counter)
    """Kept pairs by question type, those that have one."""

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(Tally)))

    def figures(self) -> dict[str, object]:
        """Return every count by its name in the record, nothing left out because it is zero."""
        return {
            **{name: self.counts[name] for name in COUNTS},
            "skipped": dict(self.skipped),
            "rejected": dict(self.rejected),
            "question_types": dict(self.question_types),
        }


COUNTS = (
    *("passages", "not_sampled", "sentences", "used", "planned", "not_asked", "asked", "no_reply"),
    *("returned", "unread", "surplus", "parsed", "examples", "restored", "kept", *SPLITS),
    *("input_tokens", "output_tokens"),
)
_OF_SENTENCES = frozenset({"sentences", "used", "asked"})


def tallies(account: Account, passages: Iterable[Passage]) -> dict[str, Tally]:
    """Return the counts of each passage by its id, and those of ready-made examples under `READY`."""
    found = {passage.id: Tally() for passage in passages}
    found[READY] = Tally()
    for name, tally in found.items():
        _count_sentences(tally, account.plan.by_passage.get(name), sampled=name == READY)
    for ask in (ask for group in account.plan.groups for ask in group):
        found[ask.passage].counts["planned"] += ask.count
    for draft in account.drafted.drafts:
        _count_reply(found[draft.ask.passage].counts, draft)
    _count_pairs(found, account)
    for tally in found.values():
        _balance(tally.counts)
    return found


def by_document(found: Mapping[str, Tally], passages: Iterable[Passage]) -> dict[str, Tally]:
    """Return the counts of each document by its name, in order; ready-made examples under `READY`."""
    documents: dict[str, Tally] = {}
    for passage in passages:
        documents[passage.document] = documents.get(passage.document, Tally()) + found[passage.id]
    return documents | ({READY: found[READY]} if any(found[READY].counts.values()) else {})


def total(parts: Iterable[Tally]) -> Tally:
    """Return all of them together."""
    return sum(parts, Tally())


def _count_sentences(tally: Tally, planned: Mapping[str, int] | None, *, sampled: bool) -> None:
    if planned is None:
        tally.counts["not_sampled"] += not sampled
        return
    tally.counts.update(passages=1, sentences=planned.get("sentences", 0), used=planned.get("used", 0))
    tally.skipped.update({reason: n for reason, n in planned.items() if n and reason not in _OF_SENTENCES})


def _count_reply(counts: Counter[str], draft: Draft) -> None:
    empty = not (draft.ask.opening + draft.reply.text).strip()
    counts.update(
        asked=draft.ask.count,
        no_reply=draft.ask.count if empty else 0,
        input_tokens=draft.reply.input_tokens,
        output_tokens=draft.reply.output_tokens,
    )


def _count_pairs(found: Mapping[str, Tally], account: Account) -> None:
    parsed = {candidate.example.id for candidate in account.parsed.candidates}
    for candidate in account.candidates:
        example = candidate.example
        tally = found.get(example.passage, found[READY])
        origin = "parsed" if example.id in parsed else "restored" if example.passage else "examples"
        tally.counts[origin] += 1
        if candidate.reason:
            tally.rejected[candidate.reason] += 1
            continue
        tally.counts["kept"] += 1
        if example.split:
            tally.counts[example.split] += 1
        if example.question_type:
            tally.question_types[example.question_type] += 1


def _balance(counts: Counter[str]) -> None:
    """Add what follows: pairs not asked for, pairs in replies, and pairs that replies lack or have over."""
    counts["not_asked"] = counts["planned"] - counts["asked"]
    counts["returned"] = counts["asked"] - counts["no_reply"]
    counts["unread"] = max(0, counts["returned"] - counts["parsed"])
    counts["surplus"] = max(0, counts["parsed"] - counts["returned"])

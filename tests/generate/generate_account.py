"""Accounts of invented runs of generation, for the tests of what is written about them."""

import random
from collections import Counter

from tasks.generate.account.tallies import Account
from tasks.generate.drafting.drafts import DraftingResult
from tasks.generate.pairs import Ask, Draft, Reply
from tasks.generate.questions.asking import Plan
from tasks.generate.teachers.parsing import ParsingResult
from tasks.records.corpus import Passage
from tasks.records.dataset import SPLITS, Candidate, Example

REASONS = ("", "", "", "ungrounded", "duplicate_question", "length")


def library(documents: int, count: int) -> list[Passage]:
    """Return `count` passages of two pages each for every document; each shares a page with the next."""
    return [
        Passage(
            id=f"{name}-{at}",
            document=f"{name}.pdf",
            document_digest=f"{name}" * 32,
            pages=(at + 1, at + 2),
            text=f"Sentence one of {name} {at}. Sentence two of {name} {at}.",
        )
        for name in range(documents)
        for at in range(count)
    ]


def invented(passages: list[Passage], seed: int) -> Account:
    """Return an account in which everything happens that can happen to a pair."""
    draw = random.Random(seed)  # noqa: S311  # a sample, no secret
    counts: dict[str, Counter[str]] = {}
    groups: list[list[Ask]] = []
    for passage in passages:
        if draw.random() < 0.2:
            continue
        skipped = Counter({"too_short": draw.randint(0, 3), "no_opening": draw.randint(0, 2)})
        used = draw.randint(0, 4)
        counts[passage.id] = Counter(sentences=used + skipped.total(), used=used, asked=used) + skipped
        wanted = draw.choice([1, 1, 5])
        groups.append([Ask(passage=passage.id, answer="a", count=wanted) for _ in range(used)])
    stopped = draw.random() < 0.5
    asked = groups[: len(groups) // 2] if stopped else groups
    drafts = [Draft(ask=ask, reply=_reply(draw)) for group in asked for ask in group]
    candidates = [
        Candidate(example=_example(f"{draft.ask.passage}-{at}-{n}", draft.ask.passage, draw))
        for at, draft in enumerate(drafts)
        if draft.reply.text
        for n in range(draw.randint(0, draft.ask.count + 1))
    ]
    read = len({candidate.example.id.rpartition("-")[0] for candidate in candidates})
    ready = [Candidate(example=_example(f"row-{at}", "", draw)) for at in range(draw.randint(0, 5))]
    back = [Candidate(example=_example("back", passages[0].id, draw))] if draw.random() < 0.5 else []
    fates = [_judged(candidate, draw) for candidate in [*candidates, *back, *ready]]
    return Account(
        plan=Plan(groups, len(counts), 0, Counter(), counts),
        drafted=DraftingResult(drafts, 3.5, "30 minutes" if stopped else ""),
        parsed=ParsingResult(candidates, sum(bool(draft.reply.text) for draft in drafts), read, 1),
        ready=len(ready),
        candidates=fates,
    )


def _reply(draw: random.Random) -> Reply:
    return Reply(text=draw.choice(["", "What?", "Why?"]), input_tokens=100, output_tokens=7)


def _example(name: str, passage: str, draw: random.Random) -> Example:
    kind = draw.choice([None, "how", "why"])
    return Example(
        id=name, question="Q?", answer="A.", passage=passage, teacher="scripted", question_type=kind
    )


def _judged(candidate: Candidate, draw: random.Random) -> Candidate:
    if reason := draw.choice(REASONS):
        return candidate.model_copy(update={"reason": reason, "detail": "seen"})
    placed = candidate.example.model_copy(update={"split": draw.choice(SPLITS)})
    return candidate.model_copy(update={"example": placed})

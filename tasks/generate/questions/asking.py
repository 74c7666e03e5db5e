"""Choose what is asked: passages, and the statements in them that can be answers.

In: passages and limits. Out: asks in groups that are checkpointed together, and what became of every
sentence. All choices are made before the first question, and those of a passage depend on its
document and the seed alone, so that a new document changes nothing for the others.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import Ask
from tasks.generate.questions.guided import begin_questions, question_type
from tasks.generate.questions.layout import Topics, layout_pairs, topics
from tasks.generate.questions.quotas import assign, choose
from tasks.generate.questions.standalone import unfit
from tasks.generate.questions.statements import Statement, statements
from tasks.records.corpus import Passage
from tasks.text.near import NearDuplicates

T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """Everything that the teacher will be asked."""

    groups: list[list[Ask]]
    """The asks of `checkpoint_every` passages of one document each, in the order of the passages."""
    passages: int
    sentences: int
    skipped: Counter[str]
    """Sentences that nothing is asked about, by reason."""
    by_passage: dict[str, Counter[str]]
    """For each chosen passage `sentences`, `used` (those asked about), `asked`, and skipped by reason."""

    @property
    def asked(self) -> int:
        """Return the number of asks."""
        return sum(map(len, self.groups))


def plan_asks(passages: Sequence[Passage], config: GenerateConfig) -> Plan:
    """Return the asks for `passages`; to a guided teacher, only statements whose question can be opened."""
    documents: dict[str, list[Passage]] = {}
    for passage in passages:
        documents.setdefault(passage.document, []).append(passage)
    groups: list[list[Ask]] = []
    counts: dict[str, Counter[str]] = {}
    for found in documents.values():
        chosen = _sample(found, config.max_passages_per_document, f"{config.seed}:{found[0].document_digest}")
        planned = _plan_document(chosen, config, counts)
        step = config.checkpoint_every
        groups += [list(chain.from_iterable(planned[at : at + step])) for at in range(0, len(planned), step)]
    totals = sum(counts.values(), Counter[str]())
    skipped = Counter({reason: count for reason, count in totals.items() if reason not in _COUNTED})
    return Plan(groups, len(counts), totals["sentences"], skipped, counts)


_COUNTED = frozenset({"sentences", "used", "asked"})


def _plan_document(
    chosen: Sequence[Passage], config: GenerateConfig, counts: dict[str, Counter[str]]
) -> list[list[Ask]]:
    """Return the asks of each passage of one document, and note in `counts` what became of its sentences."""
    texts = {passage.id: statements(passage.own) for passage in chosen}
    if config.teacher.mode == "passage":
        whole = {passage.id: assign([_whole_passage(passage, config)], config) for passage in chosen}
        for key, text in texts.items():
            counts[key] = Counter(sentences=len(text), used=len(text), asked=len(whole[key]))
        return list(whole.values())
    answers = (statement.answer for group in texts.values() for statement in group)
    seen = NearDuplicates(answers, config.judging.near_duplicate)
    known, planned = topics(chosen), []
    for passage in chosen:
        found, outcomes = _candidates(passage, texts[passage.id], config, seen, known)
        asks = assign(choose(found, config.pairs_per_passage, config), config)
        counts[passage.id] = _count(outcomes, asks)
        planned.append(asks)
    return planned


def _whole_passage(passage: Passage, config: GenerateConfig) -> Ask:
    return Ask(passage=passage.id, text=passage.own, count=config.pairs_per_passage)


def _candidates(
    passage: Passage, texts: Sequence[Statement], config: GenerateConfig, seen: NearDuplicates, known: Topics
) -> tuple[list[Ask], dict[str, list[str]]]:
    """Return all asks of a passage, and its sentences by outcome: a reason, or an empty text for an ask."""
    asks = _layout_asks(passage, config) if config.teacher.guided else []
    listed = " ".join(ask.answer for ask in asks)
    outcomes: dict[str, list[str]] = {}
    for statement in texts:
        reason = unfit(statement.checked, config.min_answer_words, config.max_answer_words)
        if reason is None and statement.answer in seen:
            reason = "duplicate"
        opened = _statement_asks(statement, passage, config, reason, known)
        if opened:
            seen.add(statement.answer)
            asks += opened
        covered = opened or statement.answer in listed
        outcomes.setdefault("" if covered else reason or "no_opening", []).append(statement.answer)
    return asks, outcomes


def _layout_asks(passage: Passage, config: GenerateConfig) -> list[Ask]:
    return [
        Ask(
            passage=passage.id,
            answer=pair.answer,
            opening=pair.question,
            question_type=question_type(pair.question),
        )
        for pair in layout_pairs(passage.own, config.max_answer_words)
    ]


def _statement_asks(
    statement: Statement, passage: Passage, config: GenerateConfig, reason: str | None, known: Topics
) -> list[Ask]:
    """Return the asks about one statement: one that the teacher words alone, or several with openings.

    What only points elsewhere can still say where to turn; nothing else that is unfit is asked about.
    """
    if not config.teacher.guided:
        return [] if reason else [Ask(passage=passage.id, answer=statement.answer)]
    if reason == "pointer":
        found = [direction(statement.answer)]
    else:
        found = [] if reason else begin_questions(statement, passage.text, known)
    return [
        Ask(passage=passage.id, answer=statement.answer, opening=opened, question_type=question_type(opened))
        for opened in found
        if opened
    ]


def _count(outcomes: dict[str, list[str]], asks: Sequence[Ask]) -> Counter[str]:
    answers = " ".join(ask.answer for ask in asks)
    used = sum(answer in answers for answer in outcomes.get("", []))
    skipped = {reason: len(sentences) for reason, sentences in outcomes.items() if reason}
    over = len(outcomes.get("", [])) - used
    counted = Counter(
        {"sentences": sum(map(len, outcomes.values())), "used": used, "asked": len(asks), **skipped}
    )
    return +(counted + Counter(over_quota=over))


def _sample(items: Sequence[T], limit: int, seed: str) -> list[T]:
    """Return at most `limit` of `items` in their order; the same ones for the same seed."""
    draw = random.Random(seed)  # noqa: S311  # a sample, no secret
    return [items[number] for number in sorted(draw.sample(range(len(items)), min(len(items), limit)))]


_ADDRESS = r"[^;]*?(?:www\.|https?://|\w\.(?:gov|org)\b)"
_AT = r"(?:,? (?:at|on|by visiting)|, (?:visit|see|check out|go to)) "
_TOPIC = r"(?P<topic>(?!(?:your|the area|this|these)\b)[^;.]{4,110}?)"
_ABOUT = (
    re.compile(rf"(?:To learn|Learn|You can (?:also )?learn) more about {_TOPIC}{_AT}{_ADDRESS}"),
    re.compile(rf"For (?:more |additional |the latest )?information (?:on|about) {_TOPIC}{_AT}{_ADDRESS}"),
    re.compile(
        rf"You can (?:also )?(?:learn more|find (?:more |additional )?information) (?:about"
        rf"|on) {_TOPIC}{_AT}{_ADDRESS}"
    ),
)
_FOUND = (
    re.compile(rf"(?:Find|Read) (?P<topic>[^;.]{{12,110}}){_AT}{_ADDRESS}"),
    re.compile(
        r"Visit [^;]*?(?:\.gov|\.org)\S* for (?P<topic>(?:the |more |additional |tips )[^;.]{12,110})\.$"
    ),
)
_CRISIS = re.compile(
    r"If (you or someone you know [^,]{5,90}|you (?:are|have|feel|know|need) [^,]{5,90}),"
    r" (?:please )?(?:call|text|contact|dial|visit|chat)\b"
)
_OPEN = re.compile(r"\b(?:this|these|it|they|them|here)\b")


def direction(sentence: str) -> str:
    """Return the question where to find, or whom to call, that `sentence` answers, or an empty text."""
    if match := _CRISIS.match(sentence):
        return f"What should you do if {match[1]}?"
    for patterns, asked in ((_ABOUT, "learn more about"), (_FOUND, "find")):
        for pattern in patterns:
            match = pattern.match(sentence)
            if match and not _OPEN.search(match["topic"]):
                return f"Where can you {asked} {match['topic'].strip()}?"
    return ""

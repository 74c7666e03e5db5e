"""Choose what is asked: passages, and the statements in them that can be answers.

In: passages and limits. Out: asks in groups that are checkpointed together, and how many
sentences were left out for which reason. All choices are made before the first question, so
a resumed run asks exactly what an undisturbed one does.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from tasks.generate.config import GenerateConfig
from tasks.generate.duplicates import NearDuplicates
from tasks.generate.openings import opening
from tasks.generate.pairs import Ask
from tasks.generate.sentences import split_sentences, unfit
from tasks.records import Passage


@dataclass(frozen=True)
class Plan:
    """Everything that the teacher will be asked."""

    groups: list[list[Ask]]
    """The asks of `checkpoint_every` passages each."""
    passages: int
    sentences: int
    skipped: Counter[str]

    @property
    def asked(self) -> int:
        """Return the number of asks."""
        return sum(map(len, self.groups))


def plan_asks(passages: Sequence[Passage], config: GenerateConfig) -> Plan:
    """Return the asks for `passages`; to a guided teacher, only statements whose question can be begun."""
    guided = config.teacher.guided
    draw = random.Random(config.seed)  # noqa: S311  # a sample, no secret
    chosen = _sample_passages(passages, config.max_passages_per_document, draw)
    texts = {passage.id: split_sentences(passage.text) for passage in chosen}
    seen = NearDuplicates((text for group in texts.values() for text in group), config.judging.near_duplicate)
    skipped: Counter[str] = Counter()
    asks: list[list[Ask]] = []
    for passage in chosen:
        found = []
        for text in texts[passage.id]:
            begun = opening(text, passage.text) if guided else ""
            ask = Ask(passage=passage.id, answer=text, opening=begun)
            reason = _skip(ask, config, seen, guided=guided)
            if reason is None:
                found.append(ask)
                seen.add(text)
            else:
                skipped[reason] += 1
        kept = sorted(draw.sample(range(len(found)), min(len(found), config.pairs_per_passage)))
        skipped["over_quota"] += len(found) - len(kept)
        asks.append([found[number] for number in kept])
    step = config.checkpoint_every
    groups = [list(chain.from_iterable(asks[at : at + step])) for at in range(0, len(asks), step)]
    return Plan(groups, len(chosen), sum(map(len, texts.values())), +skipped)


def _sample_passages(passages: Sequence[Passage], limit: int, draw: random.Random) -> list[Passage]:
    by_document: dict[str, list[Passage]] = {}
    for passage in passages:
        by_document.setdefault(passage.document, []).append(passage)
    return [
        group[number]
        for group in by_document.values()
        for number in sorted(draw.sample(range(len(group)), min(len(group), limit)))
    ]


def _skip(ask: Ask, config: GenerateConfig, seen: NearDuplicates, *, guided: bool) -> str | None:
    reason = unfit(ask.answer, config.min_answer_words, config.max_answer_words)
    if reason is None and guided and not ask.opening:
        reason = "no_opening"
    if reason is None and ask.answer in seen:
        reason = "duplicate"
    return reason

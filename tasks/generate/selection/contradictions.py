"""Refuse pairs of a domain that contradict each other.

In: candidates. Out: the same, with `contradicts` for both of two that cannot be true together: each of them
stands in its own passage, so the documents disagree and nothing here can tell which one is right. A pair with
higher precedence stays. Pairs are compared where their questions have equal content,
or their answers nearly equal words, so the work grows with the number of pairs.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tasks.generate.selection.framing import normal
from tasks.generate.selection.precedence import REVIEWED, precedence
from tasks.generate.selection.resemblance import SAME_STATEMENT, Pair, conflict
from tasks.records.dataset import Candidate
from tasks.text.near import NearDuplicates

MOST_COMPARED = 32
"""Pairs that one is compared with at most: a data set may ask one question a thousand times."""


def drop_contradictions(candidates: Sequence[Candidate], statement_words: int) -> list[Candidate]:
    """Refuse contradicting pairs; answers below `statement_words` words are compared by question only."""
    judged = list(candidates)
    pairs = {at: Pair(normal(one.example)) for at, one in enumerate(judged) if not one.reason}
    for here, there in _comparable(pairs, statement_words):
        seen = conflict(pairs[here], pairs[there])
        if seen:
            _refuse(judged, here, there, seen)
    return judged


def _comparable(pairs: dict[int, Pair], statement_words: int) -> Iterator[tuple[int, int]]:
    """Yield the places of two pairs that ask or tell nearly the same, each two once or twice."""
    by_question: dict[frozenset[str], list[int]] = defaultdict(list)
    by_told: dict[frozenset[str], list[int]] = defaultdict(list)
    by_words: dict[frozenset[str], list[int]] = defaultdict(list)
    index = NearDuplicates((pair.example.answer for pair in pairs.values()), SAME_STATEMENT)
    distinct: list[frozenset[str]] = []
    for at, pair in pairs.items():
        groups = [by_question[pair.asked]] if pair.asked else []
        if pair.answer_length >= statement_words:
            words = pair.answer_words
            groups += [
                by_told[pair.told],
                *(by_words[distinct[near]] for near in index.near(pair.example.answer)),
            ]
            if words not in by_words:
                index.add(pair.example.answer)
                distinct.append(words)
            by_words[words].append(at)
        others = sorted({other for group in groups for other in group[:MOST_COMPARED]})
        yield from ((at, other) for other in others if other != at)
        if pair.asked:
            by_question[pair.asked].append(at)
        if pair.answer_length >= statement_words:
            by_told[pair.told].append(at)


def _refuse(judged: list[Candidate], here: int, there: int, seen: str) -> None:
    """Refuse the one of lower precedence, or both; what people have read twice stays."""
    one, other = precedence(judged[here]), precedence(judged[there])
    for at, mine, theirs, opponent in ((here, one, other, there), (there, other, one, here)):
        if mine <= theirs and mine != REVIEWED and not judged[at].reason:
            detail = f"{judged[opponent].example.id}: {seen}"
            judged[at] = judged[at].model_copy(update={"reason": "contradicts", "detail": detail})

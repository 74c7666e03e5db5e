"""What a document is about, so that a question can be asked to name it.

In: the passages of a document. Out: the stems of its most frequent content words. `What has been adapted
for teenagers?` has an answer in a book on depression, but nobody who reads the question alone knows it.
"""

from collections import Counter
from collections.abc import Iterable

from tasks.generate.judging.filters import GENERIC, content_words
from tasks.near import WORD
from tasks.records import Passage

Topics = frozenset[str]
_TOPICS = 12
_SPECIFIC = 5
"""Content words by which a question says enough without a topic."""


def topics(passages: Iterable[Passage]) -> Topics:
    """Return the stems of the words that most sentences of a document turn around."""
    counts: Counter[str] = Counter()
    for passage in passages:
        for word in WORD.findall(passage.own):
            counts.update(content_words(word) - GENERIC)
    return frozenset(stem for stem, _ in counts.most_common(_TOPICS))


def is_anchored(question: str, known: Topics) -> bool:
    """Tell whether a question that leaves its subject open names a topic, or says enough without one."""
    own = content_words(question) - GENERIC
    return not known or bool(own & known) or len(own) >= _SPECIFIC

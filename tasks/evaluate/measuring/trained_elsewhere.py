"""Find held-out questions whose text another domain trains on: one document in two domains, in other bytes.

In: `qa/<domain>` and `corpus/<domain>` folders. Out: by domain and question the domain that trains on it.
Copies of the same bytes stand on one side everywhere. Of near copies nobody knows before all domains are
read, and what any expert, the generalist or the router may know must not be asked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from tasks.records.corpus import Passage
from tasks.records.dataset import Example
from tasks.records.files import read_records
from tasks.text.near import comparable
from tasks.text.sentence_keys import sentence_keys
from tasks.text.words import lowered

KNOWN = 0.5
"""Share of a passage's sentences that are trained on elsewhere, from which on its questions are left out."""
Known = Mapping[tuple[str, str], str]
"""Domain and id of a question -> the domain that trains on its text."""


def trained_elsewhere(datasets: Mapping[str, Path], corpora: Mapping[str, Path]) -> Known:
    """Return the held-out questions that other domains' training tells of."""
    if len(datasets) < 2:  # noqa: PLR2004  # there is no other
        return {}
    texts = {name: _sentences(folder) for name, folder in corpora.items()}
    trained: dict[int, set[str]] = {}
    for domain, folder in datasets.items():
        for key in _trained(folder, texts.get(domain, {})):
            trained.setdefault(key, set()).add(domain)
    return {
        (domain, example.id): other
        for domain, folder in datasets.items()
        for example in (*_split(folder, "test"), *_split(folder, "recall"))
        if (other := _other(example, domain, texts.get(domain, {}), trained))
    }


def _sentences(corpus: Path) -> dict[str, frozenset[int]]:
    """Return the sentences of each passage's own part, by its id."""
    passages = read_records(corpus / "passages.jsonl", Passage)
    return {passage.id: frozenset(sentence_keys(passage.own)) for passage in passages}


def _trained(dataset: Path, texts: Mapping[str, frozenset[int]]) -> Iterator[int]:
    examples = _split(dataset, "train")
    for passage in {example.passage for example in examples}:
        yield from texts.get(passage, ())
    yield from map(_pair, examples)


def _other(
    example: Example, domain: str, texts: Mapping[str, frozenset[int]], trained: Mapping[int, set[str]]
) -> str:
    """Return the domain that trains on most of the example's passage, or on the pair itself; empty: none."""
    sentences = texts.get(example.passage, frozenset())
    elsewhere = [others for key in sentences if (others := trained.get(key, set()) - {domain})]
    counts = Counter(name for others in elsewhere for name in sorted(others))
    if sentences and len(elsewhere) >= KNOWN * len(sentences):
        return min(counts, key=lambda name: (-counts[name], name))
    return min(trained.get(_pair(example), set()) - {domain}, default="")


def _pair(example: Example) -> int:
    return hash(tuple(tuple(lowered(comparable(text))) for text in (example.question, example.answer)))


def _split(dataset: Path, split: str) -> list[Example]:
    path = dataset / f"{split}.jsonl"
    return read_records(path, Example) if path.is_file() else []

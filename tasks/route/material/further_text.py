"""Text that teaches a domain's words besides its questions: sources and descriptions in, training rows out.

Nothing that stands in a held-out passage comes in, even where a training passage says nearly the same, and
nothing that two domains say: it would teach both.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tasks.route.material.sources import Source
from tasks.route.measure.labelled_questions import Questions, Use, plain
from tasks.route.measure.neighbours import NEAR
from tasks.text.near import NearDuplicates


def source_text(sources: Sequence[Source], taught: Sequence[Source], groups: Mapping[str, str]) -> Questions:
    """Return the sentences of those `taught` that are of training; `groups` has the group of each origin.

    Nothing of them is near what a source of another side says.
    """
    held_out = [sentence for one in sources if one.split != "train" for sentence in one.sentences()]
    mine = [
        (one, sentence)
        for one in taught
        if one.split == "train" and one.origin in groups
        for sentence in one.sentences()
    ]
    known = NearDuplicates([*held_out, *(sentence for _, sentence in mine)], NEAR)
    for sentence in held_out:
        known.add(sentence)
    domains = defaultdict(set)
    for one, sentence in mine:
        domains[plain(sentence)].add(one.domain)
    kept = {
        plain(sentence): (one, sentence)
        for one, sentence in mine
        if len(domains[plain(sentence)]) == 1 and sentence not in known
    }
    return _rows(
        [
            (f"{one.origin}#{at}", text, one.domain, groups[one.origin])
            for at, (one, text) in enumerate(kept.values())
        ]
    )


def description_text(descriptions: Mapping[str, str], domains: Sequence[str]) -> Questions:
    """Return the descriptions of these domains; one that has none adds nothing."""
    return _rows(
        [
            (f"description of {domain}", descriptions[domain], domain, f"description of {domain}")
            for domain in domains
            if descriptions.get(domain, "").strip()
        ]
    )


def _rows(rows: Sequence[tuple[str, str, str, str]]) -> Questions:
    ids, texts, labels, groups = (tuple(row[column] for row in rows) for column in range(4))
    use: Use = "fitted"
    return Questions(ids, texts, labels, groups, (use,) * len(rows))

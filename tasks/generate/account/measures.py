"""The figures of generation for the manifest and for MLflow: costs, yields and shares.

In: the account and its sums. Out: flat numbers. Seconds and money stand here and in no file,
because they differ between runs that give the same pairs.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from tasks.generate.account.coverage import Coverage
from tasks.generate.account.funnel import COUNTS, READY, Account, Funnel, total
from tasks.generate.teacher_config import Prices
from tasks.records import Passage
from tasks.workspace import Metrics

_MILLION = 1_000_000
_HUNDRED = 100


def measure(
    account: Account,
    found: Mapping[str, Funnel],
    documents: Sequence[Coverage],
    passages: Sequence[Passage],
    prices: Prices,
) -> Metrics:
    """Return every figure of one domain; a ratio over nothing is left out."""
    whole = total(found.values())
    return {
        **{name: whole.counts[name] for name in COUNTS},
        **_by_name("rejected", whole.rejected),
        **_by_name("skipped", whole.skipped),
        **_by_name("type", whole.question_types),
        "replies": account.parsed.returned,
        "repaired": account.parsed.repaired,
        "stopped_early": float(bool(account.drafted.stopped_by)),
        **_costs(account, total(part for name, part in found.items() if name != READY), passages, prices),
        **_pages(documents),
    }


def _costs(account: Account, written: Funnel, passages: Sequence[Passage], prices: Prices) -> Metrics:
    """Return what the pairs that a teacher wrote cost, and how much text one takes."""
    read, told, pairs = (written.counts[name] for name in ("input_tokens", "output_tokens", "kept"))
    money = (read * prices.input_per_million + told * prices.output_per_million) / _MILLION
    words = sum(len(passage.own.split()) for passage in passages)
    costs = {"asking_seconds": account.drafted.seconds, "money": money}
    each = {"seconds": account.drafted.seconds, "money": money, "tokens": read + told}
    yields = {"kept_pairs_per_100_words": _HUNDRED * pairs / words} if words else {}
    ratios = {f"{name}_per_kept_pair": value / pairs for name, value in each.items()} if pairs else {}
    return {"words": words, **costs, **ratios, **yields}


def _pages(documents: Sequence[Coverage]) -> Metrics:
    """Return how many pages came to what, and the share that gave pairs."""
    pages = sum(len(document.pages) for document in documents)
    states = Counter(page.state for document in documents for page in document.pages)
    found = {f"pages_{state}": float(count) for state, count in sorted(states.items())}
    return {"pages": pages, **found, **({"page_coverage": states["kept"] / pages} if pages else {})}


def _by_name(prefix: str, counts: Mapping[str, int]) -> Metrics:
    return {f"{prefix}_{name}": count for name, count in sorted(counts.items())}

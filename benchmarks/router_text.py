"""Whether a router learns more from passages and descriptions, or without its ambiguous questions.

Writes `results/router_text.json`. Run `python -m benchmarks.router_text --data FOLDER`; FOLDER holds
`pdf-nimh`, `legal-india-qa`, `clinc150` and `question-writing`; the example library is measured without it
too. Whole passages are held out in turn, several times; all variants are asked the same questions, and a
difference comes with an interval over passages, since questions on one passage are right or wrong together.
"""

import argparse
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from benchmarks.machine import save
from benchmarks.router_sets import QuestionSet, all_sets
from tasks.kernel.settings import PROJECT
from tasks.models.sources import EmbeddedEncoder
from tasks.route.config import RouteConfig, RouterKind
from tasks.route.encoder.encoder_folders import encoder_folders
from tasks.route.encoder.pooling import embed_texts, read_encoder
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.material.ambiguous import marked
from tasks.route.material.further_text import description_text, source_text
from tasks.route.measure.labelled_questions import Questions
from tasks.route.measure.neighbours import with_groups
from tasks.route.measure.score import calibration_error
from tasks.route.single_config import SemanticRouter, TfidfRouter
from tasks.router_runtime.question_scores import Floats

LOG = logging.getLogger(__name__)
WORK = PROJECT / "artifacts" / "bench-router-text"
FOLDS, SEEDS, DRAWS = 4, (1, 2, 3), 2000
KINDS: Mapping[str, RouterKind] = {"tfidf": TfidfRouter(), "semantic": SemanticRouter()}
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "questions": (),
    "questions, not the ambiguous": ("unambiguous",),
    "and passages": ("passages",),
    "and descriptions": ("descriptions",),
    "and both": ("passages", "descriptions"),
    "and both, not the ambiguous": ("passages", "descriptions", "unambiguous"),
}
Booleans = NDArray[np.bool_]
Embed = Callable[[Sequence[str]], Floats]


@dataclass
class Tried:
    """What one variant said of every question, once a seed."""

    right: NDArray[np.float64]
    """(seeds, questions)."""
    confidence: NDArray[np.float64]


def main() -> None:
    """Measure every set, and write the results as they come."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", nargs="*", default=[], help="only these")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--name", default="router_text", help="name of the result file")
    asked = parser.parse_args()
    embed = cached_embeddings()
    figures: dict[str, object] = {}
    for one in all_sets(asked.data, WORK, asked.sets):
        figures[one.name] = measured(one, asked.kinds, asked.variants, asked.seeds, embed)
        save(asked.name, figures)


def cached_embeddings() -> Embed:
    """Return a function that embeds every text once."""
    reader = read_encoder(EmbeddedEncoder().folder(), 1, 512)
    known: dict[str, Floats] = {}

    def embed(texts: Sequence[str]) -> Floats:
        new = sorted(set(texts) - known.keys())
        if new:
            known.update(zip(new, embed_texts(reader, new), strict=True))
        return np.stack([known[text] for text in texts])

    return embed


def measured(
    one: QuestionSet, kinds: Sequence[str], variants: Sequence[str], seeds: Sequence[int], embed: Embed
) -> dict[str, object]:
    """Return the figures of every kind and variant on one set."""
    every = np.zeros(len(one.questions.texts), dtype=bool)
    if one.sources and any("ambiguous" in name for name in variants):
        every = marked({"test": one.questions}, one.sources, embed)["test"]
    rows: dict[str, dict[str, object]] = {kind: {} for kind in kinds}
    for kind, name in product(kinds, dict.fromkeys(["questions", *variants])):
        if not one.sources and {"passages", "unambiguous"} & set(VARIANTS[name]):
            continue
        tried = _cross_validated(one, KINDS[kind], VARIANTS[name], seeds, embed)
        if name == "questions":
            plain = tried
        rows[kind][name] = _figures(tried, plain, one, every)
        LOG.info("%s, %s: %s: %s", one.name, kind, name, json.dumps(rows[kind][name]))
    return {
        "questions": len(one.questions.texts),
        "domains": len(one.questions.domains),
        "passages": len(set(one.questions.groups)),
        "each": one.limit or len(one.questions.texts) * (FOLDS - 1) // FOLDS // len(one.questions.domains),
        "seeds": len(seeds),
        "ambiguous": int(every.sum()),
        "kinds": rows,
    }


def _cross_validated(
    one: QuestionSet, kind: RouterKind, variant: Sequence[str], seeds: Sequence[int], embed: Embed
) -> Tried:
    shape = (len(seeds), len(one.questions.texts))
    tried = Tried(np.zeros(shape), np.zeros(shape))
    for place, seed in enumerate(seeds):
        deal = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
        for inside, outside in deal.split(one.questions.texts, one.questions.labels, one.questions.groups):
            taught = _taught(one, _limited(inside, one, seed), variant, embed)
            config = RouteConfig(router=kind, ambiguous="unmarked")
            router = fit_router(
                taught, config, Resources(encoder_folders(kind), WORK / one.name, shared=WORK)
            )
            asked = one.questions.at(outside.tolist())
            found, shares = router.predict(asked.texts)
            tried.right[place, outside] = np.array(found) == np.array(asked.labels)
            tried.confidence[place, outside] = shares.max(axis=1)
    return tried


def _limited(inside: NDArray[np.intp], one: QuestionSet, seed: int) -> NDArray[np.intp]:
    """Return the training rows, so many of each domain at most."""
    if one.limit is None:
        return inside
    order = np.random.default_rng(seed).permutation(inside)
    labels = np.asarray(one.questions.labels)[order]
    kept = [order[labels == label][: one.limit] for label in one.questions.domains]
    return np.sort(np.concatenate(kept))


def _taught(one: QuestionSet, inside: NDArray[np.intp], variant: Sequence[str], embed: Embed) -> Questions:
    """Return the training rows; a source stands on the side of its questions."""
    train = one.questions.at(inside.tolist())
    taught = with_groups(train)
    groups = dict(zip(train.groups, taught.groups, strict=True))
    sources = [replace(some, split="train" if some.origin in groups else "test") for some in one.sources]
    if "unambiguous" in variant:
        out = marked({"train": train}, sources, embed)["train"]
        taught = replace(taught, uses=tuple("held_out" if mark else "both" for mark in out.tolist()))
    if "passages" in variant:
        taught = taught.joined(source_text(sources, sources, groups))
    if "descriptions" in variant:
        taught = taught.joined(description_text(one.descriptions, train.domains))
    return taught


def _figures(tried: Tried, plain: Tried, one: QuestionSet, ambiguous: Booleans) -> dict[str, object]:
    right = tried.right.mean(axis=0)
    gain, low, high = clustered(right - plain.right.mean(axis=0), one.questions.groups)
    accuracy, *interval = clustered(right, one.questions.groups)
    eces = [
        calibration_error(confidence, found.astype(bool))
        for confidence, found in zip(tried.confidence, tried.right, strict=True)
    ]
    return {
        "accuracy": round(accuracy, 4),
        "accuracy_interval": [round(end, 4) for end in interval],
        "gain": round(gain, 4),
        "gain_interval": [round(low, 4), round(high, 4)],
        "accuracy_by_seed": [round(float(one_seed), 4) for one_seed in tried.right.mean(axis=1)],
        "accuracy_unambiguous": round(float(right[~ambiguous].mean()), 4),
        "accuracy_ambiguous": round(float(right[ambiguous].mean()), 4) if ambiguous.any() else None,
        "ece": round(float(np.mean(eces)), 4),
        "ece_by_seed": [round(float(ece), 4) for ece in eces],
    }


def clustered(values: NDArray[np.float64], groups: Sequence[str]) -> tuple[float, float, float]:
    """Return the mean and its 95 % interval by resampling whole passages."""
    _, places = np.unique(np.asarray(groups), return_inverse=True)
    sums, counts = np.bincount(places, values), np.bincount(places)
    draw = np.random.default_rng(1)
    means = []
    for _ in range(DRAWS):
        rows = draw.integers(0, len(sums), len(sums))
        means.append(sums[rows].sum() / counts[rows].sum())
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


if __name__ == "__main__":
    main()

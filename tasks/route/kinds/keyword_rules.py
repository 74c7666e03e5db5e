"""Find the words that give a domain away: labelled questions in, a `KeywordScorer` out.

Rules are given, or learned with the strictness that keeps their promise on questions they were not learned
from: words in more and more questions are asked for until the precision is reached.
"""

import logging
from collections import Counter, defaultdict
from itertools import count
from math import ceil

import numpy as np

from tasks.kernel.errors import ConfigError
from tasks.route.composite_config import KeywordRouter
from tasks.route.kinds.tuning import folds
from tasks.route.kinds.uncalibrated import HeldOutScores, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.router_runtime.keywords import KeywordPart, KeywordScorer
from tasks.router_runtime.question_scores import QuestionScores
from tasks.text.words import runs

LOG = logging.getLogger(__name__)
_FOLDS, _SEED = 3, 42

Found = dict[str, Counter[str]]
"""By word, the number of questions of each domain that it occurs in."""


def fit_keywords(train: Questions, config: KeywordRouter) -> UncalibratedRouter:
    """Take the given rules, or learn some; raise ConfigError for rules of a domain that is not there."""
    labels = tuple(train.domains)
    if not config.rules:
        return _learned(train, labels, config)
    if unknown := sorted(set(config.rules) - set(labels)):
        raise ConfigError(f"`rules.{unknown[0]}`: no such domain; choose among {', '.join(labels)}")
    rules = [{" ".join(runs(phrase)) for phrase in config.rules.get(label, ())} for label in labels]
    scorer = KeywordScorer(KeywordPart(rules=tuple(tuple(sorted(phrases)) for phrases in rules)))
    # Nothing was learned from the training questions, so all of them are held out.
    asked = train.asked()
    return UncalibratedRouter(labels, scorer, HeldOutScores(asked, scorer.score(asked.texts)))


def _learned(train: Questions, labels: tuple[str, ...], config: KeywordRouter) -> UncalibratedRouter:
    splits = folds(train, _FOLDS, _SEED)
    held = train.at(np.concatenate([rows for _, rows in splits]))
    sides = [(_find(train.at(rest)), train.at(rows)) for rest, rows in splits]
    targets = np.array([labels.index(label) for label in held.labels])
    # Doubled until the held-out questions confirm the precision; at the latest no word is left.
    for doublings in count():
        least = config.min_questions * 2**doublings
        scores = np.concatenate(
            [_choose(found, labels, config, least).score(some.texts).scores for found, some in sides]
        )
        hit = scores.max(axis=1) > 0
        right = (scores.argmax(axis=1) == targets)[hit]
        if right.sum() >= config.min_precision * len(right):
            break
    LOG.info("keywords: %d of %d questions hit, %d of them rightly", len(right), len(hit), right.sum())
    if not len(right):
        LOG.warning("no word gives a domain away; give `rules`, or lower `min_precision` or `min_questions`")
    # As strict as in the parts: with more questions, each word has more chances to reach a number.
    parts = len(splits)
    scorer = _choose(_find(train.fitting()), labels, config, ceil(least * parts / (parts - 1)))
    return UncalibratedRouter(
        labels, scorer, HeldOutScores(held, QuestionScores.of(scores, scores.max(axis=1, keepdims=True)))
    )


def _find(questions: Questions) -> Found:
    found: Found = defaultdict(Counter)
    for text, label in zip(questions.texts, questions.labels, strict=True):
        for word in set(runs(text)):
            found[word][label] += 1
    return found


def _choose(found: Found, labels: tuple[str, ...], config: KeywordRouter, least: int) -> KeywordScorer:
    rules: dict[str, list[str]] = {label: [] for label in labels}
    for word, questions in sorted(found.items()):
        label, times = questions.most_common(1)[0]
        if times >= max(least, config.min_precision * questions.total()):
            rules[label].append(word)
    return KeywordScorer(KeywordPart(rules=tuple(tuple(rules[label]) for label in labels)))

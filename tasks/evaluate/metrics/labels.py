"""Score answers that name one of a few labels: decisions and classes.

In: answers, references and the labels. Out: whether each answer names its reference's label, and counts for
the F-measure of each label. An answer names the label that it begins with, or the only one that it has
anywhere.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import ClassificationAccuracy, DecisionAccuracy, MacroF1
from tasks.evaluate.metrics.measure import Counts, Found, Measure, Questions, Texts, compares
from tasks.kernel.errors import DataError
from tasks.statistics.bootstrap import Floats
from tasks.text.words import find_words

Words = tuple[str, ...]
_RIGHT, _WRONG, _MISSED = range(3)
"""What is counted of each label: named rightly, named wrongly, missed."""


def decision_accuracy(settings: DecisionAccuracy) -> Measure:
    """Return whether each answer decides as its reference."""
    decisions = settings.decisions

    def agrees(answer: str, question: Question) -> float:
        return float(named_label(answer, decisions) == named_label(question.reference, decisions))

    accept = partial(_require_label, decisions, "decision_accuracy.decisions")
    return Measure(compares("decision_accuracy", agrees).score, accept=accept)


def classification_accuracy(settings: ClassificationAccuracy) -> Measure:
    """Return whether each answer names the label of its reference."""
    accept = settings.labels and partial(_require_label, settings.labels, "classification_accuracy.labels")
    return Measure(partial(_accuracy, settings.labels), accept=accept or None)


def macro_f1(settings: MacroF1) -> Measure:
    """Return counts whose sums give the mean F-measure over the labels."""
    accept = settings.labels and partial(_require_label, settings.labels, "macro_f1.labels")
    return Measure(partial(_macro_f1, settings.labels), accept=accept or None)


def named_label(text: str, labels: Sequence[str]) -> str | None:
    """Return the label that a text begins with, longest first, or the only one in it; none: no such label."""
    words, forms = _words(text), {label: _words(label) for label in labels}
    longest = sorted(labels, key=lambda label: -len(forms[label]))
    first = next((label for label in longest if words[: len(forms[label])] == forms[label]), None)
    if first is not None:
        return first
    found = [label for label in labels if _holds(words, forms[label])]
    return found[0] if len(found) == 1 else None


def _words(text: str) -> Words:
    return tuple(word.casefold() for word in find_words(text.replace("_", " "))) or (text.strip(),)


def _holds(words: Words, part: Words) -> bool:
    return any(words[at : at + len(part)] == part for at in range(len(words) - len(part) + 1))


def _require_label(labels: Sequence[str], field: str, question: Question) -> None:
    if named_label(question.reference, labels) is None:
        raise DataError(
            f"{question.domain}: the reference answer to {question.id} names none of {', '.join(labels)};"
            f" correct it, or name its label in `{field}`"
        )


def _named(
    labels: Sequence[str] | None, answers: Texts, questions: Questions
) -> list[tuple[str | None, str | None]]:
    """Return the label that each answer names, and the right one."""
    known = labels or sorted({question.reference for question in questions})
    return [
        (named_label(answer, known), named_label(question.reference, known) if labels else question.reference)
        for answer, question in zip(answers, questions, strict=True)
    ]


def _accuracy(labels: Sequence[str] | None, answers: Texts, questions: Questions) -> Found:
    named = _named(labels, answers, questions)
    return {"classification_accuracy": [float(said == right) for said, right in named]}


def _macro_f1(labels: Sequence[str] | None, answers: Texts, questions: Questions) -> Found:
    named = _named(labels, answers, questions)
    places = {
        label: at for at, label in enumerate(dict.fromkeys(one for pair in named for one in pair if one))
    }
    rows = np.zeros((len(named), len(places), 3))
    for row, (said, right) in zip(rows, named, strict=True):
        if said is not None:
            row[places[said], _RIGHT if said == right else _WRONG] = 1
        if right is not None and said != right:
            row[places[right], _MISSED] = 1
    return {"macro_f1": Counts(rows, _mean_f1)}


def _mean_f1(counts: Floats) -> Floats:
    """Return the mean F-measure of the labels that occur, from (..., labels, 3) counts."""
    right, all_ = counts[..., _RIGHT], counts.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        scores = 2 * right / (right + all_)
    return np.asarray(np.nanmean(scores, axis=-1), dtype=np.float64)

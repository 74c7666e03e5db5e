"""Score answers by every metric that was asked for, and say how surely.

In: answers and references. Out: scores by metric. A metric that gives each answer a score becomes a mean with
its interval, and two models are compared answer by answer; one that gives a single figure stays one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import evaluate
import numpy as np

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.metrics.text_metrics import load_metric
from tasks.kernel.errors import ConfigError
from tasks.records.estimate import Estimate, Score
from tasks.statistics.bootstrap import Bootstrap

_TRIAL = (("a word", "a word"), ("another", "more words"), ("the last one", "one"))
"""Answers with references that show what a module returns."""
Texts = Sequence[str]


@dataclass(frozen=True)
class Tried:
    """A module, and what it returns: keys of its result by the names that its scores get."""

    module: evaluate.EvaluationModule
    by_answer: Mapping[str, str]
    whole: Mapping[str, str]


@dataclass(frozen=True)
class Scorer:
    """Compares answers with references."""

    bootstrap: Bootstrap
    tried: Sequence[Tried]

    def scores(self, answers: Texts, references: Texts) -> dict[str, Score]:
        """Return every score of the answers."""
        found: dict[str, Score] = {}
        for one, result in self._results(self.tried, answers, references):
            found |= {name: self.bootstrap.mean(result[key]) for name, key in one.by_answer.items()}
            found |= {name: float(result[key]) for name, key in one.whole.items()}
        return found

    def by_answer(self, answers: Texts, references: Texts) -> dict[str, list[float]]:
        """Return a score of each answer, by those metrics that give one."""
        single = [one for one in self.tried if one.by_answer]
        return {
            name: [float(score) for score in result[key]]
            for one, result in self._results(single, answers, references)
            for name, key in one.by_answer.items()
        }

    def gains(self, ours: Texts, theirs: Texts, references: Texts) -> dict[str, Estimate]:
        """Return how much higher our answers score than theirs to the same questions."""
        mine, other = (self.by_answer(answers, references) for answers in (ours, theirs))
        return {name: self.bootstrap.mean(np.subtract(mine[name], other[name]).tolist()) for name in mine}

    def _results(
        self, modules: Sequence[Tried], answers: Texts, references: Texts
    ) -> Iterator[tuple[Tried, Mapping[str, Any]]]:
        for one in modules:
            yield one, one.module.compute(predictions=list(answers), references=list(references))


def load_scorer(config: EvaluateConfig, files: Mapping[str, Path], scratch: Path) -> Scorer:
    """Load and try every metric, so that one that cannot be used is named before anything is measured.

    `files` are the user's own modules by their names in `metrics`. Raises ConfigError.
    """
    names = [name for name in dict.fromkeys(config.metrics) if name != "perplexity"]
    tried = [_tried(name, load_metric(name, files.get(name), scratch)) for name in names]
    return Scorer(Bootstrap(config.bootstrap_samples, config.confidence, config.seed), tried)


def _tried(name: str, module: evaluate.EvaluationModule) -> Tried:
    answers, references = map(list, zip(*_TRIAL, strict=True))
    try:
        result = module.compute(predictions=answers, references=references)
    except (ValueError, TypeError, LookupError) as error:
        raise ConfigError(
            f"`metrics`: {name} compares no answers with reference answers ({error}); leave it out"
        ) from error
    by_answer = [key for key, value in result.items() if _is_list(value)]
    whole = [key for key, value in result.items() if isinstance(value, Real)]
    if not by_answer and not whole:
        raise ConfigError(f"`metrics`: {name} returns no figure, only {', '.join(result)}; leave it out")
    short = Path(name).stem
    alone = len(by_answer) + len(whole) == 1
    labels = {key: short if alone or key == short else f"{short}_{key}" for key in (*by_answer, *whole)}
    return Tried(module, {labels[key]: key for key in by_answer}, {labels[key]: key for key in whole})


def _is_list(value: object) -> bool:
    """Whether it is one number for each answer of the trial."""
    return (
        isinstance(value, list | tuple | np.ndarray)
        and len(value) == len(_TRIAL)
        and all(isinstance(one, Real) for one in value)
    )

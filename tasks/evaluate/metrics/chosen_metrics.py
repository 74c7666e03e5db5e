"""Score answers by every metric that was asked for, and say how surely.

In: answers and their questions. Out: scores by metric. A metric that gives each answer a score becomes a mean
with its interval, and two models are compared answer by answer; one that gives a single figure stays one.
Questions of several domains are scored by what these have in common.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.questions import Question, passages
from tasks.evaluate.metrics.measure import Counts, Measure, One, Questions, Samples, Texts
from tasks.evaluate.metrics.measures import measure
from tasks.kernel.errors import ConfigError, DataError
from tasks.records.estimate import Estimate, Score
from tasks.statistics.bootstrap import Bootstrap


@dataclass(frozen=True)
class Scorer:
    """Scores answers to questions."""

    bootstrap: Bootstrap
    """Over questions."""
    resampled: Literal["passages", "questions"]
    usual: Sequence[Measure]
    of_domain: Mapping[str, Sequence[Measure]]
    """Of those domains that are scored by others than the usual ones."""

    def over(self, questions: Questions) -> Bootstrap:
        """Return the bootstrap for figures on these questions."""
        groups = passages(questions)
        by_passage = self.resampled == "passages" and len(set(groups)) >= self.bootstrap.fewest
        return self.bootstrap.grouped(groups) if by_passage else self.bootstrap

    def require(self, questions: Questions) -> None:
        """Raise DataError where a question lacks what it is scored by, ConfigError for an unknown domain."""
        domains = dict.fromkeys(question.domain for question in questions)
        if unknown := sorted(set(self.of_domain) - set(domains)):
            raise ConfigError(
                f"`domain_metrics`: there is no domain {unknown[0]} (there are {', '.join(domains)})"
            )
        for question in questions:
            for one in self._measures(question.domain):
                _require(one, question)

    def scores(self, answers: Texts, questions: Questions, samples: Samples = ()) -> dict[str, Score]:
        """Return every score of the answers; `samples` are further answers to each question."""
        bootstrap = self.over(questions)
        return {name: _score(found, bootstrap) for name, found in self._found(answers, questions, samples)}

    def by_answer(
        self, answers: Texts, questions: Questions, samples: Samples = ()
    ) -> list[dict[str, float]]:
        """Return the scores of each answer by its own domain's metrics, as far as these give one."""
        rows: list[dict[str, float]] = [{} for _ in answers]
        groups: dict[tuple[str, bool], list[int]] = {}
        for place, question in enumerate(questions):
            groups.setdefault((question.domain, any(samples[place : place + 1])), []).append(place)
        for (_, drawn), places in groups.items():
            said, asked = [answers[place] for place in places], [questions[place] for place in places]
            more = [samples[place] for place in places] if drawn else ()
            for name, found in self._found(said, asked, more, paired=True):
                if isinstance(found, list):
                    for place, score in zip(places, found, strict=True):
                        rows[place][name] = score
        return rows

    def gains(
        self, ours: Texts, theirs: Texts, questions: Questions, samples: tuple[Samples, Samples] = ((), ())
    ) -> dict[str, Estimate]:
        """Return how much higher our answers score than theirs to the same questions."""
        mine, other = (
            dict(self._found(answers, questions, more, paired=True))
            for answers, more in zip((ours, theirs), samples, strict=True)
        )
        bootstrap = self.over(questions)
        gained = {name: _gain(found, other[name], bootstrap) for name, found in mine.items()}
        return {name: gain for name, gain in gained.items() if gain is not None}

    def _measures(self, domain: str) -> Sequence[Measure]:
        return self.of_domain.get(domain, self.usual)

    def _found(
        self, answers: Texts, questions: Questions, samples: Samples = (), *, paired: bool = False
    ) -> Iterator[tuple[str, One]]:
        first, *others = (self._measures(name) for name in dict.fromkeys(one.domain for one in questions))
        for one in first:
            if (one.paired or not paired) and all(one in measures for measures in others):
                yield from one.score(answers, questions).items()
                if one.sampled and samples and all(samples):
                    yield from one.sampled(samples, questions).items()


def load_scorer(config: EvaluateConfig, files: Mapping[str, Path], scratch: Path) -> Scorer:
    """Load and try every metric, so that one that cannot be used is named before anything is measured.

    `files` are the user's own modules, schemas and databases by their names in the configuration. Raises
    ConfigError, UnsupportedError and ModelError.
    """
    chosen = {name: config.metrics_of(name) for name in ("", *config.domain_metrics)}
    made = {one: measure(one, files, scratch) for metrics in chosen.values() for one in metrics}
    found = {name: [made[one] for one in metrics] for name, metrics in chosen.items()}
    bootstrap = Bootstrap(config.bootstrap_samples, config.confidence, config.seed)
    return Scorer(bootstrap, config.resampled, found.pop(""), found)


def _score(found: One, bootstrap: Bootstrap) -> Score:
    if isinstance(found, list):
        return bootstrap.mean(found)
    return bootstrap.statistic(found.rows, found.of) if isinstance(found, Counts) else found


def _gain(mine: One, other: One, bootstrap: Bootstrap) -> Estimate | None:
    if isinstance(mine, list) and isinstance(other, list):
        return bootstrap.mean(np.subtract(mine, other).tolist())
    if isinstance(mine, Counts) and isinstance(other, Counts):
        return bootstrap.statistic_difference(mine.rows, other.rows, mine.of)
    return None


def _require(measure: Measure, question: Question) -> None:
    if measure.needs and not question.checks.get(measure.needs):
        raise DataError(
            f"{question.domain}: question {question.id} has no `{measure.needs}` to check its answers with;"
            f" name a column in `dataset.checks.{measure.needs}`, or score this domain by other metrics in"
            " `evaluate.domain_metrics`"
        )
    if measure.accept:
        measure.accept(question)

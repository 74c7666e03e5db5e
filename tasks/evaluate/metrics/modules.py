"""Ask modules of the `evaluate` library, or of a user's own file, for scores.

In: a name or a file. Out: a measure. Each module is tried on a few words, because only what it returns tells
whether it scores each answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import evaluate
import numpy as np

from tasks.evaluate.metric_config import OWN
from tasks.evaluate.metrics.measure import Found, Measure, Questions, Texts
from tasks.kernel.errors import ConfigError

_TRIAL = (("a word", "a word"), ("another", "more words"), ("the last one", "one"))
"""Answers with references that show what a module returns."""


def module(name: str, file: Path | None, scratch: Path) -> Measure:
    """Return what asks the module; raise ConfigError where it is not here or scores no answers."""
    return _tried(name, _loaded(name, file, scratch))


@dataclass(frozen=True)
class _Tried:
    """A module, and what it returns: keys of its result by the names that its scores get."""

    module: evaluate.EvaluationModule
    by_answer: Mapping[str, str]
    whole: Mapping[str, str]

    def __call__(self, answers: Texts, questions: Questions) -> Found:
        references = [question.reference for question in questions]
        result = self.module.compute(predictions=list(answers), references=references)
        found: dict[str, list[float] | float] = {}
        found |= {name: [float(score) for score in result[key]] for name, key in self.by_answer.items()}
        found |= {name: float(result[key]) for name, key in self.whole.items()}
        return found


def _loaded(name: str, file: Path | None, scratch: Path) -> evaluate.EvaluationModule:
    try:
        return evaluate.load(str(file or name), keep_in_memory=True, cache_dir=str(scratch))
    except (OSError, ImportError, ValueError, TypeError) as error:
        known = ", ".join(OWN)
        raise ConfigError(
            f"`metrics`: {name} cannot be loaded ({_first_line(error)}); write {known} or a .py file of your"
            f" own, or run `evaluate.load({name!r})` once with a network, for the library to keep it"
        ) from error


def _tried(name: str, loaded: evaluate.EvaluationModule) -> Measure:
    answers, references = map(list, zip(*_TRIAL, strict=True))
    try:
        result = loaded.compute(predictions=answers, references=references)
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
    tried = _Tried(loaded, {labels[key]: key for key in by_answer}, {labels[key]: key for key in whole})
    return Measure(tried, paired=bool(by_answer))


def _is_list(value: object) -> bool:
    """Whether it is one number for each answer of the trial."""
    return (
        isinstance(value, list | tuple | np.ndarray)
        and len(value) == len(_TRIAL)
        and all(isinstance(one, Real) for one in value)
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")

"""Make of each configured metric what the scorer asks.

In: a metric of the configuration, and the user's files by name. Out: a measure. A new metric of ours is a
function with its case here.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import assert_never, cast, get_args

from tasks.evaluate.metric_config import (
    Chosen,
    ClassificationAccuracy,
    CodeBleu,
    DecisionAccuracy,
    JsonSchema,
    Judge,
    MacroF1,
    Metric,
    PassAtK,
    SemanticSimilarity,
    Settings,
    SqlExecution,
)
from tasks.evaluate.metrics.code_similarity import codebleu
from tasks.evaluate.metrics.json_answers import json_schema, json_valid
from tasks.evaluate.metrics.judge import judge
from tasks.evaluate.metrics.labels import classification_accuracy, decision_accuracy, macro_f1
from tasks.evaluate.metrics.measure import Found, Measure, Questions, Texts, compares
from tasks.evaluate.metrics.modules import module
from tasks.evaluate.metrics.programs import passing_tests
from tasks.evaluate.metrics.similarity import semantic_similarity
from tasks.evaluate.metrics.sql_answers import sql_execution
from tasks.evaluate.metrics.text_metrics import bleu, chrf, exact_match, rouge_l, token_f1

Compare = Callable[[Sequence[str], Sequence[str]], list[float] | float]


def measure(metric: Chosen, files: Mapping[str, Path], scratch: Path) -> Measure:
    """Return what scores answers by a metric.

    Raises ConfigError for a module or a file that cannot be used, UnsupportedError where programs cannot be
    run safely, ModelError where a model is missing, ServiceError where a judge gives no marks.
    """
    if not isinstance(metric, str):
        return _configured(metric, files)
    if metric in get_args(Metric):
        return _own(cast("Metric", metric))
    return module(metric, files.get(metric), scratch)


def _configured(metric: Settings, files: Mapping[str, Path]) -> Measure:  # noqa: C901, PLR0911  one for each kind
    match metric:
        case PassAtK():
            return passing_tests(metric)
        case DecisionAccuracy():
            return decision_accuracy(metric)
        case ClassificationAccuracy():
            return classification_accuracy(metric)
        case MacroF1():
            return macro_f1(metric)
        case JsonSchema():
            return json_schema(metric, files)
        case SqlExecution():
            return sql_execution(metric, files)
        case CodeBleu():
            return codebleu(metric)
        case SemanticSimilarity():
            return semantic_similarity()
        case Judge():
            return judge(metric)
    assert_never(metric)


def _own(name: Metric) -> Measure:
    match name:
        case "rouge_l":
            return _compares(name, rouge_l)
        case "bleu":
            return Measure(partial(_compared, name, bleu), paired=False)
        case "exact_match":
            return _compares(name, exact_match)
        case "token_f1":
            return _compares(name, token_f1)
        case "chrf":
            return _compares(name, chrf)
        case "json_valid":
            return compares(name, json_valid)
        case "perplexity":
            raise AssertionError(name)
    assert_never(name)


def _compares(name: str, compare: Compare) -> Measure:
    return Measure(partial(_compared, name, compare))


def _compared(name: str, compare: Compare, answers: Texts, questions: Questions) -> Found:
    return {name: compare(answers, [question.reference for question in questions])}

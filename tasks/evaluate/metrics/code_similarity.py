"""Score generated code by how it resembles the reference: n-grams, keywords, syntax trees and data flow.

In: answers and references. Out: CodeBLEU of each answer (Ren et al., 2020, arXiv:2009.10297), the mean of the
four parts that the package `codebleu` measures. Its own sum counts a data flow of which nothing matches as if
all did; here a part is left out only where the reference has no data flow.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from statistics import fmean

import tree_sitter_python
from codebleu import calc_codebleu
from tree_sitter import Language, Parser

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import CodeBleu
from tasks.evaluate.metrics.code_blocks import code_of
from tasks.evaluate.metrics.measure import Measure, compares

_PARTS = ("ngram_match_score", "weighted_ngram_match_score", "syntax_match_score")
_FLOW = "dataflow_match_score"
_DEEPEST = 400
"""Nodes above one another in a syntax tree: no program has more, and comparing takes the square of them."""
_LOG = logging.getLogger()


def codebleu(settings: CodeBleu) -> Measure:
    """Return the CodeBLEU of each answer, 0 to 1."""
    scored = cache(partial(_codebleu, settings.language))

    def one(answer: str, question: Question) -> float:
        return scored(code_of(answer), code_of(question.reference))

    return compares("codebleu", one)


def _codebleu(language: str, answer: str, reference: str) -> float:
    if _too_deep(answer):
        return 0.0
    with _quiet():
        flows = _parts(language, reference, reference)[_FLOW] > 0
        parts = _parts(language, answer, reference)
    return fmean(parts[name] for name in (*_PARTS, *([_FLOW] if flows else [])))


def _too_deep(code: str) -> bool:
    cursor = Parser(Language(tree_sitter_python.language())).parse(code.encode("utf-8", "replace")).walk()
    depth = 0
    while depth <= _DEEPEST:
        if cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            depth -= 1
    return True


def _parts(language: str, answer: str, reference: str) -> dict[str, float]:
    found: dict[str, float] = calc_codebleu([reference], [answer], lang=language)
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the package from warning of each reference without data flow."""
    _LOG.addFilter(_not_of_flows)
    try:
        yield
    finally:
        _LOG.removeFilter(_not_of_flows)


def _not_of_flows(record: logging.LogRecord) -> bool:
    return "data-flow" not in record.getMessage()

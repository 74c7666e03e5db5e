"""Compare generated answers with reference answers, by the metrics that the configuration names.

In: names. Out: modules of the `evaluate` library, so that our own metrics and any of the library's are asked
alike. A new metric of ours is a function of answers and references with its case below: it returns a score
for each answer, or one for all.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import assert_never, cast, get_args

import evaluate
import sacrebleu
from datasets import Features, Value
from rouge_score import rouge_scorer, tokenizers

from tasks.evaluate.config import Metric
from tasks.kernel.errors import ConfigError
from tasks.text.segments import unspaced
from tasks.text.words import find_words

Compare = Callable[[Sequence[str], Sequence[str]], list[float] | float]
_OWN = get_args(Metric)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = str.maketrans("", "", string.punctuation)


class TextMetric(evaluate.Metric):  # type: ignore[misc]  # the library has no types
    """A function of answers and references behind the library's interface."""

    def __init__(self, label: str, compare: Compare, scratch: Path) -> None:
        self._label, self._compare = label, compare
        super().__init__(keep_in_memory=True, cache_dir=str(scratch))

    def _info(self) -> evaluate.MetricInfo:
        texts = Features({"predictions": Value("string"), "references": Value("string")})
        description = str(self._compare.__doc__)
        return evaluate.MetricInfo(
            description=description, citation="", inputs_description="", features=texts
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, list[float] | float]:
        return {self._label: self._compare(predictions, references)}


def load_metric(name: str, file: Path | None, scratch: Path) -> evaluate.EvaluationModule:
    """Return our own metric of that name, the module in the user's `file`, or the library's module.

    Raises ConfigError where the library has no such module on this machine.
    """
    if name in _OWN:
        return TextMetric(name, _compare(cast("Metric", name)), scratch)
    try:
        return evaluate.load(str(file or name), keep_in_memory=True, cache_dir=str(scratch))
    except (OSError, ImportError, ValueError, TypeError) as error:
        known = ", ".join(_OWN)
        raise ConfigError(
            f"`metrics`: {name} cannot be loaded ({_first_line(error)}); write {known} or a .py file of your"
            f" own, or run `evaluate.load({name!r})` once with a network, for the library to keep it"
        ) from error


def _compare(name: Metric) -> Compare:
    match name:
        case "rouge_l":
            return rouge_l
        case "bleu":
            return bleu
        case "exact_match":
            return exact_match
        case "token_f1":
            return token_f1
        case "perplexity":
            raise AssertionError(name)
    assert_never(name)


def rouge_l(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return the ROUGE-L F-measure of each answer, 0 to 1 (Lin, 2004; rouge-score, no stemming)."""
    return [_rouge_l(*pair) for pair in zip(answers, references, strict=True)]


@cache
def _rouge_l(answer: str, reference: str) -> float:
    # The tokenizer is named because the library logs a line each time it falls back to this one.
    scorer = rouge_scorer.RougeScorer(["rougeL"], tokenizer=tokenizers.DefaultTokenizer(use_stemmer=False))
    return float(scorer.score(reference, answer)["rougeL"].fmeasure)


def bleu(answers: Sequence[str], references: Sequence[str]) -> float:
    """Return corpus BLEU, 0 to 100 (Papineni et al., 2002; Post, 2018; sacrebleu's defaults)."""
    return float(sacrebleu.corpus_bleu(list(answers), [list(references)]).score)


def exact_match(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return 1 for each answer that is its reference but for case, marks, articles and spaces, else 0.

    As SQuAD scores it (Rajpurkar et al., 2016).
    """
    return [
        float(_normalized(answer) == _normalized(reference))
        for answer, reference in zip(answers, references, strict=True)
    ]


def token_f1(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return the F-measure of the words that each answer shares with its reference, as SQuAD scores it."""
    return [_token_f1(*map(_normalized, pair)) for pair in zip(answers, references, strict=True)]


def _token_f1(answer: list[str], reference: list[str]) -> float:
    if not answer or not reference:
        return float(answer == reference)
    shared = (Counter(answer) & Counter(reference)).total()
    return 2 * shared / (len(answer) + len(reference))


def _normalized(text: str) -> list[str]:
    plain = _ARTICLES.sub(" ", text.lower().translate(_MARKS))
    return find_words(plain) if unspaced(plain) else plain.split()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")

"""Compare generated answers with reference answers, text with text.

In: answers and references. Out: a score for each answer, or one for all.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import cache

import sacrebleu
from rouge_score import rouge_scorer, tokenizers

from tasks.text.segments import unspaced
from tasks.text.words import find_words

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = str.maketrans("", "", string.punctuation)


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


def chrf(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return the chrF of each answer, 0 to 100 (Popovic, 2015; sacrebleu's defaults, each alone)."""
    return [
        float(sacrebleu.sentence_chrf(answer, [reference]).score)
        for answer, reference in zip(answers, references, strict=True)
    ]


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

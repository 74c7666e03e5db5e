"""Compare generated answers with reference answers, by the usual libraries.

In: texts. Out: ROUGE-L F-measure of each answer (0 to 1; rouge-score, no stemming) and
corpus BLEU (0 to 100; sacrebleu's defaults), the two numbers that other reports can be
compared with.
"""

from collections.abc import Sequence

import sacrebleu
from rouge_score import rouge_scorer, tokenizers


def rouge_l(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return the ROUGE-L F-measure of each answer (Lin, 2004)."""
    # The tokenizer is named because the library logs a line each time it falls back to this one.
    scorer = rouge_scorer.RougeScorer(["rougeL"], tokenizer=tokenizers.DefaultTokenizer(use_stemmer=False))
    pairs = zip(answers, references, strict=True)
    return [float(scorer.score(reference, answer)["rougeL"].fmeasure) for answer, reference in pairs]


def bleu(answers: Sequence[str], references: Sequence[str]) -> float:
    """Return corpus BLEU (Papineni et al., 2002; Post, 2018)."""
    return float(sacrebleu.corpus_bleu(list(answers), [list(references)]).score)

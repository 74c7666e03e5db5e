"""Score answers by how near they are to their references in meaning.

In: answers and references. Out: a cosine each, of vectors of all-MiniLM-L6-v2 from its package, which are
made once a text.
"""

from collections.abc import Iterable

import numpy as np

from tasks.evaluate.metrics.measure import Found, Measure, Questions, Texts
from tasks.models.embedded import embedded_encoder_folder
from tasks.statistics.bootstrap import Floats


def semantic_similarity() -> Measure:
    """Return the cosine of each answer and its reference, -1 to 1 (Reimers & Gurevych, 2019).

    Raises ModelError where the encoder's package is missing.
    """
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(embedded_encoder_folder()), trust_remote_code=False)
    known: dict[str, Floats] = {}

    def learn(texts: Iterable[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        found = encoder.encode(new, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
        known.update(zip(new, np.asarray(found, dtype=np.float64), strict=True))

    def score(answers: Texts, questions: Questions) -> Found:
        references = [question.reference for question in questions]
        learn([*answers, *references])
        pairs = zip(answers, references, strict=True)
        return {"semantic_similarity": [float(known[answer] @ known[wanted]) for answer, wanted in pairs]}

    return Measure(score)

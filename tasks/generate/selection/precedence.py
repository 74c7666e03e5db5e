"""Say which of two pairs stays where both cannot.

In: candidates. Out: a rank. What a person has read stands above what a data set holds out, because others
compare with that, this above other ready-made examples, and these above what a teacher wrote.
"""

from tasks.records.dataset import Candidate

REVIEWED, HELD_OUT, READY, WRITTEN = 3, 2, 1, 0
_EDITED = ", edited"


def precedence(candidate: Candidate) -> int:
    """Return the rank of a candidate; the higher one stays."""
    example = candidate.example
    if candidate.reviewed or example.teacher.endswith(_EDITED):
        return REVIEWED
    if example.passage:
        return WRITTEN
    return HELD_OUT if example.split in {"test", "validation"} else READY

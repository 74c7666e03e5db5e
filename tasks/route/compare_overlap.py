"""Which test questions training has all but seen: both sides in, two masks over the test questions out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.route.neighbours import leak_report
from tasks.route.questions import Questions, plain

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Overlap:
    """Leaks between two sides."""

    repeated: Mask
    """Word for word among the training questions."""
    near: Mask
    """Nearly so, and not word for word."""

    @property
    def clean(self) -> Mask:
        """Return which test questions are neither."""
        return ~(self.repeated | self.near)


def overlap(train: Questions, test: Questions) -> Overlap:
    """Compare every test question with every training question, whatever their domains."""
    seen = set(map(plain, train.texts))
    repeated = np.array([plain(text) in seen for text in test.texts])
    near = np.zeros(len(test.texts), dtype=np.bool_)
    near[leak_report(train, test).positions] = True
    return Overlap(repeated, near & ~repeated)

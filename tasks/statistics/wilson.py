"""How sure a share is: counts in, the interval around their share out.

The only interval for shares: figures of stages, of the report and of benchmarks stand side by side.
"""

from math import sqrt

from scipy.special import ndtri


def wilson(right: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval (1927) of a share, sensible for few questions and shares near 0 and 1.

    Of no questions, everything from 0 to 1.
    """
    if total == 0:
        return 0.0, 1.0
    z = float(ndtri(0.5 + 0.5 * confidence))
    share, denominator = right / total, 2 * (total + z**2)
    middle = (2 * total * share + z**2) / denominator
    half = z / denominator * sqrt(4 * total * share * (1 - share) + z**2)
    return (0.0 if right == 0 else middle - half), (1.0 if right == total else middle + half)

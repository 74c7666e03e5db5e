"""Pins that the interval of a share is Wilson's, to the last digit of scipy's."""

import pytest
from scipy.stats import binomtest

from tasks.statistics.wilson import wilson


def test_interval_matches_published_values() -> None:
    # Newcombe (1998), method 3: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975])
def test_interval_is_the_one_of_scipy(confidence: float) -> None:
    for right in range(41):
        assert wilson(right, 40, confidence) == binomtest(right, 40).proportion_ci(
            confidence, method="wilson"
        )

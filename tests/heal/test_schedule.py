"""The schedule: the learning rate rises and falls in a line, and validation comes at even distances."""

import pytest

from tasks.heal.config import Schedule

pytestmark = pytest.mark.models


def test_the_rate_rises_to_its_peak_and_falls_towards_its_final_share() -> None:
    from tasks.heal.distillation import learning_rate

    schedule = Schedule(learning_rate=1.0, warmup_steps=3, final_share=0.1)
    rates = [learning_rate(schedule, step, 13) for step in range(13)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[4:] == pytest.approx([1 - 0.09 * passed for passed in range(1, 10)])


def test_a_share_of_one_keeps_the_rate() -> None:
    from tasks.heal.distillation import learning_rate

    schedule = Schedule(learning_rate=0.5, warmup_steps=0, final_share=1.0)
    assert {learning_rate(schedule, step, 7) for step in range(7)} == {0.5}


@pytest.mark.parametrize(("steps", "marks"), [(12, {4, 8, 12}), (2, {1, 2}), (1, {1}), (0, set())])
def test_validation_comes_at_even_distances_and_last_of_all(steps: int, marks: set[int]) -> None:
    from tasks.heal.distillation import Lesson

    assert Lesson([[]] * steps, [], Schedule(validations=3), bfloat16=False).marks == marks

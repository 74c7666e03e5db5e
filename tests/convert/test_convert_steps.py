"""Progress: it only goes forward, stays within each step's share and ends full."""

from collections.abc import Callable

from tasks.convert.steps import StepCounter


def reports(play: Callable[[StepCounter], None]) -> list[tuple[int, int, str]]:
    calls: list[tuple[int, int, str]] = []
    play(StepCounter(lambda done, total, unit: calls.append((done, total, unit)), {"trace": 2, "pack": 1}))
    return calls


def test_extra_ticks_stay_within_their_step() -> None:
    def play(steps) -> None:
        steps.begin("trace")
        for _ in range(5):
            steps.tick()

    assert reports(play)[-1] == (2, 3, "trace")


def test_a_step_begins_where_the_one_before_ends() -> None:
    assert reports(lambda steps: steps.begin("pack")) == [(2, 3, "pack")]


def test_the_end_is_full() -> None:
    assert reports(lambda steps: steps.finish())[-1][:2] == (3, 3)

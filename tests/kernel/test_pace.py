"""Pins rate and time left: honest after a resume, silent where there is nothing to go by, told in words."""

import pytest

from tasks.kernel.execution.progress import Pace, Progress, describe_progress


def step(done: float, total: float = 400, unit: str = "questions", **more: float) -> dict[str, float | str]:
    return {"done": done, "total": total, "unit": unit, **more}


def last(*events: tuple[float, Progress]) -> Progress:
    pace = Pace()
    *_, told = [pace.timed(progress, now) for now, progress in events]
    return told


def test_what_was_done_before_the_start_is_no_speed() -> None:
    told = last((1000, step(300)), (1010, step(310)))
    assert told["per_second"] == 1
    assert told["seconds_left"] == 90


def test_the_rate_is_that_of_the_last_minutes() -> None:
    events = [(second, step(second * 10, 10_000)) for second in range(0, 400, 50)]
    slower = [(400 + second, step(4000 + second, 10_000)) for second in range(0, 1000, 50)]
    assert last(*events, *slower)["per_second"] == pytest.approx(1)


@pytest.mark.parametrize(
    "events",
    [
        [(0, step(0))],
        [(0, step(0)), (0.5, step(3))],
        [(0, step(7)), (60, step(7))],
        [(0, step(7)), (60, step(3, unit="pairs"))],
        [(0, step(7)), (60, step(9, total=500))],
        [(0, step(7)), (60, step(0))],
    ],
    ids=["first", "at once", "no headway", "other unit", "other total", "back at the start"],
)
def test_without_headway_nothing_is_claimed(events: list[tuple[float, Progress]]) -> None:
    assert "per_second" not in last(*events)


def test_a_finished_stage_has_no_time_left() -> None:
    assert last((0, step(0)), (10, step(400)))["seconds_left"] == 0


@pytest.mark.parametrize(
    ("per_second", "left", "words"),
    [
        (12.34, 31, "12 a second, 31 s left"),
        (2.5, 59.4, "2.5 a second, 59 s left"),
        (0.59, 600, "35 a minute, 10 min left"),
        (0.02, 4000, "1.2 a minute, 1 h 7 min left"),
        (0.002, 360_000, "7.2 an hour, 100 h 0 min left"),
        (0.0001, 360_000, "8.6 a day, 100 h 0 min left"),
    ],
)
def test_rate_and_time_are_told_in_words(per_second: float, left: float, words: str) -> None:
    told = step(12, 40, "steps", per_second=per_second, seconds_left=left, loss=2.3456)
    assert describe_progress(told) == f"12 of 40 steps, {words}, loss 2.346"


def test_without_a_rate_the_line_is_as_short_as_before() -> None:
    assert describe_progress(step(12, 40, "steps", page=3)) == "12 of 40 steps, page 3"

"""Progress bars: short stages show none, and a dashboard that is away never fails the stage."""

from collections.abc import Iterator

import pytest
from prefect.settings import (  # noqa: TID251  # the bar talks to Prefect
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)

from tasks.kernel.execution.progress import ProgressBar

pytestmark = pytest.mark.slow

STEP = {"done": 3.0, "total": 12.0, "unit": "steps"}


@pytest.fixture(autouse=True)
def _no_server() -> Iterator[None]:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}):
        yield


def test_a_stage_of_seconds_asks_nothing_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    bar = ProgressBar("finetune:ocd")
    bar.move(STEP)
    bar.finish()
    assert not caplog.text


@pytest.mark.filterwarnings("ignore:Artifact creation outside")
def test_a_server_that_is_away_costs_the_bar_alone(caplog: pytest.LogCaptureFixture) -> None:
    bar = ProgressBar("finetune:ocd", after_seconds=0.0)
    bar.move(STEP)
    bar.move(STEP)
    bar.finish()
    assert caplog.text.count("no progress in the dashboard") == 1

"""Setup: twice changes nothing, endings are told, dead runs crash and healthy ones are left alone."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from local_server import Server, local_server
from pydantic import SecretStr
from webhook_receiver import Received, webhook_receiver

from flows.server.automations import heartbeat_automation, notification_block
from flows.server.local import prepare_environment
from flows.server.setup import Wanted, set_up
from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import Settings

pytestmark = pytest.mark.flow
TINY = Path(__file__).with_name("tiny_flow.py")
WINDOW = timedelta(seconds=40)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with local_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def received(server: Server) -> Iterator[Received]:
    """What the server sends, once it is set up with a window that suits a test."""
    with webhook_receiver() as received:
        how = changes(server, Wanted(notify=SecretStr(received.url), window=WINDOW))
        assert set(how.values()) == {"made"}
        yield received


def changes(server: Server, wanted: Wanted) -> dict[str, str]:
    with server.configured():
        return {change.name: change.how for change in set_up(wanted)}


def test_a_heartbeat_that_is_lost_is_no_death(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", raising=False)
        patch.setenv("PREFECT_HOME", str(tmp_path))
        prepare_environment(Settings(artifacts=tmp_path))
        between = timedelta(seconds=float(os.environ["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]))
        patch.undo()
    assert heartbeat_automation().trigger.within > 2 * between


@pytest.mark.parametrize(
    ("url", "block"),
    [
        ("https://example.org/hook", "CustomWebhookNotificationBlock"),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "SlackWebhook"),
        ("mailtos://user:password@smtp.example.org?to=you@example.org", "SlackWebhook"),
    ],
)
def test_the_address_decides_on_the_block_which_hides_it(url: str, block: str) -> None:
    made = notification_block(SecretStr(url))
    assert type(made).__name__ == block
    assert url not in repr(made)


def test_an_address_that_nothing_can_send_to_is_refused_without_showing_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ConfigError, match="POCKETMOE_NOTIFY_URL") as refusal:
        notification_block(SecretStr("nonsense-with-password"))
    assert "nonsense" not in str(refusal.value) + caplog.text


def test_a_second_setup_changes_nothing_and_a_third_only_what_differs(
    server: Server, received: Received
) -> None:
    wanted = Wanted(notify=SecretStr(received.url), window=WINDOW)
    again = changes(server, wanted)
    assert set(again.values()) == {"kept"}
    assert len(again) == 6
    more = changes(server, Wanted(gpus=2, docker=True, kubernetes=True, window=WINDOW))
    assert {name for name, how in more.items() if how != "kept"} == {
        "pocketmoe-gpu of 2",
        "pocketmoe-docker",
        "pocketmoe-kubernetes",
    }
    assert len(server.ask("automations/filter", {})) == 3


def test_a_failing_run_is_told_with_name_state_and_cause(server: Server, received: Received) -> None:
    server.start(TINY, "failing-run", "0").wait(timeout=90)
    message = received.message("failing-run")
    assert message["subject"] == "pocketmoe failing-run: Failed"
    assert "generate:ocd: 3 pairs of 20 were kept; lower `generate.min_pairs`" in message["body"]


def test_a_completing_run_is_told(server: Server, received: Received) -> None:
    server.start(TINY, "good-run", "0").wait(timeout=90)
    assert received.message("good-run")["subject"] == "pocketmoe good-run: Completed"


@pytest.mark.integration
def test_a_killed_run_crashes_and_a_healthy_one_completes(server: Server, received: Received) -> None:
    dead = server.start(TINY, "dead-run", "600")
    healthy = server.start(TINY, "healthy-run", str(WINDOW.total_seconds() + 25))
    try:
        server.until("dead-run", "Running")
        server.until("healthy-run", "Running")
        time.sleep(3)  # the first heartbeat is on its way
        os.killpg(dead.pid, signal.SIGKILL)
        killed = time.monotonic()
        server.until("dead-run", "Crashed", seconds=WINDOW.total_seconds() + 30)
        assert time.monotonic() - killed > WINDOW.total_seconds() - 10
        assert received.message("dead-run")["subject"] == "pocketmoe dead-run: Crashed"
        server.until("healthy-run", "Completed")
    finally:
        dead.kill()
        healthy.kill()
    states = server.ask(f"flow_run_states/?flow_run_id={run_id(server, 'healthy-run')}", method="GET")
    assert "Crashed" not in {state["name"] for state in states}


def run_id(server: Server, name: str) -> str:
    return next(run["id"] for run in server.runs() if run["name"] == name)

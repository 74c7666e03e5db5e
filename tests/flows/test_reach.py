"""A worker says what it does not reach: another machine's loopback, a closed port, another store."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from smoke_pipeline import free_port

from flows.runs.reach import Mark, look, refuse_unreachable
from flows.runs.runners import task_runner
from tasks.kernel.errors import ServiceError
from tasks.kernel.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mark:
    """What a worker looks for when it shares this machine's artifacts; no API listens."""
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path))
    monkeypatch.delenv("POCKETMOE_STORE_URL", raising=False)
    (tmp_path / ".reach-0").touch()
    api = f"http://127.0.0.1:{free_port()}/api"
    return Mark(socket.gethostname(), api, store_url="", home=tmp_path, name=".reach-0")


def test_a_closed_port_is_all_that_is_wrong_with_a_shared_folder(mark: Mark) -> None:
    (problem,) = look(mark)
    assert problem.startswith(f"no Prefect API answers at PREFECT_API_URL={mark.api}")
    assert [path.name for path in mark.home.iterdir()] == [mark.name]


@pytest.mark.parametrize("api", ["http://127.0.0.1:4200/api", "http://localhost/api", "http://[::1]:1/api"])
def test_a_loopback_api_is_refused_on_another_machine(mark: Mark, api: str) -> None:
    problem = look(replace(mark, host="elsewhere", api=api))[0]
    assert problem.startswith(f"PREFECT_API_URL={api} is reached from elsewhere alone")


def test_another_artifacts_folder_is_not_the_store(mark: Mark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", "/nowhere")
    assert "the artifacts in /nowhere are not those in" in look(mark)[1]


def test_a_worker_needs_the_same_bucket(mark: Mark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = (tmp_path / "shared").as_uri()
    assert "POCKETMOE_STORE_URL is unset there and" in look(replace(mark, store_url=url))[1]
    monkeypatch.setenv("POCKETMOE_STORE_URL", url)
    assert f"{url} is not the store that" in look(replace(mark, store_url=url))[1]


def test_the_mark_is_seen_through_the_shared_store_and_then_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POCKETMOE_STORE_URL", (tmp_path / "shared").as_uri())
    seen: list[list[str]] = []

    def ask(asked: Mark) -> dict[str, list[str]]:
        seen.append(look(asked)[1:])
        return {"worker": []}

    refuse_unreachable(Settings.read(), ask)
    assert seen == [[]]
    assert not list((tmp_path / "shared").iterdir())


def test_workers_with_the_same_problem_are_named_together(mark: Mark) -> None:
    settings = Settings(artifacts=mark.home, task_runner="dask")
    found = {f"w{number}": ["is blind"] for number in range(5)} | {"w5": []}
    with pytest.raises(ServiceError, match=r"cannot run stages\nw0, w1, w2 and 2 more: is blind$"):
        refuse_unreachable(settings, lambda _: found)
    with pytest.raises(ServiceError, match="dask: the cluster has no workers"):
        refuse_unreachable(settings, lambda _: {})


@pytest.mark.parametrize("runner", ["dask", "ray"])
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{port}", "127.0.0.1:{port}", "127.0.0.1:x", "nothing"])
def test_an_address_where_nothing_listens_is_refused_at_once(runner: str, address: str) -> None:
    settings = Settings(task_runner=runner, cluster=address.format(port=free_port()))
    with (
        pytest.raises(ServiceError, match=f"POCKETMOE_CLUSTER=.* no {runner} cluster"),
        task_runner(settings),
    ):
        pass

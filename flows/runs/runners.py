"""What runs the stages: threads of this process, or the workers of a Dask or Ray cluster.

In: settings. Out: a started task runner. Its workers have proved that they reach the Prefect API
and the store before the first stage is submitted: otherwise a run would fail at its end, or
build into a folder that nobody else sees.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import urlsplit

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.runs.reach import Mark, look, refuse_unreachable
from tasks.kernel.errors import ServiceError
from tasks.kernel.settings import Settings

if TYPE_CHECKING:
    from prefect_dask.task_runners import DaskTaskRunner
    from prefect_ray.task_runners import RayTaskRunner

Runner = TaskRunner[Any]

_HOST = "127.0.0.1"
_ANSWER_SECONDS = 5
_CONNECT_SECONDS = 30
_OBJECTS_BYTES = 100 * 2**20
"""Shared memory of a Ray cluster on this machine; stages hand on references of some hundred bytes."""

_RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray would kill a stage's process at once; the end of its worker asks it to save a checkpoint.
    "RAY_kill_child_processes_on_worker_exit": "0",
}


@contextmanager
def task_runner(settings: Settings) -> Iterator[Runner]:
    """Give a started task runner.

    Raises ServiceError where its cluster is out of reach, or the API or the store are for a worker.
    """
    if settings.cluster:
        _refuse_silent(settings)
    match settings.task_runner:
        case "thread":
            with ThreadPoolTaskRunner[Any]() as threads:
                yield threads
        case "dask":
            with _dask(settings) as dask:
                refuse_unreachable(settings, lambda mark: _ask_dask(dask, mark))
                yield dask
        case "ray":
            from prefect_ray.context import remote_options

            # One busy node must not hoard the stages that wait for a slot on it.
            with _ray(settings) as ray, remote_options(scheduling_strategy="SPREAD"):
                refuse_unreachable(settings, _ask_ray)
                yield ray
        case kind:
            assert_never(kind)


def with_gpu(runner: Runner) -> AbstractContextManager[object]:
    """Have Ray give a GPU to what is submitted in the block, where its cluster has any."""
    if runner.name != "ray":
        return nullcontext()
    import ray
    from prefect_ray.context import remote_options

    return remote_options(num_gpus=1) if ray.cluster_resources().get("GPU") else nullcontext()


@contextmanager
def _dask(settings: Settings) -> Iterator["DaskTaskRunner"]:
    from prefect_dask.task_runners import DaskTaskRunner

    waiting = {"timeout": _CONNECT_SECONDS}
    local = {
        "n_workers": settings.cluster_workers,
        "threads_per_worker": 1,
        "host": _HOST,
        "dashboard_address": f"{_HOST}:0",
        "memory_limit": 0,  # a stage's memory is its child's, and POCKETMOE_STAGE_MEMORY limits that
    }
    where = {"address": settings.cluster} if settings.cluster else {"cluster_kwargs": local}
    with DaskTaskRunner(**where, client_kwargs=waiting) as runner:
        try:
            runner.client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except OSError as error:
            raise _no_cluster(settings, error) from error
        yield runner


@contextmanager
def _ray(settings: Settings) -> Iterator["RayTaskRunner"]:
    from prefect_ray.task_runners import RayTaskRunner

    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    options = quiet if settings.cluster else quiet | _ray_here(settings)
    os.environ |= _RAY_ENVIRONMENT
    with ExitStack() as stack:
        try:
            runner = stack.enter_context(RayTaskRunner(settings.cluster or None, options))
        except OSError as error:
            raise _no_cluster(settings, error) from error
        yield runner


def _ray_here(settings: Settings) -> dict[str, object]:
    """Return how Ray starts on this machine, reached from nowhere else, with the GPUs that stages may use."""
    if settings.gpus is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, settings.gpus))
    return {
        "address": "local",
        "num_cpus": settings.cluster_workers,
        "num_gpus": None if settings.gpus is None else len(settings.gpus),
        "include_dashboard": False,
        "object_store_memory": _OBJECTS_BYTES,
        "_node_ip_address": _HOST,
    }


def _ask_dask(runner: "DaskTaskRunner", mark: Mark) -> dict[str, list[str]]:
    answers = runner.client.run(look, mark, on_error="return")
    return {worker: _problems(answer) for worker, answer in answers.items()}


def _ask_ray(mark: Mark) -> dict[str, list[str]]:
    """Ask once per machine, because Ray starts and ends workers as it needs them."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = {
        f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})": ray.remote(look)
        .options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))
        .remote(mark)
        for node in ray.nodes()
        if node["Alive"] and node["Resources"].get("CPU")
    }
    answers: dict[str, list[str]] = {}
    for worker, answer in asked.items():
        try:
            answers[worker] = ray.get(answer)
        except ray.exceptions.RayError as error:
            answers[worker] = _problems(error)
    return answers


def _problems(answer: list[str] | Exception) -> list[str]:
    if isinstance(answer, Exception):
        return [f"{answer}; install there what this machine has, in the same versions"]
    return answer


def _refuse_silent(settings: Settings) -> None:
    """Raise ServiceError at once where nothing listens: both libraries would try for minutes."""
    address = settings.cluster if "://" in settings.cluster else f"//{settings.cluster}"
    try:
        place = urlsplit(address)
        socket.create_connection((place.hostname or "", place.port or 0), _ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise _no_cluster(settings, error) from error


def _no_cluster(settings: Settings, error: Exception) -> ServiceError:
    example = "tcp://HOST:8786" if settings.task_runner == "dask" else "ray://HOST:10001"
    return ServiceError(
        f"POCKETMOE_CLUSTER={settings.cluster}: no {settings.task_runner} cluster with workers answers "
        f"({error}); start it, correct the address (such as {example}), or unset it for a cluster here"
    )

"""Images, folders and pools have the same names in the compose file, Dockerfile, prefect.yaml and deploy/."""

import json
import re
from typing import Any

import pytest
import yaml

from flows.server.setup import POOLS
from tasks.kernel.settings import PROJECT

pytestmark = pytest.mark.slow

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
DEPLOYMENTS: dict[str, dict[str, Any]] = {
    found["work_pool"]["name"]: found
    for found in yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
}
JOBS = json.loads((PROJECT / "deploy" / "kubernetes" / "job-template.json").read_text())


def test_the_workers_of_the_files_serve_the_pools_of_setup() -> None:
    command = " ".join(COMPOSE["services"]["worker"]["command"])
    worker = (PROJECT / "deploy" / "kubernetes" / "worker.yaml").read_text()
    assert f"--pool {POOLS['process']} --type process" in command
    assert f"--pool, {POOLS['kubernetes']}, --type, kubernetes" in worker


def test_deployments_use_the_image_that_is_built() -> None:
    built = COMPOSE["services"]["worker"]["image"]
    for kind in ("docker", "kubernetes"):
        assert DEPLOYMENTS[POOLS[kind]]["work_pool"]["job_variables"]["image"] == built
    ray = (PROJECT / "deploy" / "ray" / "cluster.yaml").read_text()
    assert re.findall(r"image: (\S+)", ray) == [built]
    assert JOBS["variables"]["properties"]["image"]["default"] == built


def test_deployments_run_in_the_folder_of_the_image() -> None:
    (step,) = DEPLOYMENTS[POOLS["kubernetes"]]["pull"]
    workdir = re.findall(r"^WORKDIR (\S+)$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)[-1]
    assert step["prefect.deployments.steps.set_working_directory"]["directory"] == workdir


def test_kubernetes_jobs_take_every_variable_that_the_deployment_sets() -> None:
    given = DEPLOYMENTS[POOLS["kubernetes"]]["work_pool"]["job_variables"]
    assert set(given) <= set(JOBS["variables"]["properties"])

"""The Ray files: Ray's own validator takes the cluster's; the pods of KubeRay's fit Kubernetes' schema.

KubeRay's kinds themselves are checked by the operator in a cluster, and by nothing here.
"""

import re
from typing import Any

import kubernetes_validate
import pytest
import ray
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from tasks.kernel.settings import PROJECT, Settings

pytestmark = pytest.mark.slow

FOLDER = PROJECT / "deploy" / "ray"
SCHEMAS = "1.36"


def test_ray_accepts_the_cluster_file() -> None:
    config = prepare_config(read("cluster.yaml"))
    validate_config(config)
    assert config["max_workers"] == len(config["provider"]["worker_ips"])


def test_stages_run_on_ray_on_every_machine() -> None:
    text = (FOLDER / "cluster.yaml").read_text() + (FOLDER / "raycluster.yaml").read_text()
    variables = set(re.findall(r"POCKETMOE_\w+", text))
    assert variables == {"POCKETMOE_TASK_RUNNER", "POCKETMOE_CLUSTER"}
    assert variables <= {f"POCKETMOE_{field.upper()}" for field in Settings.model_fields}


def test_the_cluster_runs_the_ray_that_is_locked() -> None:
    assert read("raycluster.yaml")["spec"]["rayVersion"] == ray.__version__


@pytest.mark.parametrize("group", ["head", "gpu"])
def test_pods_follow_the_schema(group: str) -> None:
    template = pods()[group]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": group}, **template}
    kubernetes_validate.validate(pod, SCHEMAS, strict=True)


def test_workers_have_gpus_and_the_head_runs_no_stage() -> None:
    spec = read("raycluster.yaml")["spec"]
    assert spec["headGroupSpec"]["rayStartParams"]["num-gpus"] == "0"
    limits = pods()["gpu"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == 1


def test_the_job_runs_on_the_cluster_of_the_other_file() -> None:
    job, cluster = read("rayjob.yaml"), read("raycluster.yaml")
    assert job["spec"]["clusterSelector"] == {"ray.io/cluster": cluster["metadata"]["name"]}
    assert job["metadata"]["namespace"] == cluster["metadata"]["namespace"]


def pods() -> dict[str, dict[str, Any]]:
    """Return the pod templates of the cluster by group."""
    spec = read("raycluster.yaml")["spec"]
    workers = {group["groupName"]: group["template"] for group in spec["workerGroupSpecs"]}
    return {"head": spec["headGroupSpec"]["template"], **workers}


def read(name: str) -> dict[str, Any]:
    """Return the content of one file."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return content

"""The Kubernetes files: what kustomize makes of them fits the API's schemas, and jobs get GPUs and no rights.

KubeRay's own kinds have a schema only in a cluster; their pods are checked as pods.
"""

import json
import re
import shutil
import subprocess
from typing import Any

import kubernetes_validate
import pytest
import yaml
from prefect.server.schemas.actions import WorkPoolCreate
from prefect.utilities.templating import apply_values

from tasks.kernel.settings import PROJECT, Settings

pytestmark = pytest.mark.slow

FOLDER = PROJECT / "deploy" / "kubernetes"
POOL = json.loads((FOLDER / "job-template.json").read_text())
SCHEMAS = "1.36"


KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
RESOURCES: list[dict[str, Any]] = [
    resource
    for name in KUSTOMIZATION["resources"]
    for resource in yaml.safe_load_all((FOLDER / name).read_text())
]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_every_resource_follows_the_schema_of_its_kind(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, SCHEMAS, strict=True)


def test_what_kustomize_makes_follows_the_schemas_in_one_namespace() -> None:
    kubectl = shutil.which("kubectl")
    if not kubectl:
        pytest.skip("kubectl is not installed")
    done = subprocess.run([kubectl, "kustomize", FOLDER], capture_output=True, text=True, check=True)
    made = list(yaml.safe_load_all(done.stdout))
    assert len(made) == len(RESOURCES) + 1
    for resource in made:
        kubernetes_validate.validate(resource, SCHEMAS, strict=True)
        assert resource["metadata"].get("namespace", "pocketmoe") == "pocketmoe"


def test_the_settings_of_jobs_are_ours_and_no_secrets() -> None:
    (settings,) = KUSTOMIZATION["configMapGenerator"]
    names = {literal.partition("=")[0] for literal in settings["literals"]}
    ours = {f"POCKETMOE_{field.upper()}" for field in Settings.model_fields}
    assert {name for name in names if name.startswith("POCKETMOE_")} <= ours
    assert not [name for name in names if re.search("KEY|PASSWORD|SECRET|TOKEN", name)]


def test_the_worker_has_rights_in_its_namespace_alone() -> None:
    kinds = {resource["kind"] for resource in RESOURCES}
    assert kinds >= {"Role", "RoleBinding"}
    assert not kinds & {"ClusterRole", "ClusterRoleBinding"}


def test_prefect_accepts_the_pools_job_template() -> None:
    pool = WorkPoolCreate(name="pocketmoe-kubernetes", type="kubernetes", base_job_template=POOL)
    assert pool.base_job_template == POOL
    assert set(POOL["job_configuration"]) - {"job_manifest"} <= set(POOL["variables"]["properties"])


def test_a_job_follows_the_schema_and_has_a_gpu() -> None:
    job = made_job()
    kubernetes_validate.validate(job, SCHEMAS)
    pod = job["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert pod["automountServiceAccountToken"] is False
    # Prefect's worker insists on these two in the pod, where Kubernetes ignores them.
    assert (pod.pop("parallelism"), pod.pop("completions")) == (1, 1)
    kubernetes_validate.validate(job, SCHEMAS, strict=True)


def test_a_job_finds_what_it_names() -> None:
    names = {(resource["kind"], resource["metadata"]["name"]) for resource in RESOURCES}
    names |= {("ConfigMap", made["name"]) for made in KUSTOMIZATION["configMapGenerator"]}
    pod = made_job()["spec"]["template"]["spec"]
    assert ("ServiceAccount", pod["serviceAccountName"]) in names
    assert ("ConfigMap", pod["containers"][0]["envFrom"][0]["configMapRef"]["name"]) in names
    assert ("PersistentVolumeClaim", pod["volumes"][1]["persistentVolumeClaim"]["claimName"]) in names


def made_job() -> dict[str, Any]:
    """Return the job of a flow run as the worker would make it from the template's defaults."""
    defaults = {
        name: field["default"]
        for name, field in POOL["variables"]["properties"].items()
        if "default" in field
    }
    run = {"name": "pocketmoe", "command": ["prefect", "flow-run", "execute"], "labels": {}, "env": []}
    job: dict[str, Any] = apply_values(POOL["job_configuration"]["job_manifest"], defaults | run)
    return job

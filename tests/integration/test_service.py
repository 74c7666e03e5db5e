"""The service that docker-compose.yml describes, started natively: a worker runs the smoke flow through it.

Tests run in this order on one stack; the last one ends it.
"""

import json
import shutil
import time

import pytest
from native import Stack
from runs import Retrain

pytestmark = pytest.mark.integration

STAGES = 20


def test_every_service_passes_its_own_health_check(stack: Stack) -> None:
    assert {name for name, service in stack.services.items() if not stack.healthy(service)} == set()


def test_the_worker_completes_the_run_and_builds_every_stage(retrain: Retrain) -> None:
    assert retrain.state()["type"] == "COMPLETED", retrain.state()
    assert list(retrain.stages().values()) == ["built"] * STAGES


def test_the_halves_of_the_server_share_messages(retrain: Retrain) -> None:
    # The API receives events and the services store them: without a broker between them none is stored.
    deadline = time.monotonic() + 60
    while not retrain.events("prefect.flow-run.Completed") and time.monotonic() < deadline:
        time.sleep(1)
    assert len(retrain.events("prefect.flow-run.Completed")) == 1


def test_the_halves_of_the_server_share_leases(retrain: Retrain) -> None:
    assert retrain.leases, "the deployment's concurrency limit left no lease in Redis"


def test_every_artifact_is_in_s3_with_its_manifest_and_all_bytes(retrain: Retrain) -> None:
    sizes = stored(retrain.stack, "store/store/")
    manifests = [name for name in sizes if name.endswith("/manifest.json")]
    assert len(manifests) == STAGES
    for name in manifests:
        manifest = json.loads(
            retrain.stack.s3().get_object(Bucket="pocketmoe", Key=f"store/store/{name}")["Body"].read()
        )
        folder = name.removesuffix("manifest.json")
        assert manifest["files"]
        for file, entry in manifest["files"].items():
            assert sizes[f"{folder}data/{file}"] == entry["bytes"]


def test_mlflow_has_every_stage_below_the_run_and_its_files_in_s3(retrain: Retrain) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(retrain.stack.localised("http://mlflow:5000", "mlflow"))
    runs = client.search_runs([client.get_experiment_by_name("pocketmoe").experiment_id])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[-1].info.run_id]
    assert len(children) == STAGES
    assert {run.info.status for run in runs} == {"FINISHED"}
    files = stored(retrain.stack, "mlflow/")
    assert all(any(run.info.run_id in name for name in files) for run in children)


def test_a_second_run_on_an_empty_machine_builds_nothing(retrain: Retrain) -> None:
    shutil.rmtree(retrain.home)
    retrain.run()
    assert retrain.state()["type"] == "COMPLETED", retrain.state()
    assert list(retrain.stages().values()) == ["cached"] * STAGES


def test_the_end_leaves_no_process(stack: Stack) -> None:
    assert stack.stop() == []


def stored(stack: Stack, prefix: str) -> dict[str, int]:
    """Return the sizes of the files in the bucket below `prefix`, by their names from there."""
    pages = stack.s3().get_paginator("list_objects_v2").paginate(Bucket="pocketmoe", Prefix=prefix)
    return {
        item["Key"].removeprefix(prefix): item["Size"] for page in pages for item in page.get("Contents", [])
    }

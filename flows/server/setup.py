"""What a Prefect server needs once: pools, the GPU limit, and automations.

In: what is wanted. Out: for each thing whether it was made, changed or kept. What is there already is
compared first, so that a second call changes nothing; other things on a shared server are left alone.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, cast

from prefect.blocks.abstract import NotificationBlock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate, WorkPoolCreate
from prefect.client.schemas.objects import WorkPool
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from flows.server.automations import (
    FLOW,
    WINDOW,
    heartbeat_automation,
    notification_automations,
    notification_block,
)
from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import PROJECT

GPU_LIMIT = "pocketmoe-gpu"
POOLS = {"process": "pocketmoe", "docker": "pocketmoe-docker", "kubernetes": "pocketmoe-kubernetes"}

_BLOCK = "pocketmoe-notifications"
_TEMPLATES = "aggregate-worker-metadata"
_KUBERNETES_JOB = PROJECT / "deploy" / "kubernetes" / "job-template.json"


@dataclass(frozen=True)
class Wanted:
    """What the server should have."""

    docker: bool = False
    kubernetes: bool = False
    """Whether there are pools of these types as well."""
    gpus: int = 1
    """Jobs that may use a GPU at the same time, at least one."""
    notify: SecretStr | None = None
    """Where notifications go; none: notifications stay as they are."""
    window: timedelta = WINDOW
    flow: str = FLOW


@dataclass(frozen=True)
class Change:
    """What became of one thing."""

    kind: str
    name: str
    how: Literal["made", "changed", "kept"]


def set_up(wanted: Wanted) -> list[Change]:
    """Make or change what is missing or differs on the configured server; return what became of all."""
    with get_client(sync_client=True) as client:
        asked = {"process": True, "docker": wanted.docker, "kubernetes": wanted.kubernetes}
        changes = [_pool(client, kind) for kind in POOLS if asked[kind]]
        changes.append(_gpu_limit(client, wanted.gpus))
        changes.append(_automation(client, heartbeat_automation(wanted.window, wanted.flow)))
        if wanted.notify:
            changes += _notifications(client, wanted.notify, wanted.flow)
    return changes


def _pool(client: SyncPrefectClient, kind: str) -> Change:
    found = _existing_pool(client, POOLS[kind])
    if found is None:
        template = _job_template(client, kind)
        client.create_work_pool(WorkPoolCreate(name=POOLS[kind], type=kind, base_job_template=template))
        return Change("work pool", POOLS[kind], "made")
    if found.type != kind:
        raise ConfigError(
            f"work pool {found.name} is of type {found.type}, not {kind};"
            f" delete it with `prefect work-pool delete {found.name}`, or set up another server"
        )
    return Change("work pool", POOLS[kind], "kept")


def _existing_pool(client: SyncPrefectClient, name: str) -> WorkPool | None:
    try:
        return client.read_work_pool(name)
    except ObjectNotFound:
        return None


def _job_template(client: SyncPrefectClient, kind: str) -> dict[str, Any]:
    """Return Prefect's own job template, or ours for Kubernetes, whose jobs read the cluster's Secret."""
    if kind == "kubernetes":
        return cast("dict[str, Any]", json.loads(_KUBERNETES_JOB.read_text(encoding="utf-8")))
    answer = client.request("GET", "/collections/views/{view}", path_params={"view": _TEMPLATES})
    found = next(workers[kind] for workers in answer.json().values() if kind in workers)
    return cast("dict[str, Any]", found["default_base_job_configuration"])


def _gpu_limit(client: SyncPrefectClient, gpus: int) -> Change:
    try:
        found = client.read_global_concurrency_limit_by_name(GPU_LIMIT)
    except ObjectNotFound:
        client.upsert_global_concurrency_limit_by_name(GPU_LIMIT, gpus)
        return Change("concurrency limit", f"{GPU_LIMIT} of {gpus}", "made")
    if found.limit == gpus and found.active:
        return Change("concurrency limit", f"{GPU_LIMIT} of {gpus}", "kept")
    client.update_global_concurrency_limit(GPU_LIMIT, GlobalConcurrencyLimitUpdate(limit=gpus, active=True))
    return Change("concurrency limit", f"{GPU_LIMIT} of {gpus}", "changed")


def _automation(client: SyncPrefectClient, wanted: AutomationCore) -> Change:
    found = client.read_automations_by_name(wanted.name)
    if not found:
        client.create_automation(wanted)
        return Change("automation", wanted.name, "made")
    if AutomationCore.model_validate(found[0].model_dump()) == wanted:
        return Change("automation", wanted.name, "kept")
    client.update_automation(found[0].id, wanted)
    return Change("automation", wanted.name, "changed")


def _notifications(client: SyncPrefectClient, address: SecretStr, flow: str) -> list[Change]:
    block = notification_block(address)
    change = _block(block)
    saved = client.read_block_document_by_name(_BLOCK, block.get_block_type_slug())
    automations = notification_automations(saved.id, flow)
    return [change, *(_automation(client, automation) for automation in automations)]


def _block(block: NotificationBlock) -> Change:
    try:
        found = type(block).load(_BLOCK)
    except ValueError:
        block.save(_BLOCK)
        return Change("notification block", _BLOCK, "made")
    if all(getattr(found, name) == getattr(block, name) for name in type(block).model_fields):
        return Change("notification block", _BLOCK, "kept")
    block.save(_BLOCK, overwrite=True)
    return Change("notification block", _BLOCK, "changed")

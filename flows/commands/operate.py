"""Run the pipeline on a schedule: what the server needs for it, the deployment, and the worker."""

import os
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.commands.session import ConfigFiles, app, session

PoolName = Annotated[str | None, typer.Option("--pool", help="Work pool; none: prefect.yaml's.")]


@app.command()
def setup(
    *,
    docker: Annotated[bool, typer.Option("--docker", help="A pool for Docker, too.")] = False,
    kubernetes: Annotated[bool, typer.Option("--kubernetes", help="A pool for Kubernetes, too.")] = False,
    gpus: Annotated[int | None, typer.Option(min=1, help="GPU jobs at a time; none: one per GPU.")] = None,
) -> None:
    """Make what the Prefect server lacks: pool, GPU limit, crash detection, notifications.

    Notifications go to POCKETMOE_NOTIFY_URL: a webhook (https://...), a chat's webhook, or mailtos://.
    """
    with session() as settings:
        from flows.server.local import prefect_api
        from flows.server.setup import Wanted, set_up
        from tasks.kernel.execution.devices import listed

        found = listed() if settings.gpus is None else settings.gpus
        wanted = Wanted(docker, kubernetes, gpus or max(1, len(found)), settings.notify_url or None)
        with prefect_api(settings):
            changes = set_up(wanted)
    table = Table("what", "name", "")
    for change in changes:
        table.add_row(change.kind, change.name, change.how)
    Console(emoji=False).print(table)
    if not settings.notify_url:
        typer.echo("no notifications asked for: POCKETMOE_NOTIFY_URL is not set")


@app.command()
def deploy(
    configs: ConfigFiles,
    *,
    name: Annotated[str | None, typer.Option(help="Deployment; none: prefect.yaml's first.")] = None,
    pool: PoolName = None,
    cron: Annotated[str | None, typer.Option(help="When, such as '0 3 * * 0'.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Of the schedule, such as Europe/Berlin.")] = None,
    scheduled: Annotated[bool, typer.Option(help="Run on the schedule, or only when asked.")] = True,
    incremental: Annotated[bool, typer.Option("--incremental", help="Build only what changed.")] = False,
) -> None:
    """Register the full retrain of CONFIGS on the Prefect server, to run on a schedule."""
    with session() as settings:
        from flows.config import load_config
        from flows.pipeline import refuse
        from flows.server.deployment import Retrain
        from flows.server.deployment import deploy as register
        from flows.server.local import prefect_api

        refuse(load_config(configs))
        wanted = Retrain(configs, name, pool, cron, timezone, scheduled, incremental)
        with prefect_api(settings) as api:
            made = register(wanted, api)
    schedule = made["schedules"][0]
    when = f"{schedule['cron']} ({schedule['timezone']})" if schedule["active"] else "only when asked"
    typer.echo(f"pocketmoe/{made['name']}: {when}, in pool {made['work_pool']['name']}")
    typer.echo(
        f"now: prefect deployment run pocketmoe/{made['name']}    runs: pocketmoe up, pocketmoe worker"
    )


@app.command()
def worker(
    *,
    pool: Annotated[str, typer.Option(help="Work pool of type process.")] = "pocketmoe",
    limit: Annotated[int | None, typer.Option(min=1, help="Flow runs at a time; none: no limit.")] = None,
) -> None:
    """Run the flow runs of a work pool on this machine until Ctrl-C; `pocketmoe up` must run."""
    with session() as settings:
        from flows.server.deployment import (
            refuse_missing_pool,
            running_api,
            worker_command,
            worker_environment,
        )

        with running_api(settings) as api:
            refuse_missing_pool(pool)
        command = worker_command(pool, limit)
        # The worker takes this process's place, so that signals reach it.
        os.execve(command[0], command, worker_environment(settings, api))  # noqa: S606  # no shell on purpose

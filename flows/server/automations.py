"""What the Prefect server does by itself: mark dead runs Crashed, and tell people how runs end.

In: the time after which silence means death, and the block that notifies. Out: automations as values, so
that setup can compare them with what a server has. They concern one flow's runs: a server may be shared.
"""

import logging
from datetime import timedelta
from uuid import UUID

from apprise import Apprise
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.notifications import CustomWebhookNotificationBlock, SlackWebhook
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from pydantic import SecretStr

from tasks.kernel.errors import ConfigError

FLOW = "pocketmoe"
WINDOW = timedelta(seconds=90)
"""Three heartbeats: one may be late and one may be lost."""
_HEARTBEAT = "prefect.flow-run.heartbeat"
_FAILED = {"prefect.flow-run.Failed", "prefect.flow-run.TimedOut", "prefect.flow-run.Crashed"}
_COMPLETED = {"prefect.flow-run.Completed"}
_AT_REST = {"prefect.flow-run.Cancelled", "prefect.flow-run.Paused", "prefect.flow-run.Suspended"}
_SUBJECT = "{{ flow.name }} {{ flow_run.name }}: {{ flow_run.state.name }}"
_BODY = """\
Run: {{ flow_run.name }}
State: {{ flow_run.state.name }}
Message: {{ flow_run.state.message or 'none' }}
Dashboard: {{ flow_run | ui_url }}
"""


def heartbeat_automation(window: timedelta = WINDOW, flow: str = FLOW) -> AutomationCore:
    """Return what marks a run Crashed once its heartbeats have stopped for `window` without an end."""
    silence = f"no heartbeat for {window.total_seconds():.0f} s"
    return AutomationCore(
        name=f"{flow}: dead runs crash",
        description=f"Marks a run Crashed: {silence}.",
        trigger=EventTrigger(
            match=_RUNS,
            match_related=_of(flow),
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *_COMPLETED, *_FAILED, *_AT_REST},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=window,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, message=f"{silence}: its process or its machine is gone"
            )
        ],
    )


def notification_automations(block: UUID, flow: str = FLOW) -> list[AutomationCore]:
    """Return what sends run name, state and message through `block` when a run ends."""
    return [
        _notification(f"{flow}: a run failed", _FAILED, block, flow),
        _notification(f"{flow}: a run completed", _COMPLETED, block, flow),
    ]


def _notification(name: str, events: set[str], block: UUID, flow: str) -> AutomationCore:
    return AutomationCore(
        name=name,
        description="Sends run name, state and message.",
        trigger=EventTrigger(
            match=_RUNS,
            match_related=_of(flow),
            expect=events,
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[SendNotification(block_document_id=block, subject=_SUBJECT, body=_BODY)],
    )


_RUNS = ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]})


def _of(flow: str) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.role": ["flow"], "prefect.resource.name": [flow]})


VARIABLE = "POCKETMOE_NOTIFY_URL"


def notification_block(address: SecretStr) -> NotificationBlock:
    """Return the block that sends to `address`; raise ConfigError, without showing it, where none can."""
    url = address.get_secret_value()
    if _known_to_apprise(url):
        # Prefect's only block that hands any URL to Apprise: chats, and mailtos:// for e-mail.
        return SlackWebhook(url=address)
    if url.startswith(("http://", "https://")):
        return CustomWebhookNotificationBlock(
            name="PocketMoE",
            url="{{url}}",
            json_data={"subject": "{{subject}}", "body": "{{body}}"},
            secrets={"url": url},
        )
    raise ConfigError(
        f"{VARIABLE}: neither a webhook (https://...) nor an address that Apprise knows, such as"
        " mailtos://user:password@smtp.example.org?to=you@example.org; correct or unset it"
    )


def _known_to_apprise(url: str) -> bool:
    logger = logging.getLogger("apprise")
    before, logger.disabled = logger.disabled, True  # it logs addresses that it does not know in full
    try:
        return Apprise.instantiate(url) is not None
    finally:
        logger.disabled = before

"""Who is told how a run ended: the Prefect block that sends to an address.

In: the address from the environment, for it may hold a password. Out: a block that keeps it encrypted
on the server: a JSON webhook, or a chat or e-mail service that Apprise knows by its URL.
"""

import logging

from apprise import Apprise
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.notifications import CustomWebhookNotificationBlock, SlackWebhook
from pydantic import SecretStr

from tasks.errors import ConfigError

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

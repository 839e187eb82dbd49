"""Builds the dispatcher with the channels that the hub's file names."""

import os
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from hub.case_store import CaseStore
from hub.config import HubFile
from hub.config import Webhook as WebhookSettings
from model.errors import ConfigError, Transient

from .channel import Channel, NoticeChannel
from .dispatcher import Dispatcher
from .mqtt_events import MqttEvents
from .settings import Email, Robot, read_secret

if TYPE_CHECKING:
    from .robot import Kind


def dispatcher_of(
    file: HubFile,
    store: CaseStore,
    *,
    publish: Callable[[str, bytes], Awaitable[None]],
    clock: Callable[[], int],
) -> Dispatcher:
    """Return the dispatcher for MQTT, webhooks and notices; raises ConfigError on a missing key."""

    async def to_broker(topic: str, payload: bytes) -> None:
        try:
            await publish(topic, payload)
        except ConnectionError as error:
            raise Transient(str(error)) from error

    channels: list[Channel] = [MqttEvents(file.site, to_broker)]
    channels += [
        _webhook(settings, number, clock) for number, settings in enumerate(file.webhooks, 1)
    ]
    return Dispatcher(
        store,
        channels,
        clock=clock,
        notices=[_notices(item, clock) for item in file.notices],
        public_url=file.http.link_base,
    )


def _notices(item: Robot | Email, clock: Callable[[], int]) -> NoticeChannel:
    """Return the driver of a robot or of mail, with its secrets; raises ConfigError without them."""
    if isinstance(item, Email):
        from .mail import Mail  # noqa: PLC0415 - only who sends mail needs it

        password = read_secret(item, "password") if item.user else ""
        return Mail(item, password=password, clock=clock)
    from .robot import GroupRobot  # noqa: PLC0415 - brings the HTTP client, see below

    url, secret = read_secret(item, "url"), read_secret(item, "secret")
    return GroupRobot(_kind(item), item, url=url, secret=secret, clock=clock)


def _kind(item: Robot) -> "Kind":
    from .dingtalk import DINGTALK  # noqa: PLC0415 - see above
    from .feishu import FEISHU  # noqa: PLC0415 - see above
    from .wecom import WECOM  # noqa: PLC0415 - see above

    return {kind.kind: kind for kind in (WECOM, DINGTALK, FEISHU)}[item.kind]


def _webhook(settings: WebhookSettings, number: int, clock: Callable[[], int]) -> Channel:
    # The HTTP client takes 5 MB of memory; a hub without webhooks does without it.
    from .webhook import Webhook  # noqa: PLC0415 - see above

    # Named by its URL, not its number: what one receiver still has to get must not go to another
    # when a line of the file is removed.
    name = sha256(settings.url.encode()).hexdigest()[:12]
    return Webhook(
        name,
        settings.url,
        keys=_keys(settings, number),
        clock=clock,
        allow_private=settings.allow_private,
    )


def _keys(settings: WebhookSettings, number: int) -> list[str]:
    """Return the keys, separated by blanks or lines: a new one can stand beside the old one."""
    text = ""
    if settings.secret_env:
        text = os.environ.get(settings.secret_env, "")
    elif settings.secret_file:
        try:
            text = settings.secret_file.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"the key file {settings.secret_file} of webhook {number} cannot be read"
            ) from error
    if not text.strip():
        raise ConfigError(
            f"webhook {number} ({settings.url}) has no key; set secret_env or secret_file"
        )
    return text.split()

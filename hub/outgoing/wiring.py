"""Builds the dispatcher with the channels that the hub's file names."""

import os
from collections.abc import Awaitable, Callable

from hub.case_store import CaseStore
from hub.config import HubFile
from hub.config import Webhook as WebhookSettings
from model.errors import ConfigError, Transient

from .channel import Channel
from .dispatcher import Dispatcher
from .mqtt_events import MqttEvents
from .webhook import Webhook


def dispatcher_of(
    file: HubFile,
    store: CaseStore,
    *,
    publish: Callable[[str, bytes], Awaitable[None]],
    clock: Callable[[], int],
) -> Dispatcher:
    """Return the dispatcher for MQTT and every webhook; raises ConfigError on a missing key."""

    async def to_broker(topic: str, payload: bytes) -> None:
        try:
            await publish(topic, payload)
        except ConnectionError as error:
            raise Transient(str(error)) from error

    channels: list[Channel] = [MqttEvents(file.site, to_broker)]
    for number, settings in enumerate(file.webhooks, 1):
        channels.append(
            Webhook(
                f"webhook-{number}",
                settings.url,
                keys=[_key(settings, number)],
                clock=clock,
                allow_private=settings.allow_private,
            )
        )
    return Dispatcher(store, channels, clock=clock)


def _key(settings: WebhookSettings, number: int) -> str:
    if settings.secret_env:
        key = os.environ.get(settings.secret_env, "")
    elif settings.secret_file:
        try:
            key = settings.secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(
                f"the key file {settings.secret_file} of webhook {number} cannot be read"
            ) from error
    else:
        key = ""
    if not key:
        raise ConfigError(
            f"webhook {number} ({settings.url}) has no key; set secret_env or secret_file"
        )
    return key

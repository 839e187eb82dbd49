"""Announces every change of a case on the site's MQTT topic `smarthub/v1/{site}/cases`."""

from collections.abc import Awaitable, Callable

from hub.case_store import OutgoingEvent
from model.topics import cases_topic

from .channel import MINUTE, SECOND, Schedule

Publish = Callable[[str, bytes], Awaitable[None]]
"""Publishes (topic, payload) with QoS 1; returns when the broker has it, raises Transient if not."""


class MqttEvents:
    """A channel to everybody who may read the topic; waits for the broker as long as it takes."""

    name = "mqtt"
    # A broker is ours and comes back; giving up would lose the event for every subscriber.
    schedule = Schedule((SECOND, 2 * SECOND, 5 * SECOND, 15 * SECOND, MINUTE), endless=True)
    at_once = 50
    reaches_compound = False  # subscribers read `quiet_at_compound` in the event

    def __init__(self, site: str, publish: Publish) -> None:
        """Take the site's name and the function that publishes."""
        self.address = cases_topic(site)
        self._publish = publish

    async def send(self, event: OutgoingEvent) -> None:
        """Publish one event; raises what `publish` raises."""
        await self._publish(self.address, event.payload.encode())

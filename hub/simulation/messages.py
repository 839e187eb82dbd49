"""What a simulated device says, when, and over which protocol."""

from collections.abc import Mapping
from typing import NamedTuple

from model.reading import Event


class MqttContent(NamedTuple):
    """A JSON object for a topic, as the device's maker defined it."""

    topic: str
    body: Mapping[str, float | int | bool | str]


class FireContent(NamedTuple):
    """An application data unit (应用数据单元) of GB/T 26875.3; empty is a heartbeat."""

    source: int
    adu: bytes


class DeviceMessage(NamedTuple):
    """One message at its time, ms since 1970 UTC.

    `event` is the alarm that the message tells for the first time, in the hub's words, so that a
    test can reconcile it with Cases; it is empty for normal life and for repeated states.
    """

    at: int
    device: str
    kind: str
    event: Event
    content: MqttContent | FireContent

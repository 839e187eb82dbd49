"""Zigbee2MQTT: each device publishes its whole state, without a time, on `zigbee2mqtt/{name}`.

Source: the Zigbee2MQTT manual, "MQTT topics and messages" (state, bridge and availability topics).
"""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, field_validator

from adapters.contract import Received, Settings
from adapters.json_fields import MAX_ID, clean, parse_object
from adapters.json_mapping import AlarmMapping, FieldMapping, JsonMapping
from adapters.topic_pattern import check_filter
from model.errors import FrameError
from model.reading import Event, Reading

DEFAULT_FIELDS: Mapping[str, FieldMapping] = {
    "contact": FieldMapping(to="open", type="flag", invert=True),  # contact true = closed
    "battery": FieldMapping(to="battery_pct", min=0, max=100),
    "battery_low": FieldMapping(to="battery_low", type="flag"),
    "linkquality": FieldMapping(to="linkquality", min=0, max=255),
    "temperature": FieldMapping(to="temperature_c", min=-60, max=200),
}
ALARMS = (
    AlarmMapping(
        field="smoke", values={"true": Event.FIRE_ALARM, "false": Event.NONE}, required=False
    ),
    AlarmMapping(
        field="tamper", values={"true": Event.TAMPER, "false": Event.NONE}, required=False
    ),
)
NOT_STATE = frozenset({"availability", "get", "set"})
"""Last levels on which the bridge or a client speaks, not a device."""


class Zigbee2MqttSettings(Settings):
    """One bridge; two bridges need a `bridge` name each, so that equal names stay apart."""

    base_topic: str = Field(default="zigbee2mqtt", description="base_topic of the bridge")
    bridge: str = Field(default="", pattern=r"^[a-z0-9-]{0,62}$")
    compound: str = ""
    fields: dict[str, FieldMapping] = Field(default_factory=lambda: dict(DEFAULT_FIELDS))

    @field_validator("base_topic")
    @classmethod
    def _plain(cls, topic: str) -> str:
        if any(char in topic for char in "+#") or topic.strip("/") != topic:
            raise ValueError("write the topic without +, # and slashes at its ends")
        return check_filter(topic)


class Zigbee2Mqtt:
    """Turns a Zigbee device's state into a Reading; what is neither smoke nor door is ignored."""

    name: ClassVar[str] = "zigbee2mqtt"
    settings: ClassVar[type[Settings]] = Zigbee2MqttSettings
    transport: ClassVar[str] = "mqtt"
    quantities: ClassVar[frozenset[str]] = frozenset(
        {
            *("fire", "open", "tamper"),
            *("battery_pct", "battery_low", "linkquality", "temperature_c"),
        }
    )

    def __init__(self, settings: Settings, secret: bytes) -> None:
        """Compile the mapping; `secret` is not needed, nothing here is personal."""
        del secret
        if not isinstance(settings, Zigbee2MqttSettings):
            raise TypeError(f"zigbee2mqtt takes Zigbee2MqttSettings, not {type(settings).__name__}")
        self._base = settings.base_topic
        self._compound = settings.compound
        self._prefix = f"z2m-{settings.bridge}-" if settings.bridge else "z2m-"
        self._source = f"z2m:{settings.bridge}" if settings.bridge else "z2m"
        self._read = JsonMapping(fields=settings.fields, alarms=ALARMS).read

    def topics(self) -> list[str]:
        """Return the filters to subscribe to; names may have levels of their own."""
        return [f"{self._base}/#"]

    def redact(self, payload: bytes) -> bytes:
        """Return the payload as it may be kept: there is nothing personal in it."""
        return payload

    def decode(self, received: Received) -> tuple[Reading, ...]:
        """Return one Reading, or none for the bridge's own topics and devices that are not ours.

        Raises FrameError (json, type, nan, oversize, topic, identity).
        """
        name = self._name(received.topic)
        if not name:
            return ()
        document = parse_object(received.payload)
        kind = _kind(document)
        if not kind:
            return ()
        values, said, _, quality = self._read(document, received.at)
        return (
            Reading(
                device=self._prefix + name,
                kind=kind,
                received_at=received.at,
                values=values,
                event=said.event,
                quality=quality,
                historical=received.retained,
                compound=self._compound,
                source=self._source,
                raw=received.payload.hex() if said.is_alarm else "",
            ),
        )

    def _name(self, topic: str) -> str:
        """Return the device's name in a topic, empty when no device speaks there."""
        base, _, name = topic.partition(f"{self._base}/")
        if base or not name:
            raise FrameError("topic", f"is not of the form {self._base}/NAME")
        first, _, _ = name.partition("/")
        if first == "bridge" or name.rpartition("/")[2] in NOT_STATE:
            return ""
        if len(name) > MAX_ID or name.isspace():
            raise FrameError("identity", f"the device's name is blank or longer than {MAX_ID}")
        return clean(name)


def _kind(document: Mapping[str, object]) -> str:
    # The bridge writes null for a state that it has not heard yet; the device is the same.
    if "smoke" in document:
        return "smoke_detector"
    if "contact" in document:
        return "door_sensor"
    return "zigbee_sensor" if "tamper" in document else ""

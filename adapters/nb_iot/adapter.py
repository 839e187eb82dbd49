"""NB-IoT smoke detectors: one JSON object a message on a topic that names compound and device."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, field_validator, model_validator

from adapters.contract import Received, Settings
from adapters.json_fields import getter, identity_text, parse_object
from adapters.json_mapping import AlarmMapping, FieldMapping, JsonMapping
from adapters.json_time import TimeMapping
from adapters.topic_pattern import TopicPattern
from model.errors import FrameError
from model.reading import Event, Reading

TOPICS_REMEMBERED = 20_000

DEFAULT_FIELDS: Mapping[str, FieldMapping] = {
    "smoke": FieldMapping(to="smoke_db_m", scale=0.01, min=0, max=100),
    "temp": FieldMapping(to="temperature_c", min=-60, max=200),
    "batt": FieldMapping(to="battery_pct", min=0, max=100),
    "rssi": FieldMapping(to="rssi_dbm", min=-200, max=0),
}
"""The project's own format; the ranges are what is physically sensible (our assumption)."""


class DeviceMapping(Settings):
    """Where the device's name is: a field, a `{name}` of the topic, or both (then they agree)."""

    field: str = "imei"
    placeholder: str = Field(default="", description="{name} in the topic; default: the field's")
    prefix: str = Field(default="nb-", pattern=r"^[a-z0-9-]{0,32}$")


class NbIotSettings(Settings):
    """A source of JSON over MQTT; the defaults are the project's NB-IoT smoke detector."""

    topic: str = "iot/{compound}/nb/{imei}/up"
    kind: str = Field(default="smoke_detector", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    compound: str = Field(default="", description="for topics without {compound}")
    device: DeviceMapping = DeviceMapping()
    fields: dict[str, FieldMapping] = Field(default_factory=lambda: dict(DEFAULT_FIELDS))
    alarm: AlarmMapping = AlarmMapping(
        field="alarm", values={"1": Event.FIRE_ALARM, "0": Event.NONE}
    )
    time: TimeMapping | None = TimeMapping(field="ts")

    @field_validator("topic")
    @classmethod
    def _readable(cls, topic: str) -> str:
        return TopicPattern.of(topic).text

    @model_validator(mode="after")
    def _named_somewhere(self) -> "NbIotSettings":
        names = TopicPattern.of(self.topic).names
        if self.device.placeholder and self.device.placeholder not in names:
            raise ValueError(f"the topic has no {{{self.device.placeholder}}}")
        if not self.device.field and not self.device.placeholder:
            raise ValueError(
                "name the device's `field` in the payload or `placeholder` in the topic"
            )
        return self


class NbIot:
    """Turns a detector's JSON into a Reading; an alarm keeps its payload as evidence."""

    name: ClassVar[str] = "nb_iot"
    settings: ClassVar[type[Settings]] = NbIotSettings
    transport: ClassVar[str] = "mqtt"
    quantities: ClassVar[frozenset[str]] = frozenset(
        {"smoke_db_m", "temperature_c", "battery_pct", "rssi_dbm", "fire"}
    )

    def __init__(self, settings: Settings, secret: bytes) -> None:
        """Compile the mapping; `secret` is not needed, nothing here is personal."""
        del secret
        if not isinstance(settings, NbIotSettings):
            raise TypeError(f"nb_iot takes NbIotSettings, not {type(settings).__name__}")
        self._pattern = TopicPattern.of(settings.topic)
        self._kind, self._compound = settings.kind, settings.compound
        device = settings.device
        self._prefix, self._field = device.prefix, device.field
        self._identity = getter(device.field) if device.field else None
        self._flat = "" if "." in device.field else device.field
        self._placeholder = device.placeholder or (
            device.field if device.field in self._pattern.names else ""
        )
        self._read = JsonMapping(
            fields=settings.fields, alarms=[settings.alarm], time=settings.time
        ).read
        self._topics: dict[str, tuple[str, str, str]] = {}

    def topics(self) -> list[str]:
        """Return the filters to subscribe to."""
        return [self._pattern.filter]

    def redact(self, payload: bytes) -> bytes:
        """Return the payload as it may be kept: there is nothing personal in it."""
        return payload

    def decode(self, received: Received) -> tuple[Reading, ...]:
        """Return one Reading; raises FrameError (json, type, nan, identity, oversize, topic)."""
        payload, at, topic, retained = received
        document = parse_object(payload)
        compound, named, device = self._topics.get(topic) or self._topic(topic)
        if self._identity is not None:
            identity = document.get(self._flat) if self._flat else self._identity(document)
            if not named or identity != named:
                device = self._agreed(identity, named)
        values, said, observed_at, quality = self._read(document, at)
        return (
            Reading(
                device=device,
                kind=self._kind,
                received_at=at,
                values=values,
                event=said.event,
                observed_at=observed_at,
                quality=quality,
                historical=retained,
                compound=compound,
                raw=payload.hex() if said.is_alarm else "",
            ),
        )

    def _topic(self, topic: str) -> tuple[str, str, str]:
        """Return compound, device name and device id of a topic, and remember them."""
        levels = self._pattern.match(topic)
        named = levels.get(self._placeholder, "")
        if named:
            named = identity_text(named, f"{{{self._placeholder}}}")
        found = (levels.get("compound", self._compound), named, self._prefix + named)
        if len(self._topics) >= TOPICS_REMEMBERED:
            self._topics.clear()
        self._topics[topic] = found
        return found

    def _agreed(self, identity: object, named: str) -> str:
        """Return the device id; a payload that names another device than its topic is refused."""
        text = identity_text(identity, self._field)
        if named and text != named:
            raise FrameError("identity", f"field {self._field!r} differs from the topic's device")
        return self._prefix + text

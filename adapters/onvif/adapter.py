"""ONVIF: what a camera, a contact on it or a door controller notifies, as Readings.

A payload is one wsnt:NotificationMessage (ONVIF Core, clause 9). Fire panels reach ONVIF by a contact
on a camera: the setting `inputs` says which one it is and what it means.
"""

from functools import partial
from typing import ClassVar

from adapters.contract import Received, Settings
from adapters.json_fields import clean
from model.errors import FrameError
from model.reading import ALARM_EVENTS, ALARM_STATES, Event, Reading

from .access import read_access, read_credential, read_door
from .analytics import read_camera, read_input
from .private import redacted
from .said import Notice, Said, source_of, value_of, vendor
from .settings import OnvifSettings
from .times import observed
from .topics import ANALYTICS, HARDWARE, IMAGING, INPUTS, RELAY
from .xml import Notification, read_notification

INITIALIZED = "initialized"  # flag: the device repeats what holds
_RULES = ("Rule", "RuleName")
_CHANNELS = ("VideoSourceConfigurationToken", "VideoSourceToken", "VideoSource", "Source")
_DOOR_ALARMS = {f"Door/State/{name}" for name in ("DoorAlarm", "DoorTamper", "DoorFault")}
_STATES = {flag.to for flag in (*ANALYTICS.values(), *IMAGING.values())}


class Onvif:
    """Turns a notification into a Reading of the camera, a zone, a contact or a door."""

    name: ClassVar[str] = "onvif"
    settings: ClassVar[type[Settings]] = OnvifSettings
    transport: ClassVar[str] = "onvif"
    quantities: ClassVar[frozenset[str]] = frozenset(
        {*_STATES, "vehicle", "animal", "person", "package_delivered", "package_taken", "loitering"}
        | {"fire", "fault", "fault_part", "manual_alarm", "panic", "open", "active", "relay_active"}
        | {"forced", "held_open", "unlocked", "double_locked", "door_mode", "duress", "access"}
        | {"result", "external", "card_hmac", "card_tail", "credential_hmac", "anti_passback"}
        | {"object_classes", "object_id", "rule", "count", "occupancy_count", "processor_pct"}
        | {"battery_pct", "temperature_c", "humidity_pct", "auth_failed", "peer", "online"}
        | {"enabled", "topic", "items"}
    )

    def __init__(self, settings: Settings, secret: bytes) -> None:
        """Take the device's settings; `secret` keys the hashes of cards and credentials."""
        if not isinstance(settings, OnvifSettings):
            raise TypeError(f"onvif takes OnvifSettings, not {type(settings).__name__}")
        self.source = settings
        self._secret = secret

    def redact(self, payload: bytes) -> bytes:
        """Return any payload, also a broken one, without what names a person."""
        return redacted(payload)

    def decode(self, received: Received) -> tuple[Reading, ...]:
        """Return one Reading.

        Raises FrameError (oversize, encoding, doctype, xml, message, topic, type). A topic that no table
        knows is no error: its Reading says `vendor`, with topic and items as text.
        """
        return (self.notice(received).reading,)

    def notice(self, received: Received, *, offset_ms: int = 0) -> Notice:
        """Return the Reading with what a memory of properties needs; raises FrameError.

        `offset_ms` is the device's clock minus the gateway's, as measured.
        """
        note = read_notification(received.payload)
        said = self._camera(note)
        if not self._understood(note, said):
            if _is_alarm(note.path):
                raise FrameError("type", f"{note.topic} says neither yes nor no")
            said = vendor(note, said)
        initialized = note.operation == INITIALIZED.capitalize()
        if initialized:
            said.flaws.append(INITIALIZED)
        observed_at = observed(note.utc_time, received.at, offset_ms, said.flaws)
        alarm = said.event in ALARM_EVENTS or any(
            said.values.get(name) is True for name in ALARM_STATES
        )
        reading = Reading(
            device=said.device,
            kind=said.kind,
            received_at=received.at,
            values=said.values,
            event=said.event,
            observed_at=observed_at,
            quality=tuple(said.flaws),
            historical=received.retained,
            compound=self.source.compound,
            source=said.fronted_by,
            raw=redacted(received.payload).hex() if alarm else "",
        )
        return Notice(reading, tuple(said.states), source_of(note), initialized)

    def _understood(self, note: Notification, said: Said) -> bool:
        """Fill in `said` by the topic's family; False when it is not known, or its words are not."""
        source, token = self.source, partial(value_of, note.source)
        family = note.path.partition("/")[0]
        if note.path in INPUTS:
            return self._input(note, said)
        if family in ("AccessControl", "AccessPoint"):
            self._behind(said, source.access_points, token("AccessPointToken"), "ap")
            return self._access(note, said)
        if family == "Credential":
            return read_credential(note, said, self._secret)
        if family == "Door":
            self._behind(said, source.doors, token("DoorToken"), "door")
            return read_door(note, said)
        if family == "Configuration":
            said.event = Event.CONFIGURATION
            said.values["topic"] = note.topic
            return True
        if note.path == RELAY:
            self._behind(said, {}, token("RelayToken"), "relay")
            said.kind = "relay"
        return read_camera(note, said)

    def _camera(self, note: Notification) -> Said:
        """Say it of the camera, of another channel of a recorder, or of a zone that a rule watches."""
        source = self.source
        token = value_of(note.source, *_CHANNELS)
        camera = source.channels.get(token, source.camera)
        said = Said(device=camera, kind="camera")
        if rule := value_of(note.source, *_RULES):
            said.values["rule"] = clean(rule)
            if zone := source.zones.get(rule):
                said = Said(f"{camera}/{zone}", "camera_zone", said.values, fronted_by=camera)
        return said

    def _behind(self, said: Said, known: dict[str, str], token: str, prefix: str) -> None:
        """Say it of what is behind a token."""
        token = clean(token) or "?"
        said.device = known.get(token) or f"{self.source.camera}/{prefix}-{token}"
        said.fronted_by = self.source.camera

    def _input(self, note: Notification, said: Said) -> bool:
        item, state = INPUTS[note.path]
        token = value_of(note.source, item, "InputToken", "Source", "Token")
        wired = self.source.inputs.get(token)
        self._behind(said, {token: wired.device} if wired else {}, token, "input")
        return read_input(note, said, state, wired)

    def _access(self, note: Notification, said: Said) -> bool:
        if note.path == "AccessPoint/State/Enabled":
            said.kind = "door"
            said.values["enabled"] = value_of(note.data, "State").lower() in ("true", "1")
            return True
        return read_access(note, said, self._secret)


def _is_alarm(path: str) -> bool:
    """Return whether a topic may say an alarm: then a word that nobody understands must be looked at."""
    flag = ANALYTICS.get(path)
    return path in INPUTS or path in HARDWARE or bool(flag and flag.word) or path in _DOOR_ALARMS

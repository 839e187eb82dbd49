"""Frigate: tracked objects, review items, motion and availability over MQTT.

Source: Frigate's manual, "MQTT" (frigate/available, events, reviews, CAMERA/motion, CAMERA/status/ROLE and
ZONE/LABEL). Names of people and number plates (`sub_label`) are never read.
"""

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeVar

from adapters.contract import Received, Settings
from adapters.json_fields import clean, parse_object
from adapters.json_time import AHEAD_MS, EARLIEST_MS
from model.errors import FrameError
from model.reading import Reading, Value

from .private import without_names
from .settings import FrigateSettings, ObjectMapping

CAMERA, ZONE, SERVER = "camera", "camera_zone", "video_server"
MAX_ZONES = MAX_NAME = 64

Chosen = TypeVar("Chosen")


class Frigate:
    """Turns what Frigate says of its cameras into Readings; every message stands for itself."""

    name: ClassVar[str] = "frigate"
    settings: ClassVar[type[Settings]] = FrigateSettings
    transport: ClassVar[str] = "mqtt"
    quantities: ClassVar[frozenset[str]] = frozenset(
        {
            *("online", "disabled", "motion", "review_alert", "intrusion", "lane_occupied"),
            *("episode", "label", "confidence", "stationary", "ended_by"),
        }
    )

    def __init__(self, settings: Settings, secret: bytes) -> None:
        """Take the cameras and words; `secret` is not needed, names never leave `decode`."""
        del secret
        if not isinstance(settings, FrigateSettings):
            raise TypeError(f"frigate takes FrigateSettings, not {type(settings).__name__}")
        self._own = settings
        self._base = f"{settings.topic_prefix}/"
        self._prefix = f"fr-{settings.instance}-" if settings.instance else "fr-"
        self._counted = {f"{m.zone}/{m.label}" for m in settings.objects}

    def topics(self) -> list[str]:
        """Return the filters to subscribe to; pictures and switches are not among them."""
        words = ["available", "events", "reviews", "+/motion", "+/status/detect"]
        return [self._base + word for word in (*words, *sorted(self._counted))]

    def redact(self, payload: bytes) -> bytes:
        """Return the payload as it may be kept: names of people and plates are starred out."""
        return without_names(payload)

    def decode(self, received: Received) -> tuple[Reading, ...]:
        """Return the Readings of one message; raises FrameError (topic, json, type, identity, nan)."""
        base, _, topic = received.topic.partition(self._base)
        if base or not topic:
            raise FrameError("topic", f"is not of the form {self._base}…")
        if topic == "available":
            return self._available(received)
        if topic == "events":
            return self._event(received)
        if topic == "reviews":
            return self._review(received)
        if topic in self._counted:
            return self._count(received, topic)
        camera, _, word = topic.partition("/")
        if camera not in self._own.cameras or word not in {"motion", "status/detect"}:
            return ()
        return self._switch(received, camera, word)

    def _available(self, received: Received) -> tuple[Reading, ...]:
        """All cameras go dark and come back with Frigate; a stream still lost is told right after."""
        online = _choice(received.payload, {b"online": True, b"offline": False})
        server = self._reading(received, self._prefix.rstrip("-"), SERVER, {"online": online})
        cameras = [self._camera(received, one, {"online": online}) for one in self._own.cameras]
        return (server, *cameras)

    def _switch(self, received: Received, camera: str, word: str) -> tuple[Reading, ...]:
        if word == "motion":
            moving = _choice(received.payload, {b"ON": True, b"OFF": False})
            return (self._camera(received, camera, {"motion": moving}),)
        said = _choice(received.payload, {b"online": "on", b"offline": "off", b"disabled": "no"})
        # Switched off by a person is no fault of the camera, but nobody sees anything.
        values: dict[str, Value] = {"disabled": said == "no"}
        if said != "no":
            values["online"] = said == "on"
        return (self._camera(received, camera, values),)

    def _event(self, received: Received) -> tuple[Reading, ...]:
        """What an object does in the zones that have a word for it; leaving is told by the counts."""
        document = parse_object(received.payload)
        after = _part(document, "after")
        camera, label = _text(after, "camera"), _text(after, "label")
        episode = _text(after, "id")
        if not _is_one(document.get("type"), "new", "update", "end"):
            raise FrameError("type", "field 'type' is none of new, update, end")
        if after.get("false_positive") is True or document["type"] == "end":
            return ()
        zones = set(_texts(after, "current_zones"))
        stationary = after.get("stationary") is True
        values: dict[str, Value] = {"episode": episode, "label": label, "stationary": stationary}
        score = _number(after, "top_score")
        if score is not None:
            values["confidence"] = round(min(1.0, max(0.0, score)), 3)
        return tuple(
            self._zone(received, mapping, values | {mapping.state: True}, after)
            for mapping in self._own.objects
            if (mapping.camera, mapping.label) == (camera, label)
            and mapping.zone in zones
            and (stationary or not mapping.stationary)
        )

    def _count(self, received: Received, topic: str) -> tuple[Reading, ...]:
        """None left: one of several that leaves changes nothing, the last one ends it."""
        try:
            count = int(received.payload)
        except ValueError:
            raise FrameError("type", "the count is no whole number") from None
        if count:
            return ()
        return tuple(
            self._zone(received, mapping, {mapping.state: False})
            for mapping in self._own.objects
            if f"{mapping.zone}/{mapping.label}" == topic
        )

    def _review(self, received: Received) -> tuple[Reading, ...]:
        """A camera has one review item at a time: its end takes back what it said, in all its zones."""
        document = parse_object(received.payload)
        after = _part(document, "after")
        camera, episode = _text(after, "camera"), _text(after, "id")
        severity, stage = after.get("severity"), document.get("type")
        if not _is_one(stage, "new", "update", "end") or not _is_one(
            severity, "alert", "detection"
        ):
            raise FrameError("type", "fields 'type' and 'severity' are none that Frigate has")
        words = self._own.reviews
        state = words.alert if severity == "alert" else words.detection
        if camera not in self._own.cameras:
            return ()
        values: dict[str, Value] = {"episode": episode}
        if stage == "end":
            # It may have grown from a detection into an alert on its way.
            said = {word for word in (words.alert, words.detection) if word}
            values |= dict.fromkeys(sorted(said), False) | {"ended_by": "unseen"}
        elif state:
            values[state] = True
        if len(values) == 1:
            return ()
        data = after.get("data")
        zones = _texts(data, "zones") if isinstance(data, dict) else ()
        spots = [self._at(received, camera, zone, values, after) for zone in zones]
        if not zones or stage == "end":  # it may have begun outside of every zone
            spots.append(self._camera(received, camera, values, after))
        return tuple(spots)

    def _zone(
        self,
        received: Received,
        mapping: ObjectMapping,
        values: dict[str, Value],
        after: Mapping[str, object] | None = None,
    ) -> Reading:
        return self._at(received, mapping.camera, mapping.zone, values, after)

    def _at(
        self,
        received: Received,
        camera: str,
        zone: str,
        values: dict[str, Value],
        after: Mapping[str, object] | None = None,
    ) -> Reading:
        device = f"{self._prefix}{camera}"
        return self._reading(received, f"{device}/{zone}", ZONE, values, after, source=device)

    def _camera(
        self,
        received: Received,
        camera: str,
        values: dict[str, Value],
        after: Mapping[str, object] | None = None,
    ) -> Reading:
        return self._reading(received, f"{self._prefix}{camera}", CAMERA, values, after)

    def _reading(
        self,
        received: Received,
        device: str,
        kind: str,
        values: dict[str, Value],
        after: Mapping[str, object] | None = None,
        *,
        source: str = "",
    ) -> Reading:
        observed_at, flaws = _moment(after, received.at)
        return Reading(
            device=device,
            kind=kind,
            received_at=received.at,
            values=values,
            observed_at=observed_at,
            quality=flaws,
            historical=received.retained,
            compound=self._own.compound,
            source=source,
        )


def _choice(payload: bytes, words: Mapping[bytes, Chosen]) -> Chosen:
    try:
        return words[bytes(payload)]
    except KeyError:
        known = ", ".join(word.decode() for word in words)
        raise FrameError("type", f"the payload is none of {known}") from None


def _is_one(value: object, *words: str) -> bool:
    """Return whether a value of a message is one of some words; it may be of any shape."""
    return isinstance(value, str) and value in words


def _part(document: Mapping[str, object], name: str) -> dict[str, object]:
    part = document.get(name)
    if not isinstance(part, dict):
        raise FrameError("type", f"field {name!r} is not an object")
    return part


def _text(part: Mapping[str, object], name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME or "/" in value:
        raise FrameError("identity", f"field {name!r} is missing, blank, too long or no name")
    return clean(value)


def _texts(part: Mapping[str, object], name: str) -> Sequence[str]:
    """Return the names in a list; what is no name is left out."""
    found = part.get(name)
    if not isinstance(found, list):
        return ()
    return [clean(v) for v in found[:MAX_ZONES] if isinstance(v, str) and v and len(v) <= MAX_NAME]


def _number(part: Mapping[str, object], name: str) -> float | None:
    value = part.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return None
    return number if math.isfinite(number) else None


def _moment(after: Mapping[str, object] | None, at: int) -> tuple[int | None, tuple[str, ...]]:
    """Return Frigate's own time in ms, or the flag of a clock that cannot be right."""
    if after is None:
        return None, ()
    seconds = (
        _number(after, "end_time") or _number(after, "frame_time") or _number(after, "start_time")
    )
    if seconds is None:
        return None, ()
    if EARLIEST_MS <= seconds * 1000 <= at + AHEAD_MS:
        return int(seconds * 1000), ()
    return None, ("device_clock",)

"""Turns what a transmission device uploaded into Readings: who said what, when, how reliably."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import NamedTuple

from model.reading import ALARM_EVENTS, Event, Reading, Value

from . import objects as upload
from .frame import Frame, is_user_command
from .meaning import Meaning, meaning_of
from .tables import Analogue
from .times import to_utc

CLOCK_TOLERANCE_MS = 5 * 60 * 1000
"""A device clock further from the gateway's is flagged (our design, not the standard)."""

_EVIDENT = ALARM_EVENTS | {
    Event.VENDOR,
    Event.SELF_TEST,
    Event.OPERATOR_CONFIRMED,
    Event.OPERATOR_TEST,
}
"""Events whose frame is kept: alarms, what people did, what we cannot read."""


class Sent(NamedTuple):
    """A frame with what the gateway knows about its sender."""

    frame: Frame
    at: int  # gateway clock, ms
    zone: tzinfo  # of the device's local times
    compound: str
    analogues: Mapping[int, Analogue]  # the standard's and the user's


class Speaker(NamedTuple):
    """The device that a Reading is about, and its measurement."""

    device: str
    kind: str


def heartbeat(sent: Sent) -> Reading:
    """Return the sign of life that an empty data unit is (a vendor habit, not in the standard)."""
    return _reading(sent, _transmitter(sent), Meaning(Event.HEARTBEAT, {}))


def vendor(sent: Sent) -> Reading:
    """Return a message of the vendor's own, its frame kept as received."""
    frame = sent.frame
    values: dict[str, Value] = {}
    if is_user_command(frame.command):
        values["command"] = float(frame.command)
    if frame.adu:
        values["data_type"] = float(frame.adu[0])
    return _reading(sent, _transmitter(sent), Meaning(Event.VENDOR, values))


def uploaded(sent: Sent) -> list[Reading]:
    """Return one Reading for each object of an upload; raises FrameError."""
    return [
        _reading(sent, _speaker(sent, item), meaning_of(item, sent.analogues), item.time)
        for item in upload.read_objects(sent.frame.adu)
    ]


def transmitter_id(source: int) -> str:
    """Return the device id of a transmission device 用户信息传输装置 by its source address."""
    return f"gb-{source}"


def _transmitter(sent: Sent) -> Speaker:
    return Speaker(transmitter_id(sent.frame.source), "fire_transmitter")


def _speaker(sent: Sent, item: upload.UploadObject) -> Speaker:
    """Name the device: a component's type is left out, because requests do not carry it."""
    transmitter = _transmitter(sent)
    if not isinstance(item, upload.OfSystem):
        return transmitter
    system = f"{transmitter.device}-{item.system_type}-{item.system_address}"
    if not isinstance(item, upload.OfComponent):
        return Speaker(system, "fire_system")
    return Speaker(f"{system}-{item.component_address.hex()}", "fire_component")


def _reading(
    sent: Sent, speaker: Speaker, meaning: Meaning, time: bytes = upload.NO_TIME
) -> Reading:
    label = to_utc(sent.frame.label, sent.zone)
    observed_at = to_utc(time, sent.zone) if time else label
    if meaning.event is Event.CLOCK and observed_at is not None:
        meaning.values["clock_offset_s"] = (observed_at - sent.at) / 1000
    quality = meaning.quality
    if not (_is_near(label, sent.at) and _is_near(observed_at, sent.at)):
        quality = ("device_clock", *quality)
    return Reading(
        device=speaker.device,
        kind=speaker.kind,
        received_at=sent.at,
        values=meaning.values,
        event=meaning.event,
        observed_at=observed_at,
        quality=quality,
        compound=sent.compound,
        source=transmitter_id(sent.frame.source),
        raw=sent.frame.raw.hex() if _is_evident(meaning) else "",
    )


def _is_evident(meaning: Meaning) -> bool:
    # Feedback has no event of its own, and is all that some flow switches say.
    return meaning.event in _EVIDENT or meaning.values.get("feedback") is True


def _is_near(moment: int | None, at: int) -> bool:
    return moment is not None and abs(moment - at) <= CLOCK_TOLERANCE_MS

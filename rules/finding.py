"""How a conclusion is written down: the anomaly with its evidence, and how it goes on and ends."""

from typing import Literal

import msgspec

from model.anomaly import Anomaly, Evidence, Phase, anomaly_key
from model.reading import Event, Mode, Reading, Value
from model.walk_test import WALK_TEST

from .contract import Observation, Over
from .specs import Spec
from .specs.base import ByHand, Devices

Scope = Literal["component", "system", "source", "gateway", "place"]

SYSTEM = "fire_system"  # a panel behind a 用户信息传输装置
TRANSMITTER = "fire_transmitter"  # the 用户信息传输装置 itself


def scope_of(kind: str) -> Scope:
    """Return what a device of that kind speaks for: one component, a panel, or all behind it."""
    if kind == SYSTEM:
        return "system"
    return "source" if kind == TRANSMITTER else "component"


def evidence(seen: Observation) -> Evidence:
    """Return the reference to a Reading with what it said."""
    reading = seen.reading
    return Evidence(
        reading=seen.id,
        device=reading.device,
        at=reading.received_at,
        values=reading.values,
        event=str(reading.event),
        raw=reading.raw,
    )


def started(
    spec: Spec, seen: Observation, *, facts: str, not_before: int = 0, manual: bool = False
) -> Anomaly:
    """Write down what starts with a Reading; `started_at` is the Reading's time, so the key repeats."""
    reading = seen.reading
    at = max(reading.received_at, not_before)
    return Anomaly(
        key=anomaly_key(spec.id, reading.device, at),
        rule=spec.id,
        rule_hash=spec.hash,
        subject=reading.device,
        category=spec.category,
        severity=spec.severity,
        started_at=at,
        last_at=at,
        mode=reading.mode,
        scope=scope_of(reading.kind),
        source=reading.source,
        compound=seen.place.compound if seen.place else reading.compound,
        historical=reading.historical,
        late=seen.late,
        manual=manual,
        explanation=explained(spec, facts),
        quality=reading.quality,
        evidence=(evidence(seen),),
    )


def continued(anomaly: Anomaly, seen: Observation) -> Anomaly:
    """Write down that the device says it again: same key, newer `last_at`, the new Reading."""
    return msgspec.structs.replace(
        anomaly,
        phase=Phase.CONTINUED,
        last_at=max(anomaly.last_at, seen.reading.received_at),
        late=seen.late,
        quality=seen.reading.quality,
        evidence=(evidence(seen),),
    )


def ended(anomaly: Anomaly, *, at: int, by: str, seen: Observation | None = None) -> Anomaly:
    """Write down the end; it never lies before the start, whatever the clocks did."""
    return msgspec.structs.replace(
        anomaly,
        phase=Phase.ENDED,
        ended_at=max(at, anomaly.started_at),
        last_at=max(at, anomaly.last_at),
        late=seen.late if seen else False,
        ended_by=by,
        evidence=(evidence(seen),) if seen else (),
    )


def begun_at(anomaly: Anomaly, at: int, *, subject: str = "") -> Anomaly:
    """Return the anomaly with another start, or about another subject; both are part of its key."""
    subject = subject or anomaly.subject
    place = subject.startswith("place:")
    return msgspec.structs.replace(
        anomaly,
        key=anomaly_key(anomaly.rule, subject, at),
        subject=subject,
        started_at=at,
        last_at=max(at, anomaly.last_at),
        scope="place" if place else anomaly.scope,
        source="" if place else anomaly.source,
    )


def of_walk_test(anomaly: Anomaly) -> bool:
    """Return whether an anomaly stands for something that a walk test caused."""
    return anomaly.mode is Mode.TEST and WALK_TEST in anomaly.quality


def made_real(anomaly: Anomaly, over: Over, *, mode: Mode) -> tuple[Anomaly, Anomaly]:
    """Return the end of a walk test's anomaly, and the start of the same in the device's own mode.

    It starts when the test was over, so the key repeats; in doubt what still holds is real.
    """
    old = ended(anomaly, at=over.at, by="walk_test_over")
    start = max(over.at, anomaly.started_at + 1)
    new = msgspec.structs.replace(
        anomaly,
        key=anomaly_key(anomaly.rule, anomaly.subject, start),
        started_at=start,
        last_at=max(start, anomaly.last_at),
        phase=Phase.STARTED,
        mode=mode,
        quality=tuple(flag for flag in anomaly.quality if flag != WALK_TEST),
    )
    return old, new


def explained(spec: Spec, facts: str) -> str:
    """Return the rule's title in both languages with the facts."""
    return f"{spec.title.zh} / {spec.title.en}: {facts}"


def stated(values: dict[str, Value], words: tuple[str, ...], event: str) -> str:
    """Return what a device said, in words: `event fire_alarm, fire=true`."""
    parts = [f"event {event}"] if event else []
    parts += [f"{word}={str(values[word]).lower()}" for word in words if word in values]
    return ", ".join(parts)


def concerns(devices: Devices, kind: str, role: str) -> bool:
    """Return whether a rule watches devices of that kind with that role in the registry."""
    if (devices.kinds and kind not in devices.kinds) or kind in (devices.except_kinds or ()):
        return False
    if devices.roles and role not in devices.roles:
        return False
    return role not in devices.except_roles


def fits(devices: Devices, reading: Reading, role: str) -> bool:
    """Return whether a rule watches this device."""
    if not concerns(devices, reading.kind, role):
        return False
    values = reading.values
    for name, chosen in (devices.except_values or {}).items():
        if values.get(name) in chosen:
            return False
    return all(values.get(name) in chosen for name, chosen in devices.values.items())


def by_hand(hand: ByHand, reading: Reading, role: str) -> bool:
    """Return whether a person's hand is behind a Reading: a call point, a manual alarm."""
    if reading.event in hand.events or (role and role in hand.roles):
        return True
    values = reading.values
    return any(values.get(name) in chosen for name, chosen in hand.values.items())


def behind(subject: tuple[str, str], *, device: str, kind: str, source: str) -> bool:
    """Return whether a reset at `device` reaches the subject, a (device, what fronts it).

    GB/T 26875.3-2011 types 4 and 24, bit 0: a transmission device resets all that it fronts, a
    panel resets what carries its address: devices `gb-7-1-2-…` stand behind the panel `gb-7-1-2`.
    """
    name, fronted_by = subject
    if name == device:
        return True
    if kind == TRANSMITTER:
        return fronted_by == device
    if kind == SYSTEM:
        return fronted_by == source and name.startswith(device.removesuffix("-sys") + "-")
    return False


def is_reset(reading: Reading) -> bool:
    """Return whether a Reading is a reset 复位: type 4 or 24 bit 0, or bit 13 of a panel's state."""
    return reading.event == Event.RESET or reading.values.get("reset") is True

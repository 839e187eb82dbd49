"""Knows what hangs on what: one loss is one case, and what hangs on the lost thing is listed there.

Power, panel, riser and gateway by the registry (`powered_by`, `parent`, `riser`) and by what fronts a
device; in a fire the doors of its building. An emergency is held by nothing but a fire, and a fire by
nothing at all.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from model.anomaly import Anomaly
from model.case import Case, Change, Member, Verification
from model.place import Registry

from .dossier import Dossier
from .grouping import GATEWAY_LOST, SILENT, Index, Spot, gateways_of, newest
from .joining import News
from .policy import Policy
from .taxonomy import Category

FIRE = "fire"
CAMERA_OFFLINE = "camera_offline"  # a recorder too says `online`
DOORS = frozenset({"door_forced", "door_held_open"})
"""What people do to doors when it burns; duress and panic buttons are never held."""

_DEEPEST = 8  # no chain of supplies is longer; a registry with a ring is refused when it is read


class Link(NamedTuple):
    """What a loss of the upper thing is called, and what it explains of the lower one."""

    losses: tuple[str, ...]
    explains: frozenset[str]
    within: int | None = None  # ms of data time between the two starts; None: whenever


SUDDEN_MS = 60_000
"""A loop that breaks: its devices fault less than so long from their panel's word; our assumption."""

LINKS: Mapping[str, Link] = MappingProxyType(
    {
        "powered_by": Link(
            ("mains_fault", "silent", "device_fault"),
            frozenset({"silent", "device_fault", "panel_fault", "line_fault", "mains_fault"})
            | {CAMERA_OFFLINE},
        ),
        # A panel in fault, or on its battery, still hears its detectors: only what is gone explains them.
        "parent": Link(
            ("silent", "line_fault", CAMERA_OFFLINE),
            frozenset({"silent", "device_fault", "line_fault", CAMERA_OFFLINE}),
        ),
        "riser": Link(
            ("low_pressure", "pump_fault", "line_fault", "silent", "device_fault"),
            frozenset({"low_pressure", "silent", "device_fault"}),
        ),
        "gateway": Link((GATEWAY_LOST,), frozenset({SILENT, CAMERA_OFFLINE})),
    }
)
"""Which loss explains what; our assumption."""

SUDDEN: Mapping[str, Link] = MappingProxyType(
    # It shows a general fault for months: it explains what began with it, and never who is silent.
    {"parent": Link(("panel_fault",), frozenset({"device_fault"}), SUDDEN_MS)}
)
"""Which loss explains what only where both begin together."""


class Held(NamedTuple):
    """The case that takes an anomaly in, and what it is held by: a device, a gateway, or `fire`."""

    dossier: Dossier
    by: str


def held(
    index: Index,
    anomaly: Anomaly,
    kind: Category,
    *,
    spot: Spot,
    registry: Registry,
    policy: Policy,
) -> Held | None:
    """Return the case of the loss, or the fire, that explains an anomaly; None: it is its own.

    A fire's doors belong to it until `policy.join` after its end, as its own alarms do, but no longer
    than `policy.fire_doors` after its newest alarm: a latched detector explains no burglary of the
    next day. What has an open case of its own already goes on there, or that case would never hear
    of its end.
    """
    member = (anomaly.rule, anomaly.subject)
    own = index.subject(anomaly.mode, kind.cause, anomaly.subject)
    if any(not d.ended and member in d.members and not d.members[member].held_by for d in own):
        return None
    if kind.word in DOORS:
        at = anomaly.started_at
        fires = index.group(anomaly.mode, FIRE, spot.place.id)
        burning = newest(dossier for dossier in fires if _burnt(dossier, at, policy))
        return None if burning is None else Held(burning, FIRE)
    for name, upper in _above(anomaly, registry):
        for link in (LINKS[name], *filter(None, [SUDDEN.get(name)])):
            if kind.word not in link.explains or upper == anomaly.subject:
                continue
            for loss in link.losses:
                for dossier in index.subject(anomaly.mode, loss, upper):
                    if not dossier.ended and _is_lost(dossier, upper, anomaly, link.within):
                        return Held(dossier, upper)
    return None


def outlasting(dossier: Dossier) -> list[Member]:
    """Return the held members whose reason is gone: each is its own job now."""
    held_on = [
        member
        for member in dossier.members.values()
        if member.ended_at is None and _is_held(member, dossier.case)
    ]
    if dossier.ended or not held_on:
        return held_on
    reasons = _reasons(dossier)
    return [member for member in held_on if member.held_by not in reasons]


def watched(dossier: Dossier, change: Change, news: News, *, now: int, policy: Policy) -> Change:
    """Give what was held some time to report once its reason is gone, before each is looked at."""
    if news.member.held_by and news.kind != "ended":
        return change  # one more that hangs on the lost thing takes no reason away
    case = dossier.case
    gone = _gateway_is_back(dossier) or bool(outlasting(dossier))
    check_at = case.check_at
    if gone and check_at is None:
        check_at = now + policy.silence_grace
    elif not gone and case.category in _LOSSES and not dossier.ended:
        check_at = None
    if check_at == case.check_at:
        return change
    dossier.case = msgspec.structs.replace(case, check_at=check_at)
    return msgspec.structs.replace(change, case=dossier.snapshot())


def freed(case: Case, members: Mapping[tuple[str, str], Member], now: int) -> Case:
    """Return a case that people ended; what it still holds is looked at with the next tick."""
    holding = any(m.ended_at is None and _is_held(m, case) for m in members.values())
    return msgspec.structs.replace(case, check_at=now) if holding else case


_LOSSES = frozenset(
    loss for link in (*LINKS.values(), *SUDDEN.values()) for loss in link.losses
) | {FIRE}


def _above(anomaly: Anomaly, registry: Registry) -> Iterator[tuple[str, str]]:
    """Yield what a subject hangs on, link by link, the nearest first."""
    subject, source = anomaly.subject, anomaly.source
    for gateway in sorted(gateways_of(anomaly)):
        yield "gateway", gateway
    if source and not source.startswith("gateway:"):
        panel = subject.rpartition("-")[0]
        if panel.startswith(f"{source}-"):
            yield "parent", panel
        yield "parent", source
    level, seen = [subject], {subject}
    for _ in range(_DEEPEST):
        above = [link for name in level for link in registry.hangs_on(name)]
        level = [upper for _, upper in above if upper not in seen]
        seen.update(level)
        yield from above
        if not level:
            return


def _burnt(dossier: Dossier, at: int, policy: Policy) -> bool:
    """Whether a building burns, or did until just before a data time (ms), with a recent alarm."""
    if dossier.ended or dossier.case.verification is Verification.FALSE:
        return False
    own = [member for member in dossier.members.values() if not member.held_by]
    if at - max((member.started_at for member in own), default=at) >= policy.fire_doors:
        return False
    return any(m.ended_at is None or at - m.ended_at < policy.join for m in own)


def _burns(dossier: Dossier) -> bool:
    false = dossier.case.verification is Verification.FALSE
    active = any(m.ended_at is None and not m.held_by for m in dossier.members.values())
    return active and not false and not dossier.ended


def _reasons(dossier: Dossier) -> set[str]:
    """Return what a case may hold its members by now; empty text: that its gateway is lost.

    Built once for all members: they are thousands, and each device that returns asks.
    """
    reasons = {
        member.subject
        for member in dossier.members.values()
        if member.ended_at is None and not member.held_by
    }
    reasons.discard(FIRE)
    if _burns(dossier):
        reasons.add(FIRE)
    if not _gateway_is_back(dossier):
        reasons.add("")
    return reasons


def _is_lost(dossier: Dossier, upper: str, anomaly: Anomaly, within: int | None) -> bool:
    return any(
        member.subject == upper
        and member.ended_at is None
        and not member.held_by
        and (within is None or abs(anomaly.started_at - member.started_at) < within)
        for member in dossier.members.values()
    )


def _is_held(member: Member, case: Case) -> bool:
    """Cases of before `held_by` hold the silence of their gateway's devices by category."""
    return bool(member.held_by) or (case.category == GATEWAY_LOST and member.category == SILENT)


def _gateway_is_back(dossier: Dossier) -> bool:
    if dossier.case.category != GATEWAY_LOST:
        return False
    lost = (m for m in dossier.members.values() if m.category == GATEWAY_LOST)
    return all(member.ended_at is not None for member in lost)

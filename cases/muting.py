"""What a silence 静默 may cover, what it needs, and the round that is walked while it holds."""

import msgspec

from model.anomaly import Anomaly, Phase, Severity, anomaly_key
from model.errors import Refused
from model.place import Place, Registry
from model.silence import LONGEST_MS, SILENCED, Scope, Silence, SilenceOrder

from .taxonomy import CATEGORIES, PATROL, is_never_hidden

COMMUNITY_DIGITS = 12
"""Digits of a community's division code; a round of a street or a district is nobody's round."""

REPEATED_MS = 30_000
"""The lengths of an order and of its repeat differ by no more: the time that its answer takes."""

SET_BACK_MS = 5_000
"""A clock that is set back by more puts a planned silence back; by less it was only corrected."""


def covers(scope: Scope, anomaly: Anomaly, place: Place) -> bool:
    """Return whether a scope fits an anomaly at a place: all that it names must."""
    if scope.device and scope.device not in (anomaly.subject, anomaly.source):
        return False
    building = place.building or place.id
    return (
        (not scope.building or scope.building == building)
        and (not scope.compound or scope.compound == (place.compound or anomaly.compound))
        and place.grid.startswith(scope.grid)
        and scope.rule in ("", anomaly.rule)
        and scope.category in ("", anomaly.category)
    )


def speaks_up(anomaly: Anomaly) -> bool:
    """Return whether more than one device, or a person, says so: that is never kept quiet."""
    asks_for_help = anomaly.category in {"duress", "panic"}
    return anomaly.manual or anomaly.corroborates or asks_for_help


def quiet(anomaly: Anomaly) -> Anomaly:
    """Return an anomaly whose case is opened without a sound."""
    return msgspec.structs.replace(anomaly, quality=(*anomaly.quality, SILENCED))


def worn_out(silence: Silence, awake: int) -> bool:
    """A clock that was set back makes no silence longer."""
    return awake - silence.began_awake >= silence.ends_at - (silence.began_at or silence.starts_at)


def too_early(silence: Silence, at: int) -> bool:
    """A clock that ran ahead for a moment starts no planned silence."""
    return silence.created_at < silence.starts_at and at + SET_BACK_MS < silence.starts_at


def check(order: SilenceOrder, registry: Registry, *, now: int) -> None:
    """Raise Refused naming what an order of a new silence lacks."""
    scope = order.scope
    words = {"actor": order.actor, "reason": order.reason, "scope": "".join(scope.named().values())}
    missing = [word for word, value in words.items() if not value.strip()]
    if order.emergencies and not order.patrol.strip():
        missing.append("patrol")
    if missing:
        raise Refused(
            f"a silence needs {', '.join(missing)} (缺少：申请人、原因、范围或巡查人)",
            missing=tuple(missing),
        )
    kind = CATEGORIES.get(scope.category)
    if kind is not None and is_never_hidden(kind, kind.severity) and not order.emergencies:
        raise Refused(
            f"{scope.category} is an emergency or its first sign: say `emergencies`, name who patrols, and let a second"
            " person approve (紧急类别须注明、指定巡查人并经第二人批准)",
            missing=("emergencies",),
        )
    if order.emergencies and not _can_be_walked(scope, registry):
        raise Refused(
            "a silence over emergencies names a device, a building, a compound, or the whole code of"
            " a registered grid or community to patrol (须指明可巡查的地点：设备、楼栋、小区、已登记的网格或社区)",
            missing=("place",),
        )
    start = max(now, order.starts_at)
    if not start < order.ends_at <= start + LONGEST_MS:
        raise Refused("a silence ends, after it starts (须有结束时间)", missing=("ends",))
    for word, known in (("building", registry.buildings), ("compound", registry.compounds)):
        if (value := getattr(scope, word)) and value not in known:
            raise Refused(f"there is no {word} {value} in the registry", missing=(word,))


def same_order(silence: Silence, order: SilenceOrder, *, now: int) -> bool:
    """Return whether an order asks again for a silence that is known, and not for another one.

    What starts at once ends later by as much as its repeat comes later.
    """
    at_once = order.starts_at <= now and silence.starts_at <= silence.created_at
    longer = (order.ends_at - now) - (silence.ends_at - silence.created_at)
    return (
        order.actor == silence.author
        and order.scope == silence.scope
        and order.emergencies == silence.emergencies
        and (at_once or order.starts_at == silence.starts_at)
        and (order.ends_at == silence.ends_at or (at_once and abs(longer) <= REPEATED_MS))
    )


def _can_be_walked(scope: Scope, registry: Registry) -> bool:
    if scope.device or scope.building or scope.compound:
        return True
    return len(scope.grid) >= COMMUNITY_DIGITS and scope.grid in registry.divisions


def patrol(silence: Silence, *, phase: Phase, at: int) -> Anomaly:
    """Return the round that somebody walks while emergencies are quiet, as a statement."""
    start = silence.began_at or silence.starts_at
    subject = silence.scope.place
    return Anomaly(
        key=anomaly_key("silence", f"{silence.id} {subject}", start),
        rule="silence",
        rule_hash="",
        subject=subject,
        category=PATROL,
        severity=Severity.MAJOR,
        started_at=start,
        last_at=at,
        phase=phase,
        ended_at=at if phase is Phase.ENDED else None,
        ended_by="silence_over" if phase is Phase.ENDED else "",
        scope="place",
        explanation=(
            f"静默 {silence.id} 期间紧急报警不响铃，须巡查 / walk the round while emergencies are quiet:"
            f" {silence.reason}"
        ),
    )

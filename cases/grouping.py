"""Decides which anomalies are one case: by place and cause (归并).

One fire that a component, its panel and the 用户信息传输装置 report three times is one case.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

import msgspec

from model.anomaly import Anomaly, Evidence
from model.case import Case, EventClass
from model.place import UNREGISTERED, Place, Registry
from model.reading import Mode

from .dossier import Dossier
from .taxonomy import PATROL, Category

GATEWAY_LOST = "gateway_lost"
SILENT = "silent"
NOT_KNOWN, FROM_ABOVE, BY_ITSELF = 0, 1, 2
"""How well a place is known: not, by the panel or source above it, by the component itself."""
ECHO_SCOPES = frozenset({"system", "source"})
_PREFIXES = {
    EventClass.EMERGENCY: "E",
    EventClass.IMPAIRMENT: "I",
    EventClass.DUTY: "D",
    EventClass.MAINTENANCE: "M",
    EventClass.REPORT: "R",
}
_SPEAKABLE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U to mishear
_ID_BITS = 50  # 8 letters would collide once in a million cases


class Spot(NamedTuple):
    """Where an anomaly belongs: its place, what it is grouped by, and what fronts it."""

    place: Place
    group: str
    source: str


def case_key(place: str, cause: str, ordinal: int) -> str:
    """Return a case's key: a hash of (place, cause, ordinal), the same in every replay."""
    return sha256(f"{place}\n{cause}\n{ordinal}".encode()).hexdigest()[:32]


def case_id(cls: EventClass, key: str) -> str:
    """Return a case's id, made to be said on the telephone: a letter for the class, 5 and 5 signs."""
    number = int(key, 16) >> (4 * len(key) - _ID_BITS)
    signs = "".join(_SPEAKABLE[number >> shift & 31] for shift in range(_ID_BITS - 5, -1, -5))
    return f"{_PREFIXES[cls]}-{signs[:5]}-{signs[5:]}"


def spot_of(anomaly: Anomaly, category: Category, registry: Registry) -> Spot:
    """Return where an anomaly belongs.

    What nobody registered is at the place "unregistered" and grouped by its source if it has one,
    else by itself, or with what is behind the same gateway where that is one job; compound and grid are still those of its source, so that somebody can be called.
    """
    source = anomaly.source or (anomaly.subject if anomaly.scope == "source" else "")
    place = _place(anomaly, registry)
    if place is None:
        group = source or (category.together and _behind(anomaly)) or anomaly.subject
        place = _unregistered(anomaly, source, registry)
        return Spot(place, _own(anomaly, category) or f"{place.id}/{group}", source)
    return Spot(place, _own(anomaly, category) or place.id, source)


def precision(spot: Spot, scope: str) -> int:
    """Return how well an anomaly knows its place."""
    if spot.place.id == UNREGISTERED.id:
        return NOT_KNOWN
    return FROM_ABOVE if scope in ECHO_SCOPES else BY_ITSELF


def case_precision(case: Case) -> int:
    """Return how well the place of a case is known, on the scale of `precision`."""
    if case.place == UNREGISTERED.id:
        return NOT_KNOWN
    return BY_ITSELF if case.located else FROM_ABOVE


def gateway_of(item: Evidence) -> str:
    """Return the gateway (`gateway:…`) by which a Reading came."""
    return f"gateway:{item.reading.partition('/')[0]}"


def gateways_of(anomaly: Anomaly) -> set[str]:
    """Return the gateways (`gateway:…`) by which an anomaly's Readings came."""
    found = {gateway_of(item) for item in anomaly.evidence}
    if anomaly.source.startswith("gateway:"):
        found.add(anomaly.source)
    return found


def _behind(anomaly: Anomaly) -> str:
    """Return the compound, else the gateway, behind which something is that nobody registered."""
    return anomaly.compound or min(gateways_of(anomaly), default="")


def _own(anomaly: Anomaly, category: Category) -> str:
    """Return what groups this category more finely than its place, or an empty text."""
    if category.word == GATEWAY_LOST:
        return _gateway(anomaly.subject)
    if category.cls is EventClass.REPORT or category.word == PATROL:
        return anomaly.key  # two people's reports are two cases
    return anomaly.subject if category.by_device else ""


def _gateway(subject: str) -> str:
    return subject if subject.startswith("gateway:") else f"gateway:{subject}"


def _place(anomaly: Anomaly, registry: Registry) -> Place | None:
    subject = anomaly.subject
    if subject.startswith("place:"):
        return _named(subject.removeprefix("place:"), registry)
    found = registry.place_of(subject)
    if found is None and subject.startswith("gateway:"):
        return registry.place_of(subject.removeprefix("gateway:")) or registry.place(
            anomaly.compound
        )
    return found


def _named(place: str, registry: Registry) -> Place | None:
    """A building, a compound, or the code of a grid or community, as people name it."""
    known = registry.place(place)
    division = registry.divisions.get(place)
    if known is not None or division is None:
        return known
    return Place(id=division.code, grid=division.code, name=division.name)


def _unregistered(anomaly: Anomaly, source: str, registry: Registry) -> Place:
    near = registry.place_of(source) or registry.place(anomaly.compound)
    if near is None:
        return msgspec.structs.replace(UNREGISTERED, compound=anomaly.compound)
    return msgspec.structs.replace(
        UNREGISTERED,
        compound=near.compound,
        grid=near.grid,
        name=f"{UNREGISTERED.name} ({near.name})",
    )


class Index:
    """Finds the case that an anomaly may join, without looking through all of them."""

    def __init__(self) -> None:
        self._by_group: dict[tuple[Mode, str, str], list[Dossier]] = {}
        self._by_source: dict[tuple[Mode, str, str], list[Dossier]] = {}
        self._by_subject: dict[tuple[Mode, str, str], list[Dossier]] = {}

    def add(self, dossier: Dossier) -> None:
        """File a case under its group and its sources."""
        case = dossier.case
        _file(self._by_group, (case.mode, case.cause, case.group), dossier)
        for source in dossier.sources:
            _file(self._by_source, (case.mode, case.cause, source), dossier)
        for _, subject in dossier.members:
            _file(self._by_subject, (case.mode, case.cause, subject), dossier)

    def remove(self, dossier: Dossier) -> None:
        """Take a case out, before its group changes or when it is forgotten."""
        case = dossier.case
        _unfile(self._by_group, (case.mode, case.cause, case.group), dossier)
        for source in dossier.sources:
            _unfile(self._by_source, (case.mode, case.cause, source), dossier)
        for _, subject in dossier.members:
            _unfile(self._by_subject, (case.mode, case.cause, subject), dossier)

    def add_member(self, dossier: Dossier, *, subject: str, source: str) -> None:
        """File a case under one more member and its source."""
        mode, cause = dossier.case.mode, dossier.case.cause
        _file(self._by_subject, (mode, cause, subject), dossier)
        if source and source not in dossier.sources:
            dossier.sources.add(source)
            _file(self._by_source, (mode, cause, source), dossier)

    def group(self, mode: Mode, cause: str, group: str) -> list[Dossier]:
        """Return the cases of a group, ended ones too, oldest first."""
        return self._by_group.get((mode, cause, group), [])

    def source(self, mode: Mode, cause: str, source: str) -> list[Dossier]:
        """Return the cases in which a source has a part, oldest first."""
        return self._by_source.get((mode, cause, source), []) if source else []

    def subject(self, mode: Mode, cause: str, subject: str) -> list[Dossier]:
        """Return the cases of which a device is a member, oldest first."""
        return self._by_subject.get((mode, cause, subject), [])


def newest(dossiers: Iterable[Dossier]) -> Dossier | None:
    """Return the case that was opened last, or None."""
    return max(dossiers, key=_age, default=None)


def _age(dossier: Dossier) -> tuple[int, int, str]:
    case: Case = dossier.case
    return case.opened_at, case.ordinal, case.key


def _file(
    index: dict[tuple[Mode, str, str], list[Dossier]],
    key: tuple[Mode, str, str],
    dossier: Dossier,
) -> None:
    filed = index.setdefault(key, [])
    if dossier not in filed:
        filed.append(dossier)


def _unfile(
    index: dict[tuple[Mode, str, str], list[Dossier]],
    key: tuple[Mode, str, str],
    dossier: Dossier,
) -> None:
    filed = index.get(key, [])
    if dossier in filed:
        filed.remove(dossier)
    if not filed:
        index.pop(key, None)

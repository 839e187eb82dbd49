"""Finds devices among many without building a view of each: only the page that is shown is built."""

from collections.abc import Callable
from heapq import nsmallest
from typing import NamedTuple

from model.anomaly import Severity
from model.place import Device, Place, Registry
from rules.engine import Engine
from rules.rows import DeviceRow
from rules.views import DeviceView, view_device

BATTERY = "battery_pct"
BATTERY_LOW = "battery_low"  # what a device says of itself
LOW = "low_battery"
LOW_BATTERY = 20.0  # per cent; our assumption, as in the rule library


_ORDER = {"alarm": 0, "silent": 1, "impaired": 2, "normal": 3, "never_heard": 4}
"""What needs a look comes first."""


class Wanted(NamedTuple):
    """Which devices: every word of `text` must occur in id, name, place or room."""

    text: str = ""
    state: str = ""  # never_heard, silent, alarm, impaired, normal, low_battery
    kind: str = ""
    compound: str = ""
    source: str = ""  # only what this device fronts, in the order of the addresses
    offset: int = 0
    limit: int = 50


class Found(NamedTuple):
    """One device of the page, with its place."""

    view: DeviceView
    place: Place | None
    device: Device | None


class Page(NamedTuple):
    """How many there are, and those of the page; `kinds` are all that exist, for the filter."""

    total: int
    items: list[Found]
    kinds: list[str]


def search(engine: Engine, wanted: Wanted, sees: Callable[[str], bool]) -> Page:
    """Return a page of devices, what needs a look first. `sees` tells whether a grid is in the asker's territory.

    Reads what the desk's thread writes, one look-up at a time, so it may run beside it.
    """
    registry, rows = engine.book.registry, engine.book.devices
    alarmed = {a.subject for a in engine.open() if a.severity.rank >= Severity.MAJOR.rank}
    words = wanted.text.lower().split()
    names = {*registry.devices, *rows.copy()}
    kinds: set[str] = set()
    hits: list[tuple[int, str]] = []
    for name in names:
        known, row = registry.devices.get(name), rows.get(name)
        kind = row.last.kind if row else known.kind if known else ""
        kinds.add(kind)
        if wanted.kind and kind != wanted.kind:
            continue
        if wanted.source and not _fronted(wanted.source, name, row):
            continue
        state = _state(engine, name, row, alarmed)
        if wanted.state and state != wanted.state and not _low(wanted.state, row):
            continue
        place = registry.place_of(name)
        if not sees(place.grid if place else ""):
            continue
        if wanted.compound and (place is None or place.compound != wanted.compound):
            continue
        if words and not _says(words, name, known, place):
            continue
        hits.append((0 if wanted.source else _ORDER[state], name))
    until = wanted.offset + wanted.limit
    shown = [name for _, name in nsmallest(until, hits)[wanted.offset :]]
    items = [
        Found(
            view_device(engine.book, name, alarmed), registry.place_of(name),
            registry.devices.get(name),
        )
        for name in shown
    ]  # fmt: skip
    return Page(len(hits), items, sorted(kinds))


def _says(words: list[str], name: str, known: Device | None, place: Place | None) -> bool:
    said = f"{name} {known.name if known else ''} {place.name if place else ''}".lower()
    return all(word in said for word in words)


def _low(state: str, row: DeviceRow | None) -> bool:
    """Return whether low batteries are wanted, and this is one."""
    if row is None or state != LOW:
        return False
    value = row.values.get(BATTERY)
    return row.values.get(BATTERY_LOW) is True or (isinstance(value, float) and value < LOW_BATTERY)


def _fronted(source: str, name: str, row: DeviceRow | None) -> bool:
    """Return whether a device hangs on `source`: said by itself, or by its address if never heard.

    A panel's systems are no sources of their own: what hangs on one has its id in front.
    """
    behind = name.startswith(f"{source}-")
    return behind if row is None else behind or row.last.source == source


def _state(engine: Engine, name: str, row: DeviceRow | None, alarmed: set[str]) -> str:
    if row is None:
        return "never_heard"
    if name in alarmed:
        return "alarm"
    if name in engine.book.silent:
        return "silent"
    return "impaired" if row.flags else "normal"


def one(engine: Engine, registry: Registry, name: str) -> Found | None:
    """Return a device, None when nobody registered it and nothing was heard of it."""
    if name not in registry.devices and name not in engine.book.devices:
        return None
    alarmed = {a.subject for a in engine.open() if a.severity.rank >= Severity.MAJOR.rank}
    view = view_device(engine.book, name, alarmed)
    return Found(view, registry.place_of(name), registry.devices.get(name))

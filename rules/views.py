"""What the page and the API see of devices and gateways."""

from collections import Counter
from collections.abc import Set as AbstractSet

import msgspec

from model.reading import Value

from .book import Book


class DeviceView(msgspec.Struct, frozen=True):
    """One device as of the newest entry read; times in ms, 0 when it was never heard."""

    id: str
    kind: str
    last_heard: int
    values: dict[str, Value]
    event: str
    state: str  # never_heard, silent, alarm, impaired, normal
    registered: bool
    flags: tuple[str, ...] = ()
    gateway: str = ""
    source: str = ""
    walk_test: bool = False  # people try it on purpose now
    compound: str = ""  # what its topic or gateway tells of the place; the registry knows better


class GatewayView(msgspec.Struct, frozen=True):
    """One gateway as of the newest entry read; times in ms of its own clock."""

    id: str
    state: str  # online, stopped, lost, silent
    last_heard: int
    caught_up_to: int
    depth: dict[str, int]
    warnings: list[str]
    devices: int
    counters: dict[str, int] = {}  # since the gateway's process began


class Census(msgspec.Struct, frozen=True):
    """How many devices there are and are heard, without looking at each of them."""

    registered: int
    heard: int  # heard within their contract
    silent: int
    unregistered: int
    silent_in: dict[str, int]  # by compound; only of registered devices


def take_census(book: Book) -> Census:
    """Count devices; the cost is that of the silent ones."""
    registry = book.registry
    silent_in: Counter[str] = Counter()
    for name in book.silent:
        known = registry.devices.get(name)
        if known is not None:
            building = registry.buildings.get(known.building)
            silent_in[known.compound or (building.compound if building else "")] += 1
    return Census(
        registered=len(registry.devices),
        heard=len(book.devices) - len(book.silent & book.devices.keys()),
        silent=len(book.silent),
        unregistered=len(book.strangers),
        silent_in=dict(silent_in),
    )


def view_device(book: Book, name: str, alarmed: AbstractSet[str]) -> DeviceView:
    """Return one device; `alarmed` names the devices with an open anomaly that is at least major."""
    row, known = book.devices.get(name), book.registry.devices.get(name)
    if row is None:
        kind = known.kind if known else ""
        return DeviceView(
            name, kind, 0, {}, "", "never_heard", registered=known is not None,
            walk_test=book.under_test(name),
        )  # fmt: skip
    if name in alarmed:
        state = "alarm"
    elif name in book.silent:
        state = "silent"
    else:
        state = "impaired" if row.flags else "normal"
    return DeviceView(
        id=name,
        kind=row.last.kind,
        last_heard=row.heard_at,
        values=row.values,
        event=str(row.last.event.value),
        state=state,
        registered=known is not None,
        flags=tuple(sorted(row.flags)),
        gateway=row.last.gateway,
        source=row.last.source,
        walk_test=book.under_test(name),
        compound=row.last.compound,
    )


def view_gateways(book: Book) -> list[GatewayView]:
    """Return every gateway that was heard, by id."""
    behind = Counter(row.last.gateway for row in book.devices.values())
    return [
        GatewayView(
            id=name,
            state="silent" if row.state == "online" and name in book.lost else row.state,
            last_heard=row.heard_at,
            caught_up_to=row.caught_up_to,
            depth=row.depth,
            warnings=row.warnings,
            devices=behind[name],
            counters=row.counters,
        )
        for name, row in sorted(book.gateways.rows.items())
    ]

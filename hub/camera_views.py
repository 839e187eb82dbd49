"""What is known of each camera now: its own state, its zones, its newest picture. No clock, no disk."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from model.camera_messages import CameraShown
from model.place import Registry
from model.reading import Value
from rules.views import DeviceView

from .cameras import CameraBook
from .device_search import Found, Page, Wanted

CAMERA, ZONE = "camera", "camera_zone"  # the kinds of device that video/readings.py names
EVERY = 1_000_000
STALE_MS = 180_000
"""A picture that is older is no view of now: three times what a gateway lets pass while nobody looks."""

MISFIT = "masks"
"""The reason why a camera that is online shows black only."""

_OWN = frozenset({"online", "masks_misfit"})  # says how the camera is, not what it sees
_HEALTH = ("fps", "look_ms", "cpu_pct", "frames_skipped", "reconnects")
_ORDER = {"active": 0, "offline": 1, "silent": 2, "never": 3, "online": 4}


class Active(msgspec.Struct, frozen=True):
    """Something that a camera sees now; zone "" is the whole picture."""

    zone: str
    observation: str


class CameraView(msgspec.Struct, frozen=True):
    """One camera as of now; times in ms, None where there is none."""

    id: str
    name: str  # as registered, else empty
    state: str  # active, online, offline, silent, never
    reason: str  # why it is offline or all is blank, a short word
    place: str
    compound: str
    compound_name: str
    grid: str
    gateway: str
    registered: bool
    walk_test: bool
    last_heard: int
    health: dict[
        str, float
    ]  # fps (1/s), look_ms, cpu_pct (of one core), frames_skipped, reconnects
    zones: dict[
        str, dict[str, bool]
    ]  # states by zone, "" the camera's own; what is unknown is not in it
    active: tuple[Active, ...]
    counts: dict[str, float]  # people_count by zone
    picture_at: int | None
    settings: CameraShown | None = None

    @property
    def order(self) -> tuple[int, str]:
        """What needs a look comes first."""
        return _ORDER[self.state], self.id


class Sources(Protocol):
    """What the hub knows of cameras, their places and their gateways."""

    @property
    def cameras(self) -> CameraBook:
        """The newest pictures and settings."""

    def registry(self) -> Registry:
        """Return the registry in force."""

    def find_devices(self, wanted: Wanted, sees: Callable[[str], bool]) -> Page:
        """Return a page of devices with their places."""

    def gateways(self) -> list[dict[str, object]]:
        """Return gateways as their heartbeats describe them."""


def camera_views(hub: Sources, sees: Callable[[str], bool]) -> list[CameraView]:
    """Return the cameras of a territory, what needs a look first; for a worker thread."""
    book, registry = hub.cameras, hub.registry()
    away = {str(item["id"]) for item in hub.gateways() if item["state"] != "online"}
    zones: dict[str, list[Found]] = {}
    for found in hub.find_devices(Wanted(kind=ZONE, limit=EVERY), lambda _grid: True).items:
        zones.setdefault(found.view.source, []).append(found)
    cameras = hub.find_devices(Wanted(kind=CAMERA, limit=EVERY), sees).items
    heard = {found.view.id: found for found in cameras}
    views = [
        _view(found, zones.get(name, ()), book, registry, lost=found.view.gateway in away)
        for name, found in heard.items()
    ]
    hidden = registry.devices.keys() - heard.keys()
    views += [
        _told(name, book, registry)
        for name in book.all_known()
        # Told by a gateway, and no Reading came yet. Unregistered, it lies in no territory.
        if name not in heard and name not in hidden and sees("")
    ]
    return sorted(views, key=lambda view: view.order)


def camera_view(hub: Sources, sees: Callable[[str], bool], name: str) -> CameraView | None:
    """Return one camera of a territory, or None."""
    return next((view for view in camera_views(hub, sees) if view.id == name), None)


def visible(found: Found | None, book: CameraBook, name: str, sees: Callable[[str], bool]) -> bool:
    """Whether somebody may look at a camera; `found` is the device of that name. Cheap."""
    if found is None:
        return book.known(name) is not None and sees("")
    return found.view.kind == CAMERA and sees(found.place.grid if found.place else "")


def gateway_of(found: Found | None) -> str:
    """Return the gateway from which a camera's Readings come: only its pictures are the camera's."""
    return found.view.gateway if found else ""


def _view(
    found: Found, zones: Iterable[Found], book: CameraBook, registry: Registry, *, lost: bool
) -> CameraView:
    view, known = found.view, book.known(found.view.id, gateway=found.view.gateway)
    settings = known.settings if known else None
    states = {"": _states(view.values)}
    counts = dict(_counts("", view.values))
    for zone in zones:
        name = zone.view.id.removeprefix(f"{view.id}/")
        if settings is not None and name not in settings.zones:
            continue  # no longer drawn
        states[name] = _states(zone.view.values)
        counts.update(_counts(name, zone.view.values))
    state = _state(view, lost=lost)
    active = tuple(
        Active(zone, name) for zone, held in states.items() for name, on in held.items() if on
    )
    if state == "online" and active:
        state = "active"
    compound = (found.place.compound if found.place else "") or (settings.compound if settings else "")  # fmt: skip
    known_compound = registry.compounds.get(compound)
    return CameraView(
        id=view.id,
        name=found.device.name if found.device else "",
        state=state,
        reason=_reason(view.values, state),
        place=found.place.name if found.place else "",
        compound=compound,
        compound_name=known_compound.name if known_compound else "",
        grid=found.place.grid if found.place else "",
        gateway=view.gateway or (known.gateway if known else ""),
        registered=view.registered,
        walk_test=view.walk_test,
        last_heard=view.last_heard,
        health={k: v for k in _HEALTH if isinstance(v := view.values.get(k), float)},
        zones=states,
        # What it saw before it went away is nothing that it sees.
        active=active if state == "active" else (),
        counts=counts if state in ("active", "online") else {},
        picture_at=book.taken_at(view.id, gateway=view.gateway),
        settings=settings,
    )


def _told(name: str, book: CameraBook, registry: Registry) -> CameraView:
    known = book.known(name)
    settings = known.settings if known else CameraShown(name)
    compound = registry.compounds.get(settings.compound)
    return CameraView(
        id=name, name="", state="never", reason="", place="", compound=settings.compound,
        compound_name=compound.name if compound else "", grid="",
        gateway=known.gateway if known else "", registered=False, walk_test=False, last_heard=0,
        health={}, zones={}, active=(), counts={}, picture_at=book.taken_at(name),
        settings=settings,
    )  # fmt: skip


def _state(view: DeviceView, *, lost: bool) -> str:
    if view.state == "never_heard":
        return "never"
    if lost:  # whatever it said last, nobody says so now
        return "silent"
    if view.values.get("online") is False:
        return "offline"
    return "silent" if view.state == "silent" else "online"


def _reason(values: Mapping[str, Value], state: str) -> str:
    if state == "offline":
        return str(values.get("offline_reason", ""))
    return MISFIT if state in ("online", "active") and values.get("masks_misfit") is True else ""


def _states(values: Mapping[str, Value]) -> dict[str, bool]:
    return {name: v for name, v in values.items() if isinstance(v, bool) and name not in _OWN}


def _counts(zone: str, values: Mapping[str, Value]) -> Iterable[tuple[str, float]]:
    count = values.get("people_count")
    return [(zone, count)] if isinstance(count, float) else []

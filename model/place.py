"""Where things are and who answers for them: district → street → community → grid → compound → building → device."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Level(StrEnum):
    """Who works on a case; escalation goes one up (网格, 社区, 街道, 区)."""

    GRID = "grid"
    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place by its codes; `path` reads from the district down to the room.

    `grid` has 15 digits: the 12-digit division code and a serial of 3 (our reading, as in Beijing
    practice; GB/T 34300-2017 could not be read).
    """

    id: str  # building id, else compound id, else "unregistered"
    compound: str = ""
    building: str = ""
    grid: str = ""
    floor: str = ""
    room: str = ""
    name: str = ""


UNREGISTERED = Place(id="unregistered", name="未登记 unregistered")


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """A device as the registry knows it (设备)."""

    id: str
    kind: str
    building: str = ""
    compound: str = ""
    floor: str = ""
    room: str = ""
    name: str = ""
    silent_after_s: int = 0  # 0: the contract of its kind
    role: str = ""  # detector, call_point, panel, pump, door …
    household: str = ""  # whose dwelling it is in; empty: common parts
    parent: str = ""  # the device that speaks for it: a panel, a transmission device
    powered_by: str = ""  # the device that says whether it has power
    riser: str = ""  # the device that says whether its riser 立管 has pressure

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """What it hangs on: (parent | powered_by | riser, device)."""
        named = (("powered_by", self.powered_by), ("parent", self.parent), ("riser", self.riser))
        return tuple(link for link in named if link[1])


class Household(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dwelling and whether those who live there let presence be watched (户).

    The consent is separate from any other, names who gave it and when, and can be taken back at any
    time: without it no rule keeps when somebody was seen there.
    """

    id: str
    building: str
    room: str = ""
    presence_consent: bool = False
    consent_by: str = ""
    consent_on: str = ""  # date, YYYY-MM-DD


class Division(msgspec.Struct, frozen=True):
    """An administrative division or a grid; `code` 6, 9, 12 or 15 digits."""

    code: str
    name: str
    level: str
    parent: str


Point = tuple[float, float]  # longitude and latitude, WGS-84 degrees
Ring = tuple[Point, ...]  # closed: the last point is the first
Polygon = tuple[Ring, ...]  # the outer ring, then its holes


class Outline(msgspec.Struct, frozen=True):
    """The ground of a division or grid, as somebody surveyed it."""

    code: str
    polygons: tuple[Polygon, ...]


class Building(msgspec.Struct, frozen=True, omit_defaults=True):
    """A building of a compound, in one grid; WGS-84 degrees."""

    id: str
    name: str
    compound: str
    grid: str
    lon: float = 0.0
    lat: float = 0.0


class Compound(msgspec.Struct, frozen=True, omit_defaults=True):
    """A residential compound 小区 (or a key site)."""

    id: str
    name: str
    grid: str
    lon: float = 0.0
    lat: float = 0.0


class Contact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom to call for a compound: role, telephone, and the hours (0-24, local) they answer."""

    compound: str
    role: str  # fire_control_room, micro_fire_station, property, contractor, grid_worker
    name: str
    phone: str
    from_hour: int = 0
    to_hour: int = 24


class Registry:
    """Places, devices and contacts, looked up by id; built once from a version, never changed."""

    def __init__(
        self,
        *,
        divisions: Iterable[Division] = (),
        compounds: Iterable[Compound] = (),
        buildings: Iterable[Building] = (),
        devices: Iterable[Device] = (),
        contacts: Iterable[Contact] = (),
        outlines: Iterable[Outline] = (),
        households: Iterable[Household] = (),
    ) -> None:
        self.divisions = {item.code: item for item in divisions}
        self.compounds = {item.id: item for item in compounds}
        self.buildings = {item.id: item for item in buildings}
        self.devices = {item.id: item for item in devices}
        self.contacts = tuple(contacts)
        self.outlines = {item.code: item for item in outlines}
        self.households = {item.id: item for item in households}
        self._places: dict[
            str, Place
        ] = {}  # of devices, as they are asked for: nothing here changes

    def device(self, device: str) -> Device | None:
        """Return the device of that id, or None if nobody registered it."""
        return self.devices.get(device)

    def place_of(self, device: str) -> Place | None:
        """Return where a registered device is, or None."""
        found = self._places.get(device)
        if found is None:
            known = self.devices.get(device)
            place = self.place(known.building or known.compound) if known else None
            if known is None or place is None:
                return None
            name = _joined(place.name, known)
            found = msgspec.structs.replace(place, floor=known.floor, room=known.room, name=name)
            self._places[device] = found
        return found

    def hangs_on(self, device: str) -> tuple[tuple[str, str], ...]:
        """Return what a device hangs on, as (link, device); nothing for one that is not known."""
        known = self.devices.get(device)
        return () if known is None else known.links

    def place(self, place: str) -> Place | None:
        """Return a building, household or compound as a Place, or None."""
        household = self.households.get(place)
        if household is not None:
            home = self.place(household.building)
            name = f"{home.name} {household.room}".strip() if home else household.room
            return msgspec.structs.replace(home, room=household.room, name=name) if home else None
        building = self.buildings.get(place)
        if building is not None:
            compound = self.compounds.get(building.compound)
            name = f"{compound.name} {building.name}" if compound else building.name
            return Place(building.id, building.compound, building.id, building.grid, name=name)
        compound = self.compounds.get(place)
        if compound is not None:
            return Place(compound.id, compound.id, "", compound.grid, name=compound.name)
        return None

    def contacts_of(self, compound: str, hour: int) -> list[Contact]:
        """Return whom to call for a compound at a local hour (0-23)."""
        return [c for c in self.contacts if c.compound == compound and _answers(c, hour)]


def _answers(contact: Contact, hour: int) -> bool:
    if contact.from_hour <= contact.to_hour:
        return contact.from_hour <= hour < contact.to_hour
    return hour >= contact.from_hour or hour < contact.to_hour


def _joined(name: str, device: Device) -> str:
    return " ".join(part for part in (name, device.floor, device.room) if part)

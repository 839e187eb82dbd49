"""A made-up territory on the real divisions of Haibowan: who would live there, and with what devices.

Communities and streets are real; compounds, buildings, devices and people are invented. The ids do
not depend on the seed and a smaller plan is a part of a larger one, so a simulator with 200
detectors speaks for devices that the hub's demo registry knows.
"""

from random import Random
from typing import Final, NamedTuple

from model.place import Building, Compound

GRIDS: Final = 435  # the district in full size, as its own report says (standards 3.3)
DETECTORS: Final = 2_000
PANELS: Final = 20
DOORS: Final = 100
BUILDINGS: Final = 41

SMOKE_COMPONENT: Final = 42  # 点型光电感烟火灾探测器, GB/T 26875.3 table 5
HEAT_COMPONENT: Final = 31  # 点型感温火灾探测器(not S, not R)
CALL_POINT: Final = 23  # 手动火灾报警按钮
PUMP: Final = 91  # 消防水泵
WATER_TANK: Final = 92  # 消防水箱; table 5 has no sensor of a hydrant's pressure (our assumption)
FIRE_SYSTEM: Final = 1  # 火灾报警系统, table 4
HYDRANT_SYSTEM: Final = 11  # 消火栓系统

_CENTRE_LON, _CENTRE_LAT = 106.82, 39.67
_ZIGBEE_EVERY = 20  # of the detectors one in 20 speaks Zigbee, the others NB-IoT
_DOOR_SENSORS_A_COMPOUND = 2
_FIRST_SOURCE = 15_030_200_001  # fits the 6 bytes of a source address; our assumption
# Test allocations of IMEI begin with 00, so no real device carries one of these (our assumption).
_IMEI_BLOCK = "00150302"

# (community of the real list, invented name, degrees east and north of the district's centre)
_COMPOUNDS: Final = (
    ("150302001003", "公园里示范小区", -0.004, 0.003),
    ("150302002004", "黄河示范小区", 0.008, 0.012),
    ("150302003014", "新海示范小区", 0.004, -0.006),
    ("150302004008", "滨水示范小区", -0.018, 0.002),
    ("150302007008", "中河源示范小区", -0.024, -0.010),
    ("150302007009", "湖东示范小区", -0.015, -0.016),
    ("150302008001", "大庆示范小区", 0.012, -0.014),
    ("150302101004", "千里山新园示范小区", 0.020, 0.034),
)


class Grid(NamedTuple):
    """A grid of the territory."""

    code: str
    name: str


class Detector(NamedTuple):
    """A smoke detector of a flat; `name` is its IMEI, or its Zigbee friendly name."""

    device: str
    name: str
    zigbee: bool
    compound: str
    building: str
    floor: str
    room: str


class DoorSensor(NamedTuple):
    """A Zigbee contact on a roof or cellar door."""

    device: str
    name: str
    compound: str
    building: str


class Door(NamedTuple):
    """An entrance with a card reader."""

    device: str
    name: str
    label: str
    compound: str
    building: str


class Component(NamedTuple):
    """What hangs on a panel: `address` is 4 bytes as they travel, low byte first."""

    device: str
    system: int
    type: int
    address: bytes
    role: str
    description: str
    floor: str


class Panel(NamedTuple):
    """A fire panel with the 用户信息传输装置 that speaks for it; `source` is its address."""

    source: int
    compound: str
    building: str
    components: tuple[Component, ...]

    @property
    def transmitter(self) -> str:
        """Return the device id of the 用户信息传输装置."""
        return transmitter_id(self.source)

    @property
    def system(self) -> str:
        """Return the device id of the panel's fire alarm system."""
        return f"{self.transmitter}-{FIRE_SYSTEM}-1"


class Territory(NamedTuple):
    """Everything that the demo registry lists and the simulator brings to life."""

    grids: tuple[Grid, ...]
    compounds: tuple[Compound, ...]
    buildings: tuple[Building, ...]
    detectors: tuple[Detector, ...]
    door_sensors: tuple[DoorSensor, ...]
    doors: tuple[Door, ...]
    panels: tuple[Panel, ...]


def transmitter_id(source: int) -> str:
    """Return the device id that the GB/T 26875.3 adapter gives to a source address."""
    return f"gb-{source}"


def plan_territory(
    communities: list[tuple[str, str]],
    *,
    seed: int = 1,
    detectors: int = DETECTORS,
    panels: int = PANELS,
    doors: int = DOORS,
) -> Territory:
    """Plan the demo territory over the given communities (code, name), the same for the same seed.

    The seed moves buildings about by some metres; ids, counts and neighbourhoods stay.
    """
    compounds = tuple(
        Compound(
            id=f"hbw-{number:02d}",
            name=name,
            grid=f"{community}001",
            lon=round(_CENTRE_LON + east, 5),
            lat=round(_CENTRE_LAT + north, 5),
        )
        for number, (community, name, east, north) in enumerate(_COMPOUNDS, 1)
    )
    buildings = _buildings(compounds, Random(seed))  # noqa: S311 - a made-up map, no secret
    by_compound = [[b for b in buildings if b.compound == c.id] for c in compounds]
    return Territory(
        grids=_grids(communities),
        compounds=compounds,
        buildings=buildings,
        detectors=tuple(_detector(number, buildings) for number in range(detectors)),
        door_sensors=tuple(
            DoorSensor(f"z2m-{name}", name, compound.id, by_compound[place][number].id)
            for place, compound in enumerate(compounds)
            for number in range(_DOOR_SENSORS_A_COMPOUND)
            for name in (f"{compound.id}-roof-door-{number + 1}",)
        ),
        doors=tuple(_door(number, by_compound) for number in range(doors)),
        panels=tuple(_panel(number, by_compound) for number in range(panels)),
    )


def _grids(communities: list[tuple[str, str]]) -> tuple[Grid, ...]:
    """Number the grids of each community from 001; the first communities get one more."""
    each, more = divmod(GRIDS, len(communities))
    return tuple(
        Grid(f"{code}{serial:03d}", f"{_short(name)}第{serial:02d}网格")
        for place, (code, name) in enumerate(communities)
        for serial in range(1, each + (place < more) + 1)
    )


def _short(community: str) -> str:
    return community.removesuffix("居委会").removesuffix("委会")


def _buildings(compounds: tuple[Compound, ...], random: Random) -> tuple[Building, ...]:
    found = []
    for number in range(BUILDINGS):
        storey, place = divmod(number, len(compounds))
        compound = compounds[place]
        found.append(
            Building(
                id=f"{compound.id}-b{storey + 1}",
                name=f"{storey + 1}号楼",
                compound=compound.id,
                # Two buildings to a grid: a large compound spans several grids.
                grid=f"{compound.grid[:12]}{storey // 2 + 1:03d}",
                lon=round(
                    compound.lon + (storey % 3 - 1) * 0.0012 + random.uniform(-1, 1) / 1e4, 6
                ),
                lat=round(compound.lat + (storey // 3) * 0.0009 + random.uniform(-1, 1) / 1e4, 6),
            )
        )
    return tuple(found)


def _detector(number: int, buildings: tuple[Building, ...]) -> Detector:
    flat, place = divmod(number, len(buildings))
    building = buildings[place]
    floor, room = flat // 4 + 1, flat % 4 + 1
    zigbee = number % _ZIGBEE_EVERY == _ZIGBEE_EVERY - 1
    name = f"{building.id}-smoke-{flat + 1:03d}" if zigbee else _imei(number)
    return Detector(
        device=f"{'z2m' if zigbee else 'nb'}-{name}",
        name=name,
        zigbee=zigbee,
        compound=building.compound,
        building=building.id,
        floor=f"{floor}层",
        room=f"{floor}{room:02d}室",
    )


def _imei(number: int) -> str:
    """Return 15 digits of which the last is the Luhn check digit, as IMEIs have it."""
    body = f"{_IMEI_BLOCK}{number:06d}"
    total = 0
    for place, digit in enumerate(body):
        value = int(digit) * (1 + place % 2)
        total += value // 10 + value % 10
    return f"{body}{-total % 10}"


def _door(number: int, by_compound: list[list[Building]]) -> Door:
    serial, place = divmod(number, len(by_compound))
    building = by_compound[place][serial % len(by_compound[place])]
    name = f"d{serial + 1:02d}"
    label = f"{building.name}{serial // len(by_compound[place]) + 1}单元门"
    return Door(f"ac-{building.compound}-{name}", name, label, building.compound, building.id)


def _panel(number: int, by_compound: list[list[Building]]) -> Panel:
    serial, place = divmod(number, len(by_compound))
    building = by_compound[place][serial % len(by_compound[place])]
    source = _FIRST_SOURCE + number
    kinds = [(SMOKE_COMPONENT, "detector", "走道烟感")] * 8
    kinds += [(HEAT_COMPONENT, "detector", "厨房温感")]
    kinds += [(CALL_POINT, "call_point", "手报")] * 2
    components = [
        _component(
            source, FIRE_SYSTEM, type_, point, role, floor=f"{point}层", text=f"{point}层{what}"
        )
        for point, (type_, role, what) in enumerate(kinds, 1)
    ]
    components += [
        _component(source, HYDRANT_SYSTEM, type_, point, role, floor=floor, text=text)
        for point, (type_, role, floor, text) in enumerate(
            (
                (PUMP, "pump", "-1层", "消火栓泵出口压力"),
                (WATER_TANK, "hydrant", "屋顶", "最不利点消火栓静压"),
            ),
            1,
        )
    ]
    return Panel(source, building.compound, building.id, tuple(components))


def _component(
    source: int, system: int, type_: int, point: int, role: str, *, floor: str, text: str
) -> Component:
    # Zone and point, two bytes each, low byte first: a habit of vendors, not the standard's.
    address = bytes((1, 0, point, 0))
    device = f"{transmitter_id(source)}-{system}-1-{address.hex()}"
    return Component(device, system, type_, address, role, text, floor)

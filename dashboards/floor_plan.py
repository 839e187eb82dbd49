"""The floor plan of a compound: buildings cut open, floor by floor, a square for every device.

The picture is an SVG of our own, made from the registry and carried inside the dashboard; the
squares lie on it as elements of Grafana's canvas panel and take their colours from the newest data.
It shows which floor and which flat, not the true shape of a building: our assumption, as the
registry holds no drawings.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from grafana_foundation_sdk.models import dashboard as sdk

from model.place import Building, Device, Registry

from .influxql import Query, latest, tag
from .names import clean
from .panels import panel
from .words import EVENTS, FLAGS, GREY

Json = dict[str, object]
SQUARE, STEP, FLOOR_STEP = 12, 15, 18
PER_FLOOR = 8
LABEL, GAP, TOP, PLAN_WIDTH = 34, 26, 46, 1180
DEVICES_MAX = 800
"""A browser moves so many squares without effort; a larger site gets a plan of its first 800."""
UNIT_PX = 38
_LEGEND = (  # Grafana's colours of the same names, as the SVG must name them
    ("#37872d", "正常 normal"),
    ("#c4162a", "火警/强行开门 fire, forced door"),
    ("#fa6400", "故障 fault"),
    ("#8f3bb8", "屏蔽 isolated"),
    (GREY, "1 小时无报文 silent for an hour"),
)
_SAY_EVENT = frozenset({"door", "fire_component", "fire_system", "fire_transmitter"})
_SAY_TAMPER = frozenset({"door_contact", "door_sensor", "zigbee_sensor"})
_ONLY_MEASURE = frozenset({"pressure_sensor"})
_NUMBER = re.compile(r"-?\d+")


class Spot(NamedTuple):
    """A device and where its square lies, px."""

    device: str
    left: int
    top: int


class Floor(NamedTuple):
    """One row of a building's cut: its label and its devices, from left to right."""

    label: str
    devices: list[Device]


class Block(NamedTuple):
    """A building's cut and where it lies, px."""

    name: str
    floors: list[Floor]
    left: int
    top: int
    width: int
    height: int


def floor_plan(registry: Registry, compound: str) -> tuple[sdk.Panel, int]:
    """Return the panel with a compound's plan, and its height in grid units."""
    blocks = arrange(registry, compound)
    spots = spots_of(blocks)
    height = max((block.top + block.height for block in blocks), default=TOP) + GAP
    hidden = sum(len(floor.devices) for b in blocks for floor in b.floors) - len(spots)
    options: Json = {
        "inlineEditing": False,
        "showAdvancedTypes": False,
        "root": {
            "type": "frame",
            "name": "plan",
            "background": {
                "color": {"fixed": "transparent"},
                "image": {"mode": "fixed", "fixed": data_uri(drawing(blocks)), "field": ""},
                "size": "original",
            },
            "border": {"color": {"fixed": "transparent"}, "width": 0},
            "constraint": {"horizontal": "left", "vertical": "top"},
            "placement": {"left": 0, "top": 0, "width": 100, "height": 100},
            "elements": [_square(spot) for spot in spots],
        },
    }
    queries = _queries(registry, compound)
    built = panel(
        "canvas", "楼层平面图 Floor plan", queries, unit="none",
        no_data="时段内无报文 nothing heard in this range", options=options, words=[FLAGS, EVENTS],
        span="1h",
        about="每个方块一台设备,颜色取最近 1 小时的最新报文,灰=1 小时内无报文。 A square is a device; its "
        "colour is the newest of the last hour; grey: nothing heard for an hour."
        + (f" 另有 {hidden} 台未画出 {hidden} more are not drawn." if hidden else ""),
    )  # fmt: skip
    return built, height // UNIT_PX + 3


def _queries(registry: Registry, compound: str) -> list[Query]:
    """Return what colours the squares: each kind of device by the field that says most about it.

    A kind is in one query only, so it does not matter which answer Grafana looks at first.
    """
    kinds = {device.kind for device in registry.devices.values()}
    here = tag("compound", compound)
    rest = kinds - _SAY_EVENT - _SAY_TAMPER - _ONLY_MEASURE
    fields = (
        ("fire", rest | {"smoke_detector"}),
        ("event", _SAY_EVENT),
        ("tamper", _SAY_TAMPER),
        ("order", kinds & _ONLY_MEASURE),  # heard, or not
    )
    return [
        latest(field, f"/^({'|'.join(sorted(map(re.escape, of_kinds)))})$/", here, ref=ref)
        for ref, (field, of_kinds) in zip("ABCD", fields, strict=True)
        if of_kinds
    ]


def arrange(registry: Registry, compound: str) -> list[Block]:
    """Return the cuts of a compound's buildings side by side, in lines as wide as the plan."""
    by_building: dict[str, list[Device]] = {}
    for device in registry.devices.values():
        building = registry.buildings.get(device.building)
        if device.compound == compound or (building and building.compound == compound):
            by_building.setdefault(device.building, []).append(device)
    blocks: list[Block] = []
    left, top, lowest = GAP, TOP, TOP
    for building in _buildings(registry, compound):
        floors = _floors(by_building.get(building.id, []))
        if not floors:
            continue
        widest = max(len(floor.devices) for floor in floors)
        width = LABEL + widest * STEP + 8
        height = 26 + len(floors) * FLOOR_STEP
        if left + width > PLAN_WIDTH and left > GAP:
            left, top = GAP, lowest + GAP
        blocks.append(Block(clean(building.name), floors, left, top, width, height))
        left += width + GAP
        lowest = max(lowest, top + height)
    return blocks


def spots_of(blocks: Sequence[Block]) -> list[Spot]:
    """Return where each device's square lies; at most so many as a browser moves easily."""
    spots = [
        Spot(device.id, block.left + LABEL + place * STEP, block.top + 24 + row * FLOOR_STEP)
        for block in blocks
        for row, floor in enumerate(block.floors)
        for place, device in enumerate(floor.devices)
    ]
    return spots[:DEVICES_MAX]


def drawing(blocks: Sequence[Block]) -> str:
    """Return the SVG of buildings and floors, with a legend."""
    height = max((block.top + block.height for block in blocks), default=TOP) + GAP
    size = f"width='{PLAN_WIDTH}' height='{height}'"
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' {size} font-family='sans-serif' font-size='11'>"]  # fmt: skip
    for number, (color, text) in enumerate(_LEGEND):
        x = GAP + number * 220
        parts += [_box(x, 12, SQUARE, SQUARE, f"fill='{color}'"), _text(x + 18, 22, text)]
    for block in blocks:
        outline = "fill='none' stroke='#808080'"
        parts += [
            _box(block.left, block.top, block.width, block.height, outline),
            _text(block.left + 4, block.top + 14, block.name, bold=True),
        ]
        for row, floor in enumerate(block.floors):
            y = block.top + 22 + row * FLOOR_STEP
            slab = "fill='#808080' fill-opacity='0.12'"
            parts += [
                _box(block.left + LABEL - 3, y, block.width - LABEL - 2, FLOOR_STEP - 2, slab),
                _text(block.left + 4, y + 12, floor.label),
            ]
    return "".join([*parts, "</svg>"])


def data_uri(svg: str) -> str:
    """Return the picture as an address that holds it whole.

    Grafana takes an image address as it is only if it holds `:/`, else it puts its own path before
    it: the SVG's namespace must therefore stay readable. Quotation marks would end the CSS `url("…")`.
    """
    return "data:image/svg+xml;utf8," + quote(svg, safe=":/='")


def _buildings(registry: Registry, compound: str) -> list[Building]:
    found = [item for item in registry.buildings.values() if item.compound == compound]
    return sorted(found, key=lambda item: [int(n) for n in _NUMBER.findall(item.id)] or [0])


def _floors(devices: list[Device]) -> list[Floor]:
    """Return the floors from the top down; long ones in several rows, devices without one last."""
    by_floor: dict[str, list[Device]] = {}
    for device in devices:
        by_floor.setdefault(device.floor, []).append(device)
    floors: list[Floor] = []
    for floor in sorted(by_floor, key=lambda name: (name != "", _number(name)), reverse=True):
        found = sorted(by_floor[floor], key=lambda item: (item.room == "", item.room, item.id))
        label = clean(floor)[:4] or "其他"
        floors += [
            Floor("" if first else label, found[first : first + PER_FLOOR])
            for first in range(0, len(found), PER_FLOOR)
        ]
    return floors


def _number(floor: str) -> int:
    found = _NUMBER.search(floor)
    return int(found[0]) if found else 0


def _square(spot: Spot) -> Json:
    return {
        "type": "rectangle",
        "name": clean(spot.device),
        "background": {"color": {"field": spot.device, "fixed": GREY}},
        "border": {"color": {"fixed": "transparent"}, "width": 0},
        "config": {"align": "center", "color": {"fixed": "transparent"}, "valign": "middle"},
        "constraint": {"horizontal": "left", "vertical": "top"},
        "placement": {"left": spot.left, "top": spot.top, "width": SQUARE, "height": SQUARE},
    }


def _text(x: int, y: int, text: str, *, bold: bool = False) -> str:
    weight = " font-weight='bold'" if bold else ""
    return f"<text x='{x}' y='{y}' fill='#808080'{weight}>{escape(text, quote=True)}</text>"


def _box(x: int, y: int, width: int, height: int, paint: str) -> str:
    return f"<rect x='{x}' y='{y}' width='{width}' height='{height}' {paint}/>"

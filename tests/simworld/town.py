"""Where the simulated life takes place: six buildings behind two gateways, with detectors, panels, doors."""

import json
from collections import deque
from functools import cache
from typing import NamedTuple

import msgspec

from hub.documents import library_rules, versioned
from hub.territory.divisions import SHIPPED_DIVISIONS, shipped_divisions
from hub.territory.registry_files import REGISTRY_YAML
from model.entry import Versioned
from model.reading import Event, Value

T0 = 1_767_225_600_000  # 2026-01-01 UTC
SITE = "site"
GATEWAYS = ("gw-1", "gw-2")
BUILDINGS = tuple(range(1, 7))
GRID = "150302008001001"
WATCHED_S = 60
"""The third detector of each building reports every 20 s, and has to within a minute."""


class Message(NamedTuple):
    """What a device sends until it is acknowledged; `uid` tells one message from all others."""

    uid: int
    event: Event
    values: dict[str, Value]
    historical: bool = False

    @property
    def says_fire(self) -> bool:
        """Whether this is the onset of a fire, or says it again."""
        return self.event is Event.FIRE_ALARM and not self.historical


class Gadget:
    """A device: what it is, what it says now, and what it has not been acknowledged for."""

    def __init__(self, name: str, kind: str, building: int, source: str = "") -> None:
        self.name = name
        self.kind = kind
        self.building = building
        self.source = source
        self.gateway = GATEWAYS[building % 2]
        self.framed = kind.startswith("fire_")  # repeats its bytes, as GB/T 26875.3 asks
        self.watched = kind == "smoke_detector" and name.endswith("-3")
        self.fire = False
        self.silent = False
        self.queue: deque[Message] = deque()


def gadgets() -> dict[str, Gadget]:
    """Return every device of the town, new."""
    found = [gadget for building in BUILDINGS for gadget in _of_building(building)]
    return {gadget.name: gadget for gadget in found}


def _of_building(b: int) -> list[Gadget]:
    panel, source = f"gb-{b}-1-1", f"gb-{b}"
    return [
        *(Gadget(f"nb-{b}-{n}", "smoke_detector", b) for n in (1, 2, 3)),
        Gadget(f"ac-{b}", "door", b),
        Gadget(source, "fire_transmitter", b, source),
        Gadget(panel, "fire_system", b, source),
        *(Gadget(f"{panel}-0000000{n}", "fire_component", b, source) for n in (1, 2)),
    ]


@cache
def registry_version() -> Versioned:
    """Return the registry of the town as the log holds it."""
    roles = {"door": "door", "fire_system": "panel", "fire_transmitter": "transmitter"}
    devices = [
        {
            "id": gadget.name,
            "kind": gadget.kind,
            "building": f"b-{gadget.building}",
            "compound": "c-1",
            "role": roles.get(gadget.kind, "detector"),
            "silent_after_s": WATCHED_S if gadget.watched else 30 * 86_400,
        }
        for gadget in gadgets().values()
    ]
    buildings = [
        {"id": f"b-{b}", "name": f"b-{b}", "compound": "c-1", "grid": GRID} for b in BUILDINGS
    ]
    text = {
        "compounds": [{"id": "c-1", "name": "Compound", "grid": GRID}],
        "buildings": buildings,
        "devices": devices,
    }
    return versioned({REGISTRY_YAML: json.dumps(text), SHIPPED_DIVISIONS: shipped_divisions()})


@cache
def rules_version(variant: int = 0) -> Versioned:
    """Return the rules that come with the product; a variant holds its pre-alarm longer."""
    texts = dict(library_rules())
    texts["fire.yaml"] = texts["fire.yaml"].replace("for: 30s", f"for: {30 + variant}s")
    return versioned(texts)


def as_payload(version: Versioned) -> bytes:
    """Return a version as the log's entry carries it."""
    return msgspec.json.encode(version)

"""The devices of the benchmark: 10,000 detectors, 1,000 Zigbee sensors, 100 doors, and the registry.

Everything is derived from a number, so that the load, the registry and the counts agree.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from hub.territory.demo_territory import demo_documents

DETECTORS = 10_000
ZIGBEE = 1_000
DOORS = 100
ALARM_BUILDINGS = 400
"""Buildings with one fire alarm component each, for the latency: no fire joins another's case."""

COMPOUNDS = [f"hbw-{n:02d}" for n in range(1, 9)]
SOURCE = 15_030_999_001
COMPONENT = "01020304"


class Speaker(NamedTuple):
    """One device as the publisher needs it: topic, and the payload around time and number."""

    topic: bytes
    before_time: bytes
    before_number: bytes


def imei(number: int) -> str:
    """Return the IMEI of a detector; those that begin with 00 are test numbers."""
    return f"0099{number:011d}"


def detector(number: int) -> Speaker:
    """Return an NB-IoT smoke detector of the project's own JSON."""
    name = imei(number)
    body = {
        "imei": name, "smoke": number % 9, "temp": 18 + number % 80 / 10,
        "batt": 100 - number % 40, "rssi": -60 - number % 40, "alarm": 0,
    }  # fmt: skip
    topic = f"iot/{COMPOUNDS[number % 8]}/nb/{name}/up"
    return Speaker(topic.encode(), json.dumps(body)[:-1].encode() + b', "ts": ', b', "n": ')


def zigbee(number: int) -> Speaker:
    """Return a smoke sensor behind Zigbee2MQTT, which sends no time."""
    body = {"battery": 100 - number % 50, "linkquality": 80 + number % 100, "smoke": False}
    text = json.dumps(body)[:-1].encode()
    return Speaker(f"zigbee2mqtt/smoke-{number}".encode(), b"", text + b', "n": ')


def door(number: int) -> Speaker:
    """Return a door that grants passage."""
    name = f"door-{number}"
    body = {"door": name, "card": f"{number:08d}", "event": "granted", "result": "ok"}
    text = json.dumps(body)[:-1].encode()
    topic = f"iot/{COMPOUNDS[number % 8]}/ac/{name}/event"
    return Speaker(topic.encode(), text + b', "ts": ', b', "n": ')


def speakers() -> list[Speaker]:
    """Return who speaks in turn: of 20 messages 16 are detectors', 3 Zigbee's and 1 a door's."""
    nb = [detector(n) for n in range(DETECTORS)]
    bridged = [zigbee(n) for n in range(ZIGBEE)]
    doors = [door(n) for n in range(DOORS)]
    turns = DETECTORS // 16 * 2
    order: list[Speaker] = []
    for turn in range(turns):
        order += [nb[(turn * 16 + k) % DETECTORS] for k in range(16)]
        order += [bridged[(turn * 3 + k) % ZIGBEE] for k in range(3)]
        order.append(doors[turn % DOORS])
    return order


def alarm_building(number: int) -> str:
    """Return the building in which the alarm component `number` hangs."""
    return f"bench-{number}"


def registry_documents() -> dict[str, str]:
    """Return a registry with every device of the benchmark, as its files."""
    documents = dict(demo_documents())
    grid = _grid_of(documents["buildings.csv"])
    documents["buildings.csv"] = "\n".join(
        [documents["buildings.csv"].rstrip("\n"), *_buildings(grid), ""]
    )
    header = documents["devices.csv"].split("\n", 1)[0]
    columns = header.split(",")
    rows = [",".join(str(row.get(c, "")) for c in columns) for row in _devices()]
    documents["devices.csv"] = "\n".join([header, *rows, ""])
    return documents


def _grid_of(buildings: str) -> dict[str, str]:
    lines = [line.split(",") for line in buildings.splitlines()]
    compound, grid = lines[0].index("compound"), lines[0].index("grid")
    return {line[compound]: line[grid] for line in lines[1:] if line[0]}


def _buildings(grid: dict[str, str]) -> Iterator[str]:
    for number in range(ALARM_BUILDINGS):
        compound = COMPOUNDS[number % 8]
        yield f"{alarm_building(number)},试验{number}号楼,{compound},{grid[compound]},106.8,39.6"


def _devices() -> Iterator[dict[str, str | int]]:
    for number in range(DETECTORS):
        compound = COMPOUNDS[number % 8]
        yield {
            "id": f"nb-{imei(number)}", "kind": "smoke_detector", "role": "detector",
            "building": f"{compound}-b{1 + number // 8 % 5}", "silent_after_s": 0,
        }  # fmt: skip
    for number in range(ZIGBEE):
        yield {
            "id": f"z2m-smoke-{number}", "kind": "smoke_detector", "role": "detector",
            "compound": COMPOUNDS[number % 8], "silent_after_s": 0,
        }  # fmt: skip
    for number in range(DOORS):
        compound = COMPOUNDS[number % 8]
        yield {
            "id": f"ac-{compound}-door-{number}", "kind": "door", "role": "door",
            "compound": compound, "silent_after_s": 0,
        }  # fmt: skip
    for number in range(ALARM_BUILDINGS):
        yield {
            "id": f"gb-{SOURCE + number}-1-1-{COMPONENT}", "kind": "fire_component",
            "role": "detector", "building": alarm_building(number), "silent_after_s": 0,
        }  # fmt: skip

"""A district for the page: devices registered and heard, cases open, all by way of a real hub.

The load goes the devices' own way, over MQTT to gateway, log, rules and desk; nothing is written into a
database behind the hub's back. The same sizes give the same district.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import aiomqtt
from rich.progress import Progress

from hub.territory.demo_territory import demo_communities
from tests.trust.stack import Up

WAIT_S = 180.0
TEST_MINUTES = 60
DAY_S = 86_400
# (role, from hour, to hour) of whom each compound's page names.
_CONTACTS = (("fire_control_room", 0, 24), ("property", 8, 20), ("contractor", 8, 18))


class District(NamedTuple):
    """How large a district is; fires burn in buildings of their own, and no two share a case."""

    compounds: int
    buildings: int  # of a compound
    devices: int  # of a building
    fires: int
    batteries: int  # devices with an empty battery: a maintenance case each
    strangers: int  # devices that are heard and not registered

    @property
    def registered(self) -> int:
        """How many devices the registry names."""
        return self.compounds * self.buildings * self.devices

    @property
    def cases(self) -> int:
        """How many cases will be open."""
        return self.fires + self.batteries


LARGE = District(40, 25, 10, fires=300, batteries=700, strangers=300)
SMALL = District(1, 1, 2, fires=1, batteries=1, strangers=1)
"""The yardstick: the same pages with as little on them as they can show."""


def imei(number: int) -> str:
    """Return the IMEI of a detector; those that begin with 00 are test numbers."""
    return f"0088{number:011d}"


def write_registry(district: District, folder: Path, *, silent_after_s: int = DAY_S) -> None:
    """Write the registry where `smarthub up` looks for it; a day is no test of silence."""
    folder.mkdir(parents=True)
    codes = [code for code, _ in demo_communities()]
    grids = [f"{codes[n % len(codes)]}001" for n in range(district.compounds)]
    compounds = [f"c{n}" for n in range(district.compounds)]
    rows = {
        "grids.csv": ["code,name", *(f"{grid},网格{grid[-6:]}" for grid in sorted(set(grids)))],
        "compounds.csv": ["id,name,grid,lon,lat"],
        "buildings.csv": ["id,name,compound,grid,lon,lat"],
        "contacts.csv": ["compound,role,name,phone,from_hour,to_hour"],
        "devices.csv": ["id,kind,role,building,floor,room,silent_after_s"],
    }
    for n, compound in enumerate(compounds):
        lon, lat = 106.76 + n % 8 * 0.016, 39.60 + n // 8 * 0.018
        rows["compounds.csv"].append(f"{compound},试验{n}小区,{grids[n]},{lon:.4f},{lat:.4f}")
        rows["contacts.csv"] += [
            f"{compound},{role},试验{role},0473-000-{n:04d},{start},{end}"
            for role, start, end in _CONTACTS
        ]
        rows["buildings.csv"] += [
            f"{compound}-b{b},{b}号楼,{compound},{grids[n]},"
            f"{lon + b % 5 * 0.0011:.4f},{lat + b // 5 * 0.0012:.4f}"
            for b in range(district.buildings)
        ]
    rows["devices.csv"] += [
        f"nb-{imei(n)},smoke_detector,detector,{_building(district, n)},{n % 18 + 1}层,"
        f"{n % 18 + 1:02d}0{n % 4 + 1}室,{silent_after_s}"
        for n in range(district.registered)
    ]
    for name, lines in rows.items():
        (folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
    (folder / "registry.yaml").write_text("compounds: []\n", encoding="utf-8")


def _building(district: District, device: int) -> str:
    # Neighbours in number hang in different buildings, so that the first devices burn one by one.
    number = device % (district.compounds * district.buildings)
    return f"c{number % district.compounds}-b{number // district.compounds}"


def messages(district: District) -> Iterator[tuple[str, bytes]]:
    """Yield one message of each device: first the fires, then the empty batteries, then all is well."""
    for n in range(district.registered + district.strangers):
        body = {
            "imei": imei(n), "ts": int(time.time() * 1000), "smoke": 2, "temp": 18 + n % 80 / 10,
            "batt": 12 if district.fires <= n < district.cases else 88, "rssi": -60 - n % 40,
            "alarm": int(n < district.fires),
        }  # fmt: skip
        yield f"iot/c{n % district.compounds}/nb/{imei(n)}/up", json.dumps(body).encode()


@contextlib.contextmanager
def living(district: District, folder: Path, progress: Progress) -> Iterator[Up]:
    """Run a hub with this district in it; raises TimeoutError if its cases do not come."""
    data = folder / "data"
    write_registry(district, data / "registry")
    with Up(data) as up:
        speaking = progress.add_task(
            f"{district.registered:,} devices speak", total=district.registered + district.strangers
        )
        # In a thread: Playwright's own loop runs in this one.
        with ThreadPoolExecutor(1) as thread:
            spoken = _speak(up, district, lambda: progress.advance(speaking))
            thread.submit(asyncio.run, spoken).result()
        opening = progress.add_task(f"{district.cases:,} cases open", total=district.cases)
        _wait(up, district, lambda n: progress.update(opening, completed=n))
        body = {"scope": "compound", "subject": "c0", "reason": "bench", "minutes": TEST_MINUTES}
        up.post("/api/v1/walk-tests", body)
        yield up


async def _speak(up: Up, district: District, said: Callable[[], None]) -> None:
    password = (up.folder / "device.password").read_text().strip()
    async with aiomqtt.Client(
        "127.0.0.1", up.ports.mqtt, username="device", password=password, timeout=30
    ) as client:
        for topic, payload in messages(district):
            await client.publish(topic, payload, qos=1)
            said()


def _wait(up: Up, district: District, tell: Callable[[int], None]) -> None:
    until = time.monotonic() + WAIT_S
    while True:
        cases = int(up.state().get("open_cases", 0))
        heard = int(up.get("/api/v1/census")["heard"])
        tell(cases)
        if cases >= district.cases and heard >= district.registered:
            return
        if time.monotonic() > until:
            raise TimeoutError(
                f"{cases} of {district.cases} cases, {heard} of {district.registered} devices"
                f" after {WAIT_S:.0f} s: {up.tails()}"
            )
        time.sleep(0.5)

"""How late a real hub notices that devices fall silent: `python -m benchmarks.absence [--rate N]`.

Devices with a contract of 20 s speak once, each at a moment of its own, and never again, while others send
`--rate` messages a second through the same gateway. Lateness is from the deadline (last heard + contract, the
gateway's time) to the case on the hub's event stream. The yardstick in the same run is what is usually
built: every 10 s somebody looks who has not spoken for longer than the contract.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import aiomqtt
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.trust.stack import TOKEN, Up

from .case_stream import CaseStream
from .district import District, imei, write_registry

AIM_S = 0.3
CONTRACT_S, SPEAK_S, LOOK_S = 20, 60.0, 10.0
QUIET = District(40, buildings=5, devices=1, fires=0, batteries=0, strangers=0)
"""A device in each building: no case is shared."""

LATE_S = 30.0


class Lateness(NamedTuple):
    """Seconds from each deadline to the case, and to the yardstick's next look, in order."""

    hub: list[float]
    looked: list[float]


class Looker:
    """The yardstick: knows when each device spoke, and looks at all of them every 10 s."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._heard: dict[str, float] = {}
        self._next = time.monotonic() + LOOK_S

    def hear(self, device: str) -> None:
        """Note that a device spoke."""
        self._heard[device] = time.monotonic()

    def pass_time(self) -> None:
        """Look, when it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next += LOOK_S
        for device, heard in list(self._heard.items()):
            if now - heard > CONTRACT_S:
                self.late.append(now - heard - CONTRACT_S)
                del self._heard[device]


async def speak(up: Up, rate: int, progress: Progress) -> Looker:
    """Let every device speak once, and others `rate` times a second until all cases may have come."""
    chance = random.Random(7)  # noqa: S311 - spreads moments, no secret
    silent = QUIET.registered
    moments = sorted((chance.uniform(0, SPEAK_S), n) for n in range(silent))
    length = SPEAK_S + CONTRACT_S + LATE_S
    task = progress.add_task(f"{silent} devices fall silent", total=length)
    sent, begun, looker = 0, time.monotonic(), Looker()
    password = (up.folder / "device.password").read_text().strip()
    async with aiomqtt.Client(
        "127.0.0.1", up.ports.mqtt, username="device", password=password, timeout=30
    ) as client:
        while (passed := time.monotonic() - begun) < length:
            while moments and moments[0][0] <= passed:
                number = moments.pop(0)[1]
                await _says(client, imei(number), number)
                looker.hear(imei(number))
            while sent < passed * rate:
                await _says(client, f"0066{sent % 2_000:011d}", sent)
                sent += 1
            looker.pass_time()
            progress.update(task, completed=passed)
            await asyncio.sleep(0.005)
    return looker


async def _says(client: aiomqtt.Client, name: str, number: int) -> None:
    body = {"imei": name, "ts": int(time.time() * 1000), "temp": 20 + number % 50 / 10, "batt": 88}
    await client.publish(f"iot/c0/nb/{name}/up", json.dumps(body | {"alarm": 0, "smoke": 2}), qos=0)


def run(rate: int, progress: Progress) -> Lateness:
    """Measure on a hub of its own."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        write_registry(QUIET, data / "registry", silent_after_s=CONTRACT_S)
        late: dict[str, float] = {}

        def take(case: dict[str, str]) -> None:
            if case["category"] == "silent":
                deadline = datetime.fromisoformat(case["started_at"]).timestamp()
                late.setdefault(case["subject"], time.time() - deadline)

        with Up(data) as up, CaseStream(up.ports.http, TOKEN, take):
            looker = asyncio.run(speak(up, rate, progress))
    return Lateness(sorted(late.values()), sorted(looker.late))


def main() -> int:
    """Run from the command line; return the exit code: 1 when a silence was not noticed, or too early."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.absence", description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="messages a second beside")
    rate = parser.parse_args().rate
    with Progress() as progress:
        found = run(rate, progress)
    silent = QUIET.registered
    table = Table(title=f"{silent} devices fall silent beside {rate} messages a second; s after the deadline")  # fmt: skip
    for column in ("", "noticed", "first", "p50", "p99", "last", "aim, p99"):
        table.add_column(column, justify="right")
    for name, late, aim in (
        ("hub", found.hub, f"≤ {AIM_S}"),
        ("a look every 10 s", found.looked, ""),
    ):
        table.add_row(
            name, str(len(late)), *(f"{_at(late, share):.3f}" for share in (0, 0.5, 0.99, 1)), aim
        )
    Console(width=100).print(table)
    print(f"ratio of p99: {_at(found.looked, 0.99) / _at(found.hub, 0.99):.0f}")
    return 0 if len(found.hub) == silent and found.hub[0] >= 0 else 1


def _at(late: list[float], share: float) -> float:
    """Return the lateness that a share of all did not exceed."""
    return late[min(len(late) - 1, int(len(late) * share))] if late else float("nan")


if __name__ == "__main__":
    sys.exit(main())

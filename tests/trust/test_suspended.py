"""The hub is stopped like a suspended machine and goes on: nobody is called silent for it."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from hub.territory.divisions import SHIPPED_DIVISIONS, shipped_divisions

from .devices import nb_payload, publish
from .stack import Stack, eventually
from .test_kill import fires

pytestmark = [pytest.mark.trust, pytest.mark.timeout(400)]
SUSPENDED_S = 60 if os.environ.get("CI") == "true" else 20
CONTRACT_S = 10
DEVICES = 20
SITE = "compounds: [{id: c-1, name: 小区, grid: 150302007009001, lon: 106.81, lat: 39.66}]\n"
BUILDING = "id,name,compound,grid,lon,lat\nb-1,1号楼,c-1,150302007009001,106.81,39.66\n"


def imei(number: int) -> str:
    """Return a detector's number."""
    return f"86{number:013d}"


def registered(folder: Path) -> Path:
    """Write a registry in which every detector is late after a few seconds."""
    folder.mkdir()
    rows = [f"nb-{imei(n)},smoke_detector,detector,b-1,{CONTRACT_S}" for n in range(DEVICES)]
    texts = {
        "registry.yaml": SITE,
        "buildings.csv": BUILDING,
        "devices.csv": "\n".join(["id,kind,role,building,silent_after_s", *rows, ""]),
        SHIPPED_DIVISIONS: shipped_divisions(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


async def life(stack: Stack) -> None:
    """Let every detector report every two seconds."""
    password = stack.installation.passwords["device"]
    while True:
        now = time.time()
        messages = [
            (f"iot/c-1/nb/{imei(n)}/up", nb_payload(imei(n), alarm=0, at=now))
            for n in range(DEVICES)
        ]
        await publish(stack.ports.mqtt, password, messages)
        await asyncio.sleep(2)


def silent(stack: Stack) -> set[str]:
    """Return the devices that are in a case because they are silent."""
    return {
        member["subject"]
        for category in ("silent", "gateway_lost")
        for case in stack.cases(category=category)
        for member in case["members"]
    }


async def test_a_suspended_hub_finds_nobody_silent_and_a_fire_of_that_time(
    tmp_path: Path,
) -> None:
    """Longer away than anybody's contract: no storm, no loss; real silence is found all the same."""
    stack = Stack(tmp_path / "hub")
    places = registered(tmp_path / "places")
    stack.files = stack.installation.write_files(stack.ports, registry=places, mode="real")
    try:
        for name in ("broker", "hub", "gateway"):
            stack.start(name)
        stack.wait_ready()
        living = asyncio.create_task(life(stack), name="life")
        await asyncio.sleep(CONTRACT_S + 5)
        assert silent(stack) == set(), stack.tails()
        stack.processes["hub"].send_signal(signal.SIGSTOP)
        await asyncio.sleep(SUSPENDED_S / 2)
        burning = ("iot/c-1/nb/869999999999999/up",
                   nb_payload("869999999999999", alarm=1, at=time.time()))  # fmt: skip
        await publish(stack.ports.mqtt, stack.installation.passwords["device"], [burning])
        await asyncio.sleep(SUSPENDED_S / 2)
        stack.processes["hub"].send_signal(signal.SIGCONT)
        assert await eventually(lambda: fires(stack), 30), stack.tails()
        await asyncio.sleep(CONTRACT_S + 5)
        assert silent(stack) == set()
        living.cancel()
        everyone = {f"nb-{imei(n)}" for n in range(DEVICES)}
        assert await eventually(lambda: silent(stack) == everyone, CONTRACT_S + 30)
        assert len(fires(stack)) == 1
    finally:
        stack.stop()


async def test_a_gateway_that_was_suspended_carries_the_next_fire(tmp_path: Path) -> None:
    """Both its connections, to the devices' broker and to the hub's, may have died in its sleep."""
    stack = Stack(tmp_path / "hub")
    places = registered(tmp_path / "places")
    stack.files = stack.installation.write_files(stack.ports, registry=places, mode="real")
    try:
        for name in ("broker", "hub", "gateway"):
            stack.start(name)
        stack.wait_ready()
        stack.processes["gateway"].send_signal(signal.SIGSTOP)
        await asyncio.sleep(SUSPENDED_S)
        stack.processes["gateway"].send_signal(signal.SIGCONT)

        async def burning() -> bool:
            at = time.time()
            message = (
                "iot/c-1/nb/869999999999999/up",
                nb_payload("869999999999999", alarm=1, at=at),
            )
            await publish(stack.ports.mqtt, stack.installation.passwords["device"], [message])
            return bool(await eventually(lambda: fires(stack), 3))

        deadline = time.monotonic() + 30
        while not await burning():
            assert time.monotonic() < deadline, stack.tails()
        assert len(fires(stack)) == 1
    finally:
        stack.stop()

"""A device falls silent: a real hub asks its gateway, and need not wait for the next heartbeat."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

import pytest

from hub.territory.divisions import SHIPPED_DIVISIONS, shipped_divisions

from .devices import nb_payload, publish
from .stack import Stack, eventually

pytestmark = [pytest.mark.trust, pytest.mark.timeout(200)]
CONTRACT_S = 4
BEAT_S = 60  # by itself the gateway proves nothing before
IMEI = "860000000000001"
DOCUMENTS = {
    "registry.yaml": "compounds: [{id: c-1, name: 小区, grid: 150302007009001, lon: 106.81, lat: 39.66}]\n",
    "buildings.csv": "id,name,compound,grid,lon,lat\nb-1,1号楼,c-1,150302007009001,106.81,39.66\n",
    "devices.csv": (
        f"id,kind,role,building,silent_after_s\nnb-{IMEI},smoke_detector,detector,b-1,{CONTRACT_S}\n"
    ),
    SHIPPED_DIVISIONS: shipped_divisions(),
}  # fmt: skip


@pytest.mark.parametrize("mosquitto", [False, True], ids=["embedded", "mosquitto"])
async def test_a_silent_device_is_noticed_long_before_the_next_heartbeat(
    tmp_path: Path, *, mosquitto: bool
) -> None:
    """Its deadline is the time from which the case counts, and none is told early."""
    registry = tmp_path / "registry"
    registry.mkdir()
    for name, text in DOCUMENTS.items():
        (registry / name).write_text(text, encoding="utf-8")
    stack = Stack(tmp_path / "site", mosquitto=mosquitto)
    stack.files = stack.installation.write_files(stack.ports, registry=registry, mode="real")
    with stack.files[0].open("a", encoding="utf-8") as file:
        file.write(f"heartbeat_s: {BEAT_S}\n")
    try:
        stack.start("broker")
        stack.start("hub")
        # Its first heartbeat, the only one for a minute, must find the hub.
        assert await eventually(lambda: stack.state().get("broker") == "ok"), stack.tails()
        stack.start("gateway")
        assert await eventually(lambda: stack.get("/api/v1/gateways")["items"]), stack.tails()
        said_at = time.time()
        password = stack.installation.passwords["device"]
        while not stack.get("/api/v1/census")["heard"]:  # its sources may still be on their way
            message = (f"iot/c-1/nb/{IMEI}/up", nb_payload(IMEI, alarm=0, at=time.time()))
            await publish(stack.ports.mqtt, password, [message])
            await asyncio.sleep(0.5)
        (case,) = await eventually(
            lambda: stack.cases(category="silent"), seconds=BEAT_S / 2, every=0.05
        ) or [None]
        noticed_at = time.time()
    finally:
        stack.stop()
    assert case is not None, stack.tails()
    assert case["subject"] == f"nb-{IMEI}"
    deadline = datetime.fromisoformat(case["started_at"]).timestamp()
    assert said_at + CONTRACT_S <= deadline <= noticed_at

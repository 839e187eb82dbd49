"""A hub with a small registry and people of every role, for the pages of cases."""

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Error

from hub.access import Role, add_user
from hub.case_store import CaseStore
from tests.trust.devices import publish
from tests.trust.stack import Up

from .browsing import Screen

GRID = "150302001002001"
OTHER_GRID = "150302002001001"
SOURCE = 4711
HOSTILE = "<script>window.hacked=1</script>"
PASSWORD = "a-long-password"
HANDLER, VERIFIER, FIXER, VIEWER, ELSEWHERE = "王处置", "赵核查", "维修工", "查看员", "外区"

REGISTRY = f"""\
compounds:
  - {{id: c1, name: "幸福{HOSTILE}小区", grid: "{GRID}"}}
  - {{id: c2, name: 和平小区, grid: "{OTHER_GRID}"}}
buildings:
  - {{id: c1-b1, name: 1号楼, compound: c1, grid: "{GRID}"}}
  - {{id: c2-b1, name: 2号楼, compound: c2, grid: "{OTHER_GRID}"}}
contacts:
  - {{compound: c1, role: fire_control_room, name: 消控室老李, phone: "0473-1110001"}}
  - {{compound: c1, role: property, name: 物业经理, phone: "0473-1110003"}}
  - {{compound: c1, role: grid_police, name: 网格民警, phone: "0473-1110110"}}
  - {{compound: c1, role: contractor, name: 维保公司, phone: "0473-1110004"}}
devices:
  - {{id: gb-{SOURCE}-1-1-01000000, kind: fire_component, building: c1-b1, floor: 3层, room: 301室, name: 烟感, role: detector}}
  - {{id: nb-860000000000001, kind: smoke_detector, building: c1-b1, floor: 1层, room: 101室, role: detector}}
  - {{id: ac-c1-d1, kind: door, building: c1-b1, role: door}}
  - {{id: nb-860000000000002, kind: smoke_detector, building: c2-b1, role: detector}}
"""


def write_registry(data: Path) -> None:
    """Put the registry where `smarthub up` looks for it."""
    folder = data / "registry"
    folder.mkdir(parents=True)
    (folder / "registry.yaml").write_text(REGISTRY, encoding="utf-8")


def add_people(up: Up) -> None:
    """Add one person of every role to the running hub."""
    store = CaseStore(f"sqlite:///{up.folder / 'hub' / 'cases.db'}")
    try:
        for name, role, grid in (
            (HANDLER, Role.DISPATCH, ""),
            (VERIFIER, Role.DISPATCH, ""),
            (FIXER, Role.MAINTENANCE, ""),
            (VIEWER, Role.READ, ""),
            (ELSEWHERE, Role.DISPATCH, OTHER_GRID),
        ):
            add_user(store, name, PASSWORD, role=role, grid=grid)
    finally:
        store.close()


def says(up: Up, topic: str, **payload: object) -> None:
    """Let a device say something over the real broker."""
    password = (up.folder / "device.password").read_text().strip()
    message = (topic, json.dumps(payload, ensure_ascii=False).encode())

    def run() -> None:
        asyncio.run(publish(up.ports.mqtt, password, [message]))

    # In a thread: Playwright's own loop runs in this one.
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)


def smoke(up: Up, *, device: str = "860000000000001", alarm: int = 0, **values: float) -> None:
    """Let an NB-IoT detector report; the battery below 20 is work for maintenance."""
    told = {"smoke": 2, "temp": 21, "batt": 88, "rssi": -70, **values}
    says(up, f"iot/c1/nb/{device}/up", imei=device, ts=0, alarm=alarm, **told)


def serious(screen: Screen, prepare: Callable[[], None]) -> list[str]:
    """Return what axe finds serious once `prepare` has brought the page there.

    A busy machine can let the page go stale; it then loads itself anew under axe's hands, as it
    should, and is brought there again.
    """
    for _ in range(3):
        prepare()
        try:
            return screen.violations()
        except Error as error:
            if "context was destroyed" not in str(error):
                raise
    raise AssertionError("the page loaded itself anew three times")

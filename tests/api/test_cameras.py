"""Cameras over HTTP: what they see, who may see pictures, and that each look is noted with its purpose."""

import asyncio
from functools import partial

import pytest

from hub.access import Role
from model.camera_messages import CameraShown, PictureSent, encode_picture, encode_shown
from model.place import Device, Registry
from model.reading import Lane, Reading, Value
from model.topics import CameraTopics
from rules.engine import Engine
from rules.rulefile import load_rules

from .client import Client
from .conftest import WithRole
from .small_hub import GRID_A, GRID_B, T0, SmallHub

PATH = "/api/v1/cameras"
JPEG = b"\xff\xd8\xff\xe0 a picture"
FOR = {"purpose": "duty_watch"}


@pytest.fixture(autouse=True)
def registered(hub: SmallHub) -> None:
    """Register one camera in each grid."""
    known = hub.registry()
    cameras = [
        Device("cam1", "camera", building="b1", compound="c1", name="东门"),
        Device("cam2", "camera", building="b2", compound="c2"),
    ]
    places = Registry(
        compounds=known.compounds.values(), buildings=known.buildings.values(), devices=cameras
    )
    hub.engine = Engine(places, load_rules({}))


def says(hub: SmallHub, device: str, **values: Value) -> None:
    """Let a camera or one of its zones say something."""
    camera, _, zone = device.partition("/")
    kind = "camera_zone" if zone else "camera"
    source = camera if zone else ""
    reading = Reading(device, kind, hub.clock, values=values, source=source, gateway="gw-1")
    hub.engine.observe([reading], Lane.TELEMETRY, hub.clock)


async def shows(hub: SmallHub, camera: str, *, age_ms: int = 0, view: str = "picture") -> None:
    """Let a gateway send a picture."""
    topic = CameraTopics.of("", "gw-1", camera)
    payload = encode_picture(PictureSent(age_ms, JPEG))
    await hub.cameras.message(topic.picture if view == "picture" else topic.seen, payload)


async def tells(hub: SmallHub, camera: str, **settings: object) -> None:
    """Let a gateway tell a camera's settings."""
    shown = CameraShown(camera, **settings)  # type: ignore[arg-type]
    topic = CameraTopics.of("", "gw-1", camera).settings
    await hub.cameras.message(topic, encode_shown(shown))


def items(client: Client) -> dict[str, dict[str, object]]:
    """Return the cameras by id."""
    return {item["id"]: item for item in client.get(PATH).json()["items"]}


async def test_a_camera_is_what_it_and_its_zones_said_last(admin: Client, hub: SmallHub) -> None:
    """What it sees now, by zone; load; place; the age of its picture."""
    says(hub, "cam1", online=True, fps=4.9, cpu_pct=11.0, covered=False)
    says(hub, "cam1/lane", intrusion=True, people_count=3.0, episode="e1", confidence=0.8)
    says(hub, "cam1/yard", motion=False)
    await shows(hub, "cam1", age_ms=4_000)
    found = (await asyncio.to_thread(items, admin))["cam1"]
    assert (found["state"], found["name"], found["place"]) == ("active", "东门", "幸福小区 1号楼")
    assert found["active"] == [{"zone": "lane", "observation": "intrusion"}]
    assert found["zones"] == {
        "": {"covered": False}, "lane": {"intrusion": True}, "yard": {"motion": False},
    }  # fmt: skip
    assert found["counts"] == {"lane": 3.0}
    assert found["health"] == {"fps": 4.9, "cpu_pct": 11.0}
    assert found["picture_at"] == T0 - 4_000


async def test_what_a_camera_saw_before_it_went_away_is_not_seen_now(
    admin: Client, hub: SmallHub
) -> None:
    """It is offline, with its reason; back again, the old reason is gone."""
    says(hub, "cam1/lane", intrusion=True)
    says(hub, "cam1", online=False, offline_reason="login")
    found = (await asyncio.to_thread(items, admin))["cam1"]
    assert (found["state"], found["reason"], found["active"]) == ("offline", "login", [])
    says(hub, "cam1", online=True)
    found = (await asyncio.to_thread(items, admin))["cam1"]
    assert (found["state"], found["reason"]) == ("active", "")


async def test_a_camera_behind_a_lost_gateway_is_not_online(admin: Client, hub: SmallHub) -> None:
    """Whatever it said last: nobody says so now."""
    reading = Reading("cam1", "camera", hub.clock, values={"online": True, "covered": True}, gateway="gw1")  # fmt: skip
    hub.engine.observe([reading], Lane.TELEMETRY, hub.clock)
    found = (await asyncio.to_thread(items, admin))["cam1"]
    assert found["state"] == "active"
    hub.gateway_state = "lost"
    found = (await asyncio.to_thread(items, admin))["cam1"]
    assert (found["state"], found["active"]) == ("silent", [])


async def test_what_needs_a_look_comes_first(admin: Client, hub: SmallHub) -> None:
    """Something seen, then offline, never heard, and at last what is well."""
    says(hub, "a-well", online=True)
    says(hub, "b-seeing", online=True, covered=True)
    says(hub, "c-off", online=False, offline_reason="stalled")
    await tells(hub, "d-new", compound="c1")
    order = list(await asyncio.to_thread(items, admin))
    assert order == ["b-seeing", "c-off", "cam1", "cam2", "d-new", "a-well"]


async def test_a_zone_that_is_no_longer_drawn_is_no_longer_shown(
    admin: Client, hub: SmallHub
) -> None:
    """Its last word would stand there for ever."""
    says(hub, "cam1", online=True)
    says(hub, "cam1/old", intrusion=True)
    await tells(hub, "cam1", zones={"new": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))})
    found = (await asyncio.to_thread(items, admin))["cam1"]
    assert (found["state"], found["active"]) == ("online", [])


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.READ, 403), (Role.MAINTENANCE, 200), (Role.DISPATCH, 200), (Role.ADMINISTRATOR, 200)],
)
async def test_who_sees_pictures(
    with_role: WithRole, hub: SmallHub, role: Role, status: int
) -> None:
    """A viewer sees states and no people."""
    await shows(hub, "cam1")
    client = with_role(role, "", "li")
    answer = await asyncio.to_thread(client.get, f"{PATH}/cam1/picture", params=FOR)
    assert answer.status_code == status
    assert "cam1" in await asyncio.to_thread(items, client)
    noted = hub.store.footage.looks()
    assert [(n.who, n.device, n.purpose, n.kind) for n in noted] == (
        [("li", "cam1", "duty_watch", "live")] if status == 200 else []
    )
    if status == 200:
        assert (answer.content, answer.headers["content-type"]) == (JPEG, "image/jpeg")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-picture-age"] == "0"


async def test_a_look_needs_a_purpose_and_looking_on_is_one_look(
    admin: Client, hub: SmallHub
) -> None:
    """Another purpose, or ten minutes later, is another look."""
    await shows(hub, "cam1")
    path = f"{PATH}/cam1/picture"

    def look(**params: str) -> int:
        return admin.get(path, params=params).status_code

    asked = [{}, {"purpose": "because"}, FOR, FOR, {"purpose": "verify"}]
    codes = [await asyncio.to_thread(look, **params) for params in asked]
    assert codes == [422, 422, 200, 200, 200]
    assert len(hub.store.footage.looks()) == 2
    hub.clock += 11 * 60_000
    assert await asyncio.to_thread(look, **FOR) == 200
    assert len(hub.store.footage.looks()) == 3


async def test_a_territory_sees_its_own_cameras(with_role: WithRole, hub: SmallHub) -> None:
    """Those elsewhere are as if there were none; unregistered ones lie in no territory."""
    says(hub, "stranger", online=True)
    for camera in ("cam1", "cam2", "stranger"):
        await shows(hub, camera)
    here, there = with_role(Role.DISPATCH, GRID_A, "a"), with_role(Role.DISPATCH, GRID_B, "b")
    assert set(await asyncio.to_thread(items, here)) == {"cam1"}
    assert set(await asyncio.to_thread(items, there)) == {"cam2"}
    for camera, status in (("cam1", 200), ("cam2", 404), ("stranger", 404)):
        answer = await asyncio.to_thread(here.get, f"{PATH}/{camera}/picture", params=FOR)
        assert answer.status_code == status


async def test_a_camera_without_a_picture_is_asked_for_one(admin: Client, hub: SmallHub) -> None:
    """404 now; its gateway is told."""
    await tells(hub, "cam1")
    answer = await asyncio.to_thread(admin.get, f"{PATH}/cam1/picture", params=FOR | {"view": "seen"})  # fmt: skip
    assert answer.status_code == 404
    assert hub.cameras.wanted()["gw-1"].seen == ["cam1"]
    bad = await asyncio.to_thread(admin.get, f"{PATH}/cam1/picture", params=FOR | {"view": "raw"})
    assert bad.status_code == 422


async def test_another_gateways_picture_of_the_name_is_not_the_cameras(
    admin: Client, hub: SmallHub
) -> None:
    """Also when it was told first: the camera's Readings come from gateway gw-1."""
    other = CameraTopics.of("", "gw-2", "cam1")
    await hub.cameras.message(other.picture, encode_picture(PictureSent(0, JPEG + b" elsewhere")))
    await hub.cameras.message(other.settings, encode_shown(CameraShown("cam1", host="192.0.2.9")))
    says(hub, "cam1", online=True)
    get = partial(admin.get, f"{PATH}/cam1/picture", params=FOR)
    assert (await asyncio.to_thread(get)).status_code == 404
    found = (await asyncio.to_thread(items, admin))["cam1"]
    assert (found["picture_at"], found["settings"]) == (None, None)
    await shows(hub, "cam1")
    assert (await asyncio.to_thread(get)).content == JPEG

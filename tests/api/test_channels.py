"""The page can show whether people are reached, and try it; secrets stay inside."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hub.access import Role
from tests.outgoing.notice_world import driver
from tests.outgoing.notice_world import sender as dispatcher
from tests.outgoing.robot_server import SECRET, TOKEN, Robot, robot

from .client import Client
from .conftest import WithRole
from .small_hub import MINUTE, SmallHub


@contextmanager
def served(kind: str, hub: SmallHub) -> Iterator[Robot]:
    """Serve a robot from a loop of its own: the client's loops live for one request."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    held = robot(kind, hub.now)
    group = asyncio.run_coroutine_threadsafe(held.__aenter__(), loop).result(10)
    try:
        yield group
    finally:
        asyncio.run_coroutine_threadsafe(held.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture
def group(hub: SmallHub) -> Iterator[Robot]:
    """A robot, and a hub that tells it."""
    with served("dingtalk", hub) as found:
        hub.outgoing = dispatcher(hub.store, hub.now, driver(found, hub.now))
        yield found


def test_a_channel_shows_how_it_fares_and_no_secret(
    hub: SmallHub, group: Robot, admin: Client
) -> None:
    """Before anything was sent, after a success, after a failure."""
    (shown,) = admin.get("/api/v1/channels").json()["items"]
    assert shown == {
        "name": "duty", "kind": "dingtalk", "address": f"http://127.0.0.1:{group.port}/***",
        "enabled": True, "disabled_reason": "", "last_success": None, "last_failure": None,
        "failure": "", "waiting": 0, "testable": True,
    }  # fmt: skip
    assert admin.post("/api/v1/channels/duty/test").json() == {"sent": True}
    hub.clock += MINUTE
    group.code(310000, f"sign not match {SECRET} {TOKEN}")
    failed = admin.post("/api/v1/channels/duty/test")
    assert failed.status_code == 502
    assert "310000" in failed.json()["detail"]
    answer = admin.get("/api/v1/channels")
    (shown,) = answer.json()["items"]
    assert shown["last_success"] == "2026-09-21T14:13:20.000Z"
    assert shown["last_failure"] == "2026-09-21T14:14:20.000Z"
    for secret in (SECRET, TOKEN):
        assert secret not in answer.text + failed.text
    assert "【测试 TEST】" in group.texts[0]


def test_tests_are_rate_limited(group: Robot, admin: Client) -> None:
    """The second within ten seconds is refused, with the time to wait."""
    assert admin.post("/api/v1/channels/duty/test").status_code == 200
    again = admin.post("/api/v1/channels/duty/test")
    assert (again.status_code, again.headers["retry-after"]) == (429, "10")
    assert len(group.attempts) == 1


@pytest.mark.usefixtures("group")
def test_only_an_administrator_sends_tests(hub: SmallHub, with_role: WithRole) -> None:
    """Others may look, unless they are limited to a territory."""
    for role in (Role.READ, Role.DISPATCH):
        client = with_role(role, "", "somebody")
        assert client.get("/api/v1/channels").status_code == 200
        assert client.post("/api/v1/channels/duty/test").status_code == 403
    assert with_role(Role.READ, "1503", "x").get("/api/v1/channels").status_code == 403
    assert hub.outgoing.channels()[0].last_success is None


def test_nobody_and_programs_take_no_test(hub: SmallHub, admin: Client) -> None:
    """404 for a name that nobody has; MQTT is for programs."""
    from hub.outgoing.dispatcher import Dispatcher
    from hub.outgoing.mqtt_events import MqttEvents

    async def nowhere(_topic: str, _payload: bytes) -> None:
        """Publish to nobody."""

    hub.outgoing = Dispatcher(hub.store, [MqttEvents("home", nowhere)], clock=hub.now)
    assert admin.post("/api/v1/channels/nobody/test").status_code == 404
    assert admin.post("/api/v1/channels/mqtt/test").status_code == 409
    (shown,) = admin.get("/api/v1/channels").json()["items"]
    assert (shown["name"], shown["address"]) == ("mqtt", "smarthub/v1/home/cases")

"""The set that compose starts, as plain processes: a fire comes through, strangers do not."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys

import aiomqtt
import pytest
from ruamel.yaml import YAML
from sqlalchemy import create_engine, text

from hub.deployment import prepare
from hub.installation import GATEWAY, SITE
from model.topics import GatewayTopics
from tests.postgres import postgres_programs
from tests.trust.devices import Panel
from tests.trust.stack import eventually, free_port

from .project import ROOT
from .running import Deployed

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


async def test_a_fire_frame_is_a_case_in_postgresql_and_a_point_in_influxdb(
    deployed: Deployed,
) -> None:
    """Through Mosquitto with the generated rights, by the files that the containers mount."""
    panel = Panel(deployed.ports.fire, 4711)
    await panel.fire(1)
    await panel.close()
    (case,) = await eventually(lambda: deployed.cases(category="fire"))
    engine = create_engine(deployed.database_url())
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT id FROM cases")).scalars().all()
    engine.dispose()
    assert stored == [case["id"]]
    assert await eventually(lambda: deployed.influxd.count("fire") >= 1)


async def test_a_wrong_password_is_refused(deployed: Deployed) -> None:
    """By PostgreSQL, and by the broker, where nobody is anonymous."""
    for user, password in ((GATEWAY, "wrong"), (None, None)):
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client(
                "127.0.0.1", deployed.ports.mqtt, username=user, password=password, timeout=5
            ):
                pass
    engine = create_engine(deployed.database_url("wrong"))
    with pytest.raises(Exception, match="password authentication failed"):
        engine.connect()
    engine.dispose()


async def test_a_gateway_cannot_speak_for_another(deployed: Deployed) -> None:
    """What it publishes on another's topic reaches nobody; on its own it does."""
    heard: list[str] = []
    own, other = GatewayTopics.of(SITE, GATEWAY), GatewayTopics.of(SITE, "gw-02")

    def client(user: str) -> aiomqtt.Client:
        password = deployed.secret(f"mqtt-{user}")
        return aiomqtt.Client("127.0.0.1", deployed.ports.mqtt, username=user, password=password)

    async with client("hub") as hub:
        await hub.subscribe(GatewayTopics.of(SITE, "+").status)
        for topic in (other.status, own.status):
            async with client(GATEWAY) as gateway:
                await gateway.publish(topic, b"{}", qos=1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                async for message in hub.messages:
                    heard.append(str(message.topic))
                    if message.payload == b"{}":
                        break
    assert own.status in heard
    assert other.status not in heard


def test_the_administrators_first_password_is_the_secret_and_in_no_log(deployed: Deployed) -> None:
    """Containers' logs are kept and shipped; a password must not stand there."""
    secret = deployed.secret("hub-admin")
    answer = deployed.post("/api/v1/login", {"name": "admin", "password": secret})
    assert answer["role"] == "administrator"

    assert all(secret not in path.read_text() for path in deployed.folder.glob("*.out"))


@pytest.mark.parametrize("name", ["mosquitto", "hub", "gateway", "postgres"])
def test_the_health_checks_of_the_compose_file_answer_and_can_fail(
    deployed: Deployed, name: str
) -> None:
    """Each one as it stands there, but for the port: well here, ill where nobody listens."""
    ports = {
        "mosquitto": (1883, deployed.ports.mqtt),
        "hub": (8080, deployed.ports.http),
        "gateway": (26875, deployed.ports.fire),
        "postgres": (5432, deployed.postgres.port),
    }
    inside, outside = ports[name]
    assert _health(deployed, name, inside, outside) == 0
    assert _health(deployed, name, inside, free_port()) != 0


def _health(deployed: Deployed, name: str, inside: int, outside: int) -> int:
    """Run a service's health check against another port; return its exit code."""
    text = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
    check: list[str] = text["services"][name]["healthcheck"]["test"]
    assert check[0] == "CMD"
    words = [word.replace("$$", "$").replace(str(inside), str(outside)) for word in check[1:]]
    if words[0] == "python":
        words[0] = sys.executable
    else:  # the others use their own default port
        words += ["-p", str(outside)]
    path = f"{os.environ['PATH']}:{postgres_programs()}"
    env = os.environ | {"PATH": path, "XDG_CONFIG_HOME": str(deployed.secrets / "mosquitto")}
    ended = subprocess.run(words, env=env, capture_output=True, timeout=30, check=False)
    return ended.returncode


async def test_a_second_gateway_is_added_while_the_broker_runs(deployed: Deployed) -> None:
    """A reload, as docs/deployment.md says, lets the new one in and throws nobody out."""

    def newcomer() -> aiomqtt.Client:
        password = deployed.secret("mqtt-gw-02")
        return aiomqtt.Client("127.0.0.1", deployed.ports.mqtt, username="gw-02", password=password)

    prepare(deployed.project, gateways=["gw-02"], listen=("127.0.0.1", deployed.ports.mqtt))
    with pytest.raises(aiomqtt.MqttError):
        async with newcomer():
            pass
    deployed.processes["mosquitto"].send_signal(signal.SIGHUP)
    topics = GatewayTopics.of(SITE, "gw-02")
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(aiomqtt.MqttError):  # until the broker has read its files
                async with newcomer() as gateway:
                    await gateway.subscribe(topics.receipt)
                    await gateway.publish(topics.status, b"{}", qos=1)
                break
            await asyncio.sleep(0.2)
    assert deployed.state()["broker"] == "ok"

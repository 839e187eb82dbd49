"""The set that compose starts, as plain processes with the same configuration files."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import aiomqtt
import pytest
from ruamel.yaml import YAML
from sqlalchemy import create_engine, text

from hub.deployment import prepare
from hub.installation import GATEWAY, SITE, Ports
from model.topics import GatewayTopics
from tests.brokers import mosquitto_path
from tests.influxd import Influxd, influxd_or_skip
from tests.postgres import Postgres, postgres, postgres_programs
from tests.trust.devices import Panel
from tests.trust.stack import TOKEN, Api, eventually, free_port

from .project import ROOT, project

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]
DATABASE = "smarthub"


class Deployed(NamedTuple):
    """The running set."""

    api: Api
    secrets: Path
    postgres: Postgres
    influxd: Influxd
    mqtt: int
    processes: dict[str, "subprocess.Popen[bytes]"]

    def secret(self, name: str) -> str:
        """Return a secret."""
        return (self.secrets / name).read_text()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Start PostgreSQL, InfluxDB, Mosquitto, hub and gateway as compose would."""
    folder = tmp_path_factory.mktemp("deployed")
    copy = project(folder)
    ports = Ports(free_port(), free_port(), free_port())
    secrets = prepare(copy, listen=("127.0.0.1", ports.mqtt)).secrets
    with contextlib.ExitStack() as running:
        database = running.enter_context(
            postgres(DATABASE, password=(secrets / "postgres").read_text())
        )
        store = running.enter_context(Influxd(influxd_or_skip(), folder / "influxd"))
        # InfluxDB 1.8 has no tokens of its own: its user and password stand in the token's place.
        (secrets / "influxdb-token").write_text(store.token)
        _create_database(database, (secrets / "postgres").read_text())
        env = _environment(folder, copy, ports, database, store)
        processes = _start_all(running, folder, copy, env)
        api = Api()
        api.ports = ports
        _wait_ready(api, folder)
        yield Deployed(api, secrets, database, store, ports.mqtt, processes)


def _create_database(server: Postgres, password: str) -> None:
    address = server.url().replace("@", f":{password}@")
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {DATABASE}"))
    engine.dispose()


def _environment(
    folder: Path, copy: Path, ports: Ports, database: Postgres, store: Influxd
) -> dict[str, str]:
    return os.environ | {
        "SMARTHUB_TOKEN": TOKEN,
        "SMARTHUB_DATA": str(folder / "data"),
        "SMARTHUB_SECRETS": str(copy / "deploy" / "secrets"),
        "SMARTHUB_REGISTRY": str(copy / "deploy" / "registry"),
        "SMARTHUB_MQTT_HOST": "127.0.0.1",
        "SMARTHUB_MQTT_PORT": str(ports.mqtt),
        "SMARTHUB_HTTP_HOST": "127.0.0.1",
        "SMARTHUB_HTTP_PORT": str(ports.http),
        "SMARTHUB_FIRE_LISTEN": f"127.0.0.1:{ports.fire}",
        "SMARTHUB_POSTGRES": f"127.0.0.1:{database.port}",
        "SMARTHUB_INFLUX": f"127.0.0.1:{store.port}",
        "SMARTHUB_INFLUX_BUCKET": store.bucket,
    }


def _start_all(
    running: contextlib.ExitStack, folder: Path, copy: Path, env: dict[str, str]
) -> dict[str, "subprocess.Popen[bytes]"]:
    # As in the container: Mosquitto finds `config` and `data` in its working folder.
    home = folder / "mosquitto"
    home.mkdir()
    (home / "config").symlink_to(copy / "deploy" / "secrets" / "mosquitto")
    (home / "data").mkdir()
    broker = [mosquitto_path(), "-c", "config/mosquitto.conf"]
    if os.geteuid() == 0:
        # Started by root it would become a user who may not read the secrets; in the container it
        # is the secrets' owner.
        owner = (copy / "deploy" / "secrets" / "mosquitto" / "passwords").stat()
        os.chown(home / "data", owner.st_uid, owner.st_gid)
        _open_way(home, copy)
        broker = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}",
                  "--clear-groups", *broker]  # fmt: skip
    hub = [sys.executable, "-m", "hub.cli"]
    processes = {}
    for name, command, where in (
        ("mosquitto", broker, home),
        ("hub", [*hub, "hub", str(copy / "deploy" / "hub.yaml")], None),
        ("gateway", [*hub, "gateway", str(copy / "deploy" / "gateway.yaml")], None),
    ):
        with (folder / f"{name}.out").open("wb") as output:
            process = subprocess.Popen(command, cwd=where, env=env, stdout=output, stderr=output)
        running.callback(_end, process)
        processes[name] = process
    return processes


def _open_way(*folders: Path) -> None:
    """Let another user pass through our temporary folders."""
    for folder in folders:
        for parent in folder.parents:
            if parent.stat().st_uid == os.getuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait_ready(api: Api, folder: Path) -> None:
    until = time.monotonic() + 60
    while not api.state().get("ready"):
        tails = "\n".join(
            f"{path.name}: {path.read_text()[-1500:]}" for path in folder.glob("*.out")
        )
        assert time.monotonic() < until, tails
        time.sleep(0.2)


async def test_a_fire_frame_is_a_case_in_postgresql_and_a_point_in_influxdb(
    deployed: Deployed,
) -> None:
    """Through Mosquitto with the generated rights, by the files that the containers mount."""
    panel = Panel(deployed.api.ports.fire, 4711)
    await panel.fire(1)
    await panel.close()
    (case,) = await eventually(lambda: deployed.api.cases(category="fire"))
    address = deployed.postgres.url(DATABASE).replace("@", f":{deployed.secret('postgres')}@")
    engine = create_engine(address)
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
                "127.0.0.1", deployed.mqtt, username=user, password=password, timeout=5
            ):
                pass
    engine = create_engine(deployed.postgres.url(DATABASE).replace("@", ":wrong@"))
    with pytest.raises(Exception, match="password authentication failed"):
        engine.connect()
    engine.dispose()


async def test_a_gateway_cannot_speak_for_another(deployed: Deployed) -> None:
    """What it publishes on another's topic reaches nobody; on its own it does."""
    heard: list[str] = []
    own, other = GatewayTopics.of(SITE, GATEWAY), GatewayTopics.of(SITE, "gw-02")

    def client(user: str) -> aiomqtt.Client:
        password = deployed.secret(f"mqtt-{user}")
        return aiomqtt.Client("127.0.0.1", deployed.mqtt, username=user, password=password)

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
    answer = deployed.api.post("/api/v1/login", {"name": "admin", "password": secret})
    assert answer["role"] == "administrator"
    folder = deployed.secrets.parents[2]
    assert all(secret not in path.read_text() for path in folder.glob("*.out"))


@pytest.mark.parametrize("name", ["mosquitto", "hub", "gateway", "postgres"])
def test_the_health_checks_of_the_compose_file_answer_and_can_fail(
    deployed: Deployed, name: str
) -> None:
    """Each one as it stands there, but for the port: well here, ill where nobody listens."""
    ports = {
        "mosquitto": (1883, deployed.mqtt),
        "hub": (8080, deployed.api.ports.http),
        "gateway": (26875, deployed.api.ports.fire),
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
        return aiomqtt.Client("127.0.0.1", deployed.mqtt, username="gw-02", password=password)

    prepare(deployed.secrets.parents[1], gateways=["gw-02"], listen=("127.0.0.1", deployed.mqtt))
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
    assert deployed.api.state()["broker"] == "ok"

"""The set that compose starts, as plain processes over the same configuration files."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, text

from hub.deployment import prepare
from hub.installation import Ports
from tests.brokers import mosquitto_path
from tests.influxd import Influxd, influxd_or_skip
from tests.postgres import Postgres, postgres
from tests.trust.stack import TOKEN, Api, free_port

from .project import project

DATABASE = "smarthub"
PROCESSES = ("mosquitto", "hub", "gateway")


class Deployed(Api):
    """The running set: servers, processes and the project's folder that they are made of."""

    def __init__(self, folder: Path, copy: Path, database: Postgres, store: Influxd) -> None:
        """Take what is prepared; nothing of ours runs yet."""
        self.folder = folder
        self.project = copy
        self.secrets = copy / "deploy" / "secrets"
        self.postgres = database
        self.influxd = store
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def data(self) -> Path:
        """Where hub and gateway keep their files."""
        return self.folder / "data"

    def secret(self, name: str) -> str:
        """Return a secret."""
        return (self.secrets / name).read_text()

    def database_url(self, password: str = "") -> str:
        """Return the case database's address, with its password unless another is given."""
        password = password or self.secret("postgres")
        return self.postgres.url(DATABASE).replace("@", f":{password}@")

    def start(self, name: str) -> None:
        """Start Mosquitto, the hub or the gateway."""
        command = [sys.executable, "-m", "hub.cli", name, f"{self.project}/deploy/{name}.yaml"]
        home = self.folder
        if name == "mosquitto":
            command, home = self._broker()
        with (self.folder / f"{name}.out").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                command, cwd=home, env=self._environment(), stdout=output, stderr=output
            )

    def stop(self, name: str) -> None:
        """End one of them as its service manager would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)

    def stop_all(self) -> None:
        """End whatever runs."""
        for name in list(self.processes):
            self.stop(name)

    def wait_ready(self) -> None:
        """Return when alarms become cases; fails with the logs' ends."""
        until = time.monotonic() + 60
        while not self.state().get("ready"):
            tails = "\n".join(
                f"{path.name}: {path.read_text()[-1500:]}" for path in self.folder.glob("*.out")
            )
            assert time.monotonic() < until, tails
            time.sleep(0.2)

    def _broker(self) -> tuple[list[str], Path]:
        # As in the container: Mosquitto finds `config` and `data` in its working folder.
        home = self.folder / "mosquitto"
        if not home.exists():
            home.mkdir()
            (home / "config").symlink_to(self.secrets / "mosquitto")
            (home / "data").mkdir()
        command = [mosquitto_path(), "-c", "config/mosquitto.conf"]
        if os.geteuid() != 0:
            return command, home
        # Started by root it would become a user who may not read the secrets; in the container it
        # is the secrets' owner.
        owner = (self.secrets / "mosquitto" / "passwords").stat()
        os.chown(home / "data", owner.st_uid, owner.st_gid)
        user = [f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
        return ["setpriv", *user, *command], home

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "SMARTHUB_TOKEN": TOKEN,
            "SMARTHUB_DATA": str(self.data),
            "SMARTHUB_SECRETS": str(self.secrets),
            "SMARTHUB_REGISTRY": str(self.project / "deploy" / "registry"),
            "SMARTHUB_MQTT_HOST": "127.0.0.1",
            "SMARTHUB_MQTT_PORT": str(self.ports.mqtt),
            "SMARTHUB_HTTP_HOST": "127.0.0.1",
            "SMARTHUB_HTTP_PORT": str(self.ports.http),
            "SMARTHUB_FIRE_LISTEN": f"127.0.0.1:{self.ports.fire}",
            "SMARTHUB_POSTGRES": f"127.0.0.1:{self.postgres.port}",
            "SMARTHUB_INFLUX": f"127.0.0.1:{self.influxd.port}",
            "SMARTHUB_INFLUX_BUCKET": self.influxd.bucket,
        }


@contextlib.contextmanager
def deployment(folder: Path) -> Iterator[Deployed]:
    """Start PostgreSQL, InfluxDB, Mosquitto, hub and gateway as compose would, for a block."""
    copy = project(folder)
    ports = Ports(free_port(), free_port(), free_port())
    secrets = prepare(copy, listen=("127.0.0.1", ports.mqtt)).secrets
    password = (secrets / "postgres").read_text()
    with contextlib.ExitStack() as running:
        database = running.enter_context(postgres(DATABASE, password=password))
        store = running.enter_context(Influxd(influxd_or_skip(), folder / "influxd"))
        # InfluxDB 1.8 has no tokens of its own: its user and password stand in the token's place.
        (secrets / "influxdb-token").write_text(store.token)
        _create_database(database, password)
        deployed = Deployed(folder, copy, database, store)
        deployed.ports = ports
        running.callback(deployed.stop_all)
        for name in PROCESSES:
            deployed.start(name)
        deployed.wait_ready()
        yield deployed


def _create_database(server: Postgres, password: str) -> None:
    address = server.url().replace("@", f":{password}@")
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {DATABASE}"))
    engine.dispose()

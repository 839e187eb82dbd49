"""One folder holds one installation: its lock, its secrets, its users and its two files.

What `smarthub up` needs is made at the first start and kept; nothing has a default password.
"""

import contextlib
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.config import load as load_gateway
from gateway.durable_file import write_durably
from model.errors import ConfigError
from model.reading import Mode
from model.topics import CameraTopics, GatewayTopics, cases_topic

from .broker import BrokerUser
from .config import load as load_hub
from .own_files import check_yours, written_unless_yours
from .simulation.demo_cameras import gateway_lines

SITE = "haibowan"
GATEWAY = "gw-01"
DEVICE_TOPICS = ("iot/#",)
BRIDGE_TOPICS = ("zigbee2mqtt/#",)
ORDERS = "orders"  # of the demo: incidents that somebody wants to see
USERS = ("hub", GATEWAY, "device", "bridge", "capture")


class Ports(NamedTuple):
    """Where the embedded default listens, on 127.0.0.1."""

    http: int
    mqtt: int
    fire: int


class Installation:
    """A data folder that this process holds alone."""

    def __init__(self, folder: Path) -> None:
        """Make the folder and take its lock; raises ConfigError in one clear line."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / "lock").open("a+")
        except OSError as error:
            raise ConfigError(
                f"the data folder {folder} cannot be written: {error.strerror}; choose another"
                " with --data"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"another smarthub runs on the data folder {folder}; stop it or use --data"
            ) from error
        self.fresh_passwords: dict[str, str] = {}
        self.passwords = self._passwords()

    def close(self) -> None:
        """Give the folder back, so that another process may hold it."""
        self._lock.close()

    def _passwords(self) -> dict[str, str]:
        """Return the broker's passwords, drawn at the first start."""
        path = self.folder / "secrets.json"
        try:
            known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        except ValueError as error:
            raise ConfigError(
                f"{path} is damaged ({error}): restore it, or remove it and new passwords are drawn"
            ) from error
        for user in USERS:
            if user not in known:
                known[user] = self.fresh_passwords[user] = secrets.token_urlsafe(18)
        given = os.environ.get("SMARTHUB_DEVICE_PASSWORD")
        if given:
            known["device"] = given
            self.fresh_passwords.pop("device", None)
        write_durably(path, json.dumps(known).encode())
        for user in USERS:
            write_durably(self.folder / f"{user}.password", known[user].encode())
        return known

    def users(self) -> list[BrokerUser]:
        """Return the broker's users, each with its own topics."""
        return broker_users(SITE, self.passwords, gateways=(GATEWAY,))

    def write_files(self, ports: Ports, *, registry: Path | None, mode: str) -> tuple[Path, Path]:
        """Write the gateway's and the hub's file as people would, unless people did; return their paths."""
        gateway, hub = self.folder / "gateway.yaml", self.folder / "hub.yaml"
        simulated = mode == Mode.SIMULATED
        folder = self.folder.resolve()
        kept = written_unless_yours(
            gateway,
            f"""schema: 1
site: {SITE}
gateway: {GATEWAY}
data: {json.dumps(str(folder / GATEWAY))}
mode: {mode}
uplink:
  port: {ports.mqtt}
  user: {GATEWAY}
  password_file: {json.dumps(str(folder / f"{GATEWAY}.password"))}
sources:
  - adapter: gb26875
    listen: 127.0.0.1:{ports.fire}
  - adapter: nb_iot
  - adapter: zigbee2mqtt
  - adapter: access_control
"""
            + (gateway_lines(folder) if simulated else ""),
        )
        if kept:
            _check_gateway(gateway, ports, mode)
        kept = written_unless_yours(
            hub,
            f"""schema: 1
site: {SITE}
data: {json.dumps(str(folder / "hub"))}
mqtt:
  port: {ports.mqtt}
  user: hub
  password_file: {json.dumps(str(folder / "hub.password"))}
http:
  port: {ports.http}
"""
            + (f"registry: {json.dumps(str(registry.resolve()))}\n" if registry else "")
            + (f"demo: {{orders: {json.dumps(str(folder / ORDERS))}}}\n" if simulated else ""),
        )
        if kept:
            _check_hub(hub, ports)
        return gateway, hub


def _check_gateway(path: Path, ports: Ports, mode: str) -> None:
    file = load_gateway(path).file
    check_yours(
        path, {"uplink.port": (file.uplink.port, ports.mqtt), "mode": (str(file.mode), mode)}
    )


def _check_hub(path: Path, ports: Ports) -> None:
    file = load_hub(path)
    check_yours(
        path, {"http.port": (file.http.port, ports.http), "mqtt.port": (file.mqtt.port, ports.mqtt)}
    )


def broker_users(
    site: str, passwords: Mapping[str, str], *, gateways: Sequence[str]
) -> list[BrokerUser]:
    """Return a broker's users, each with its own topics: the hub, gateways, devices, tools."""
    every, cameras = GatewayTopics.of(site, "+"), CameraTopics.of(site, "+", "+")
    hub = BrokerUser(
        "hub",
        passwords["hub"],
        (every.receipt, every.evidence_receipt, every.ask, cases_topic(site), cameras.looked),
        (every.alarm, every.telemetry, every.status, every.evidence, *cameras[:3]),
    )
    return [
        hub,
        *(_gateway_user(site, name, passwords[name]) for name in gateways),
        BrokerUser("device", passwords["device"], DEVICE_TOPICS, ()),
        BrokerUser("bridge", passwords["bridge"], BRIDGE_TOPICS, BRIDGE_TOPICS),
        # For `smarthub capture`: hears devices and says nothing.
        BrokerUser("capture", passwords["capture"], (), DEVICE_TOPICS + BRIDGE_TOPICS),
    ]


def _gateway_user(site: str, name: str, password: str) -> BrokerUser:
    topics, cameras = GatewayTopics.of(site, name), CameraTopics.of(site, name, "+")
    return BrokerUser(
        name,
        password,
        (topics.alarm, topics.telemetry, topics.status, topics.evidence, *cameras[:3]),
        (
            topics.receipt,
            topics.evidence_receipt,
            topics.ask,
            cameras.looked,
            *DEVICE_TOPICS,
            *BRIDGE_TOPICS,
        ),
    )


@contextlib.contextmanager
def written_in(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses while a start prepares the folder into one clear line."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise ConfigError(
            f"the data folder {folder} cannot be used: {where}: {error.strerror or error}; give its"
            " files to this user, or choose another with --data"
        ) from error


def check_ports(ports: Ports) -> None:
    """Raise ConfigError naming the first port that is in use, and the option that changes it."""
    chosen: dict[int, str] = {}
    for name, port in ports._asdict().items():
        if port in chosen:
            raise ConfigError(
                f"port {port} is given twice ({chosen[port]} and {name}): give another with"
                f" --{name}-port"
            )
        chosen[port] = name
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise ConfigError(
                    f"port {port} ({name}) is in use: stop what uses it, or give another with"
                    f" --{name}-port"
                ) from error

"""Makes what `docker-compose.yml` needs and nobody may invent: passwords, broker rights, settings.

Run once before the first start, and again to add a gateway. What is there stays as it is, so a
second run changes no password. The result lies in the project's folder and is never committed.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from gateway.config import Name
from gateway.durable_file import write_durably
from model.errors import ConfigError

from .broker import BrokerUser
from .installation import GATEWAY, SITE, USERS, broker_users
from .mosquitto import write_mosquitto
from .territory.registry_files import REGISTRY_YAML

MQTT = "mqtt-"
HEALTH = "health"
OTHER_SECRETS = (
    "hub-admin",
    "postgres",
    "influxdb-admin",
    "influxdb-token",
    "influxdb-grafana",
    "grafana-admin",
)
IMAGE_USER = 10_001
"""The user of our image; it gets the secrets when root makes them, so that no container is root."""

SEEN_BY_BROKER = ("config", "data")  # from its working folder, /mosquitto in the container
LISTEN = ("0.0.0.0", 1883)  # noqa: S104 - inside the container; compose publishes it on 127.0.0.1
_SITE = "SMARTHUB_SITE"
_MODE = "SMARTHUB_MODE"


class Prepared(NamedTuple):
    """What a project's folder holds after the command."""

    secrets: Path
    fresh: list[str]
    gateways: list[str]
    mode: str


def prepare(
    project: Path,
    *,
    demo: bool = False,
    gateways: Sequence[str] = (),
    listen: tuple[str, int] = LISTEN,
) -> Prepared:
    """Make or complete a project's secrets, broker files, registry and `.env`; raises ConfigError."""
    if not (project / "docker-compose.yml").is_file():
        message = "no docker-compose.yml there: name the folder of the project"
        raise ConfigError(message, file=str(project))
    for name in gateways:
        _check_gateway(name)
    try:
        settings = _settings(project / ".env", demo=demo)
        folder = project / "deploy" / "secrets"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = sorted({GATEWAY, *gateways, *_gateways_of(folder)})
        wanted = [MQTT + user for user in ("hub", *known, *_others(), HEALTH)]
        fresh = [name for name in (*wanted, *OTHER_SECRETS) if _make(folder / name)]
        _write_broker(folder, settings[_SITE], known, listen)
        _write_registry(project / "deploy" / "registry", demo=settings[_MODE] == "simulated")
        owner = int(settings["SMARTHUB_UID"]), int(settings["SMARTHUB_GID"])
        for made in (folder, project / "deploy" / "registry"):
            _hand_over(made, *owner)
    except OSError as error:
        message = (
            f"cannot be written: {error.strerror}; in a container, run it as the folder's user"
        )
        raise ConfigError(message, file=str(error.filename or project)) from error
    return Prepared(folder, fresh, known, settings[_MODE])


def _check_gateway(name: str) -> None:
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        message = f"{name!r} is no gateway's name: small letters, digits and hyphens"
        raise ConfigError(message, key="gateway") from error
    if name in (*_others(), "hub", HEALTH):
        raise ConfigError(f"{name!r} is a user of ours; choose another name", key="gateway")


def _others() -> tuple[str, ...]:
    return tuple(user for user in USERS if user not in ("hub", GATEWAY))


def _gateways_of(folder: Path) -> Iterable[str]:
    """Name the gateways that were added before, by their secrets."""
    users = (path.name.removeprefix(MQTT) for path in folder.glob(f"{MQTT}*"))
    return [user for user in users if user not in ("hub", *_others(), HEALTH)]


def _make(path: Path) -> bool:
    """Draw a secret unless it is there; return whether it was drawn."""
    if path.exists():
        return False
    # Letters and digits only: some of these travel through shells and command lines.
    write_durably(path, secrets.token_hex(24).encode())
    return True


def _settings(path: Path, *, demo: bool) -> dict[str, str]:
    """Return the settings of `.env`, written at the first run; raises ConfigError for a mixture."""
    mode = "simulated" if demo else "real"
    if not path.exists():
        root = not hasattr(os, "getuid") or os.getuid() == 0
        path.write_text(
            f"""# Written by `smarthub deploy init`; yours to edit. No secrets: those are in deploy/secrets.
{_SITE}={SITE}
{_MODE}={mode}
# Where the page leaves the incidents that somebody plants in a demo.
SMARTHUB_DEMO={"{orders: /orders}" if demo else ""}
# demo: with simulated devices; full: for real ones, with Grafana; empty: without Grafana
COMPOSE_PROFILES={"demo" if demo else "full"}
# Who owns deploy/secrets and may read it; our containers run as this user.
SMARTHUB_UID={IMAGE_USER if root else os.getuid()}
SMARTHUB_GID={IMAGE_USER if root else os.getgid()}
# Where this machine listens. For devices and people elsewhere write 0.0.0.0 or one address.
SMARTHUB_PUBLISH_HTTP=127.0.0.1:8080
SMARTHUB_PUBLISH_MQTT=127.0.0.1:1883
SMARTHUB_PUBLISH_FIRE=127.0.0.1:26875
SMARTHUB_PUBLISH_GRAFANA=127.0.0.1:3000
""",
            encoding="utf-8",
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    for key in (_SITE, _MODE, "SMARTHUB_UID", "SMARTHUB_GID"):
        if not found.get(key):
            raise ConfigError(
                "is missing; remove the file and run this again", file=str(path), key=key
            )
    if demo and found[_MODE] != mode:
        message = "was made for real devices; a demo needs a folder of its own"
        raise ConfigError(message, file=str(path), key=_MODE)
    return found


def _write_broker(
    folder: Path, site: str, gateways: Sequence[str], listen: tuple[str, int]
) -> None:
    passwords = {
        path.name.removeprefix(MQTT): path.read_text(encoding="utf-8").strip()
        for path in folder.glob(f"{MQTT}*")
    }
    health = BrokerUser(HEALTH, passwords[HEALTH], (), ("$SYS/broker/uptime",))
    users = [*broker_users(site, passwords, gateways=gateways), health]
    target = folder / "mosquitto"
    target.mkdir(mode=0o700, exist_ok=True)
    write_mosquitto(target, host=listen[0], port=listen[1], users=users, seen=SEEN_BY_BROKER)
    # mosquitto_sub finds its options here, so that the health check's password is on no command line.
    options = f"-u {HEALTH}\n-P {passwords[HEALTH]}\n"
    write_durably(target / "mosquitto_sub", options.encode())


def _write_registry(folder: Path, *, demo: bool) -> None:
    """Write a first registry: the demo's eight compounds, or an empty one to be filled in."""
    from .territory.demo_territory import demo_documents  # noqa: PLC0415 - large, for a demo only

    if folder.exists():
        return
    folder.mkdir(parents=True)
    for name, text in (demo_documents() if demo else {REGISTRY_YAML: "compounds: []\n"}).items():
        (folder / name).write_text(text, encoding="utf-8")


def _hand_over(folder: Path, user: int, group: int) -> None:
    """Give a folder to whom the containers run as, when root made it."""
    if not hasattr(os, "getuid") or os.getuid() != 0:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, group)

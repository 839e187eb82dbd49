"""The embedded broker: a real nats-server with MQTT, its own store, users and limits.

Its habits, as tried: a subscription to `x/#` needs permission for `x` and `x.>`; a topic may hold
no space; a payload over `max_payload` disconnects the publisher; an abandoned persistent session
that fills the store makes every CONNECT fail, hence the store limit and the level that is watched;
once its disk was full it refuses to write for ever, also with room again, until it is restarted.
"""

import asyncio
import contextlib
import ctypes
import json
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from gateway.durable_file import write_durably
from model.errors import ConfigError

log = structlog.get_logger()
STORE_BYTES = 1 << 30
MAX_PAYLOAD = 1 << 20
ROOM_BYTES = 16 << 20
LOG_READ_BYTES = 4 << 20
PR_SET_PDEATHSIG = 1


class BrokerUser(NamedTuple):
    """A user of the broker with the topics it may write and read (MQTT filters)."""

    name: str
    password: str
    publish: Sequence[str]
    subscribe: Sequence[str]


def subjects(filters: Sequence[str]) -> list[str]:
    """Translate MQTT filters to the NATS subjects that permissions are written in."""
    found: list[str] = []
    for item in filters:
        subject = item.replace("/", ".").replace("+", "*")
        if subject.endswith(".#"):
            found += [subject[:-2], f"{subject[:-1]}>"]
        else:
            found.append(">" if subject == "#" else subject)
    return found


def configuration(
    folder: Path,
    *,
    host: str,
    port: int,
    users: Sequence[BrokerUser],
    store_bytes: int = STORE_BYTES,
) -> str:
    """Write the server's configuration; JSON is a subset of its language."""
    return json.dumps(
        {
            "server_name": "smarthub",
            "listen": "127.0.0.1:-1",
            "http": "127.0.0.1:-1",
            "ports_file_dir": str(folder),
            "max_payload": MAX_PAYLOAD,
            "jetstream": {"store_dir": str(folder / "store"), "max_file_store": store_bytes},
            "mqtt": {
                "host": host,
                "port": port,
                "max_ack_pending": 4096,
                "ack_wait": "5s",  # an alarm that we could not store comes again soon
            },
            "authorization": {
                "users": [
                    {
                        "user": user.name,
                        "password": user.password,
                        "permissions": {
                            "publish": _permission(user.publish),
                            "subscribe": _permission(user.subscribe),
                        },
                    }
                    for user in users
                ]
            },
        },
        indent=1,
    )


def _permission(filters: Sequence[str]) -> dict[str, list[str]]:
    """Allow what is named; an empty `allow` would let the server allow everything."""
    return {"allow": subjects(filters)} if filters else {"deny": [">"]}


def server_path() -> str:
    """Return the nats-server that came with this installation; raises ConfigError."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise ConfigError("nats-server is not installed; run `make setup`")
    return found


def die_with_parent() -> None:
    """Let the kernel end this child when its parent dies, however that happens (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class EmbeddedBroker:
    """Starts nats-server, starts it again when it dies, and watches how full its store is."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str,
        port: int,
        users: Sequence[BrokerUser],
        store_bytes: int = STORE_BYTES,
    ) -> None:
        self.restarts = 0
        self.process: asyncio.subprocess.Process | None = None
        self._folder = folder
        self._host = host
        self._port = port
        self._users = users
        self._store_bytes = store_bytes
        self._said = 0  # where in its log the running server began

    async def start(self) -> None:
        """Write the configuration and start the server; returns when its port answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "nats.conf"
        text = configuration(
            self._folder,
            host=self._host,
            port=self._port,
            users=self._users,
            store_bytes=self._store_bytes,
        )
        write_durably(path, text.encode())
        for old in self._folder.glob("*.ports"):
            old.unlink()
        with (self._folder / "nats.log").open("ab") as output:
            self._said = output.tell()
            self.process = await asyncio.create_subprocess_exec(
                server_path(), "-c", str(path),
                stdout=output, stderr=output, start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        await self._answering()

    async def supervise(self) -> None:
        """Restart the server whenever it ends, until cancelled; warn when its store fills."""
        while True:
            assert self.process is not None  # noqa: S101 - start() came first
            try:
                # Not `wait_for`: in Python 3.11 it loses a cancellation that comes with the end.
                async with asyncio.timeout(10):
                    code = await self.process.wait()
            except TimeoutError:
                await asyncio.to_thread(self._warn_when_full)
                if await asyncio.to_thread(self._stuck):
                    log.warning("broker_restarted", why="its disk was full and has room again")
                    self.process.terminate()
                continue
            self.restarts += 1
            log.error("broker_died", code=code, restarts=self.restarts)
            await asyncio.sleep(min(0.2 * self.restarts, 5))
            try:
                await self.start()
            except (ConfigError, OSError) as error:  # OSError: no disk or memory; go on trying
                log.error("broker_not_started", why=str(error))

    async def stop(self) -> None:
        """End the server in order."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 5)
            except TimeoutError:
                self.process.kill()

    async def _answering(self) -> None:
        until = time.monotonic() + 15
        while time.monotonic() < until:
            assert self.process is not None  # noqa: S101 - just started
            if self.process.returncode is not None:
                break
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        tail = (self._folder / "nats.log").read_text(encoding="utf-8", errors="replace")[-500:]
        raise ConfigError(f"the broker did not start on port {self._port}: {tail}")

    def _stuck(self) -> bool:
        """Whether the server met a full disk that has room again."""
        if shutil.disk_usage(self._folder).free < ROOM_BYTES:
            return False
        with (self._folder / "nats.log").open("rb") as said:
            said.seek(self._said)
            return b"no space left on device" in said.read(LOG_READ_BYTES)

    def _warn_when_full(self) -> None:
        level = self.store_level()
        if level > 0.8:  # noqa: PLR2004 - said in the message
            log.error(
                "broker_store_filling",
                level=f"{level:.0%}",
                remedy="a session that nobody reads keeps messages; remove its folder or client",
            )

    def store_level(self) -> float:
        """Return how full the store is, 0 to 1 (0 when it cannot be asked)."""
        for path in self._folder.glob("*.ports"):
            with contextlib.suppress(OSError, ValueError, KeyError, IndexError):
                base = json.loads(path.read_text())["monitoring"][0]
                with urllib.request.urlopen(f"{base}/jsz", timeout=2) as answer:  # noqa: S310 - our own server on loopback
                    return float(json.load(answer)["storage"]) / self._store_bytes
        return 0.0

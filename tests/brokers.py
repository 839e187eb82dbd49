"""Starts real MQTT brokers for tests: the embedded nats-server, and Mosquitto."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

User = tuple[str, Sequence[str], Sequence[str]]
"""Password, topic patterns to publish, topic patterns to subscribe (MQTT filters)."""
ANYTHING: Mapping[str, User] = {"tester": ("tester-pw", ["#"], ["#"])}
START_S = 15.0
_NATS_CHARS = {"/": ".", ".": "//", "+": "*"}


class Broker:
    """A broker process on a fixed port and data folder; it can be stopped, killed and started again."""

    def __init__(self, command: list[str], port: int, users: Mapping[str, User], log: Path) -> None:
        self.port = port
        self.users = users
        self.log = log
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; the broker must be running."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the process and wait until it accepts connections."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while True:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1),
            ):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{self._command[0]} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End the process in good order (what is persistent is written)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._end(signal.SIGKILL)

    def suspend(self) -> None:
        """Let the process hang: connections stay open, nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(15)
        self._process = None


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def start_nats(tmp_path: Path, users: Mapping[str, User] = ANYTHING) -> Iterator[Broker]:
    """Run the embedded broker, nats-server with MQTT, until the block ends."""
    port, home = free_port(), tmp_path / "nats"
    home.mkdir()
    rules = "\n".join(_nats_user(name, *user) for name, user in users.items())
    config = home / "nats.conf"
    config.write_text(
        f'server_name: "tests"\nhost: "127.0.0.1"\nport: {free_port()}\n'
        f'jetstream {{ store_dir: "{home / "store"}", max_file_store: 512MB }}\n'
        # NATS delivers an unacknowledged message again only after ack_wait (default 30 s), also to
        # a session that has just come back.
        f'mqtt {{ host: "127.0.0.1", port: {port}, ack_wait: "1s" }}\n'
        f"authorization {{ users: [\n{rules}\n] }}\n"
    )
    command = [str(Path(sys.executable).with_name("nats-server")), "-c", str(config)]
    yield from _running(Broker(command, port, users, home / "log"))


def mosquitto_path() -> str:
    """Return Mosquitto's program; skip the test without it, fail without it in CI."""
    return _program("mosquitto", "mosquitto")


def mosquitto_pub_path() -> str:
    """Return the program that publishes; skip the test without it, fail without it in CI."""
    return _program("mosquitto_pub", "mosquitto-clients")


def _program(name: str, package: str) -> str:
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        message = f"{name} is not installed: apt-get install {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return program


@contextlib.contextmanager
def start_mosquitto(
    tmp_path: Path, users: Mapping[str, User] = ANYTHING, extra: str = ""
) -> Iterator[Broker]:
    """Run Mosquitto with persistence until the block ends; skip without it, fail without it in CI."""
    program = mosquitto_path()
    port, home = free_port(), tmp_path / "mosquitto"
    home.mkdir()
    passwords, access = home / "passwords", home / "access"
    # Plain here; the tool hashes them in place.
    passwords.write_text("".join(f"{name}:{user[0]}\n" for name, user in users.items()))
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    access.write_text("".join(_mosquitto_user(name, *user) for name, user in users.items()))
    for file in (passwords, access):
        file.chmod(0o600)
    config = home / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        f"acl_file {access}\npersistence true\npersistence_location {home}/\n"
        "autosave_interval 1\nmax_queued_messages 0\n"
        f"{'user root' if os.geteuid() == 0 else ''}\n{extra}\n"
    )
    yield from _running(Broker([program, "-c", str(config)], port, users, home / "log"))


def _running(broker: Broker) -> Iterator[Broker]:
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def _nats_user(name: str, password: str, publish: Sequence[str], subscribe: Sequence[str]) -> str:
    write = ", ".join(f'"{subject}"' for text in publish for subject in nats_subjects(text))
    read = ", ".join(f'"{subject}"' for text in subscribe for subject in nats_subjects(text))
    return (
        f'{{ user: "{name}", password: "{password}", permissions: '
        f"{{ publish: {{ allow: [{write}] }}, subscribe: {{ allow: [{read}] }} }} }}"
    )


def nats_subjects(text: str) -> list[str]:
    """Translate an MQTT filter into NATS subjects; `x/#` needs `x` and `x.>`."""
    subject = "".join(_NATS_CHARS.get(char, char) for char in text)
    if text == "#":
        return [">"]
    if text.endswith("/#"):
        return [subject[:-2], subject[:-1] + ">"]
    return [subject]


def _mosquitto_user(
    name: str, _password: str, publish: Sequence[str], subscribe: Sequence[str]
) -> str:
    write = "".join(f"topic write {text}\n" for text in publish)
    read = "".join(f"topic read {text}\n" for text in subscribe)
    return f"user {name}\n{write}{read}\n"

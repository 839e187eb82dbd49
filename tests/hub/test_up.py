"""`smarthub up`: clear refusals, an orderly end, and no process left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.trust.stack import free_port

pytestmark = pytest.mark.timeout(120)


def command(folder: Path, **ports: int) -> list[str]:
    """Return the command line of `up` on free ports."""
    chosen = {"http": free_port(), "mqtt": free_port(), "fire": free_port()} | ports
    options = [part for name, port in chosen.items() for part in (f"--{name}-port", str(port))]
    return [sys.executable, "-m", "hub.cli", "up", "--data", str(folder), *options]


def refused(arguments: list[str]) -> str:
    """Return the one line with which a start is refused."""
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2, ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0]


@contextmanager
def started(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run `up` until it says that it is ready."""
    process = subprocess.Popen(
        command(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "ready 就绪" in line:
                break
        yield process
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """It names the port and the option that changes it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port: int = taken.getsockname()[1]
        line = refused(command(tmp_path, http=port))
    assert str(port) in line
    assert "--http-port" in line


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    """It names the folder and the option that changes it."""
    (tmp_path / "file").write_text("not a folder")
    line = refused(command(tmp_path / "file" / "data"))
    assert "--data" in line


def test_one_port_for_two_things_is_one_clear_line(tmp_path: Path) -> None:
    """Each is free, but not for both: the hub would die again and again behind the broker."""
    port = free_port()
    line = refused(command(tmp_path, http=port, mqtt=port))
    assert "given twice" in line
    assert str(port) in line


@pytest.mark.parametrize("name", ["logs/hub.log", "broker/nats.log", "gateway.yaml"])
def test_a_file_that_cannot_be_written_is_one_clear_line(tmp_path: Path, name: str) -> None:
    """A folder copied by another user: the line names the file; nothing is left running."""
    (tmp_path / name).mkdir(parents=True)
    line = refused(command(tmp_path))
    assert str(tmp_path / name) in line
    assert "--data" in line


def test_damaged_secrets_are_one_clear_line(tmp_path: Path) -> None:
    """It names the file and what helps."""
    (tmp_path / "secrets.json").write_text('{"hub": ')
    assert "secrets.json is damaged" in refused(command(tmp_path))


def test_a_second_copy_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """Two hubs must never write one log."""
    with started(tmp_path):
        assert "another smarthub" in refused(command(tmp_path))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C ends all in order; even a killed supervisor takes its children with it."""
    with started(tmp_path) as process:
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 3
        os.kill(process.pid, how)
        code = process.wait(20)
        _, alive = psutil.wait_procs(children, timeout=15)
    assert alive == []
    assert code == (-9 if how is signal.SIGKILL else 0)


def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    """The supervisor brings back hub, gateway and broker."""
    with started(tmp_path) as process:
        supervisor = psutil.Process(process.pid)
        before = {child.pid for child in supervisor.children()}
        for child in supervisor.children():
            child.kill()
        until = time.monotonic() + 30
        while time.monotonic() < until:
            after = {child.pid for child in supervisor.children()}
            if len(after) >= len(before) and not after & before:
                break
            time.sleep(0.2)
        else:
            pytest.fail("not every process came back")
        process.terminate()
        said = process.stdout.read() if process.stdout else ""
    died = [line for line in said.splitlines() if "process_died" in line]
    for name in ("hub", "gateway"):
        (line,) = (line for line in died if f"process={name}" in line)
        assert "last_words=" in line
        assert str(tmp_path / "logs" / f"{name}.log") in line


def test_passwords_are_shown_once_and_kept_readable_to_the_owner_only(tmp_path: Path) -> None:
    """A second start shows none; secret files have mode 0600."""
    for expected in (True, False):
        process = subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("ready"):
                break
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()
        assert ("shown once" in "".join(said)) is expected
    for name in ("secrets.json", "device.password", "gw-01.password"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600

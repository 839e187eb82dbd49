"""`smarthub simulate onvif` and `smarthub discover onvif` as people call them, in processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.simulation.onvif_faults import Faults
from hub.simulation.onvif_life import OnvifLife
from tests.brokers import free_port

COMMAND = [sys.executable, "-m", "hub.cli"]
LIMIT_S = 60


def free_udp_port() -> int:
    """Return a UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def discover(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the discovery, unicast on loopback."""
    return subprocess.run(
        [*COMMAND, "discover", "onvif", "--no-multicast", "--address", "127.0.0.1", *options],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env=os.environ | {"COLUMNS": "120"},
    )


def test_a_simulated_camera_is_found_and_takes_orders() -> None:
    """Table on one stream, the block to paste on the other; an order by HTTP; a clean end."""
    port, udp = free_port(), free_udp_port()
    simulated = subprocess.Popen(
        [
            *(*COMMAND, "simulate", "onvif", "--port", str(port), "--probe-port", str(udp)),
            *("--name", "Gate 1", "--wrong-host"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert simulated.stdout is not None
        assert "/onvif/device_service" in simulated.stdout.readline()
        found = discover("--port", str(udp), "--timeout", "1")
        assert found.returncode == 0
        assert f"    port: {port}\n    camera: cam-gate-1\n" in found.stdout
        assert "adapter: onvif" in found.stdout
        assert "192.0.2.77" in found.stderr
        order = urllib.request.Request(
            f"http://127.0.0.1:{port}/simulate/input/AlarmIn_1/true", method="POST"
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(order, timeout=5) as answer:
            assert answer.status == 204
    finally:
        simulated.send_signal(signal.SIGINT)
        assert simulated.wait(LIMIT_S) == 0
        if simulated.stdout:
            simulated.stdout.close()


def test_nobody_found_is_exit_code_1_and_says_what_to_do() -> None:
    """In both languages."""
    options = ["--no-multicast", "--address", "127.0.0.1", "--timeout", "0.5"]
    found = CliRunner().invoke(app, ["discover", "onvif", *options, "--port", str(free_udp_port())])
    assert found.exit_code == 1
    assert "--address" in found.output
    assert "没有 ONVIF 设备应答" in found.output


def test_the_territory_is_still_simulated_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """`simulate` alone does what it did; `onvif` is one of its commands."""
    monkeypatch.setenv("SMARTHUB_DEVICE_PASSWORD", "x")
    none = ["--detectors", "0", "--panels", "0", "--doors", "0", "--duration", "0.1"]
    ran = CliRunner().invoke(app, ["simulate", *none, "--mqtt-port", str(free_port())])
    assert "simulating 0 detectors" in ran.output
    assert "onvif" in CliRunner().invoke(app, ["simulate", "--help"]).output


def test_each_fault_has_its_switch_and_reaches_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its unit left out of the name; without a switch the device has no fault."""
    found: list[Faults] = []

    async def noted(life: OnvifLife, _say: object) -> None:
        found.append(life.device.faults)

    monkeypatch.setattr("hub.simulation.onvif_life.live", noted)
    simulate = ["simulate", "onvif"]
    assert CliRunner().invoke(app, simulate).exit_code == 0
    switches = [f"--{field.name.removesuffix('_s').replace('_', '-')}" for field in fields(Faults)]
    values = [[] if isinstance(field.default, bool) else ["7"] for field in fields(Faults)]
    every = [
        word for switch, value in zip(switches, values, strict=True) for word in (switch, *value)
    ]
    assert CliRunner().invoke(app, [*simulate, *every]).exit_code == 0
    wanted = {field.name: True if field.default is False else 7.0 for field in fields(Faults)}
    assert found == [Faults(), Faults(**wanted)]  # type: ignore[arg-type]
    told = (Path(__file__).parents[2] / "docs" / "onvif.md").read_text(encoding="utf-8")
    assert [switch for switch in switches if switch not in told] == []
    assert CliRunner().invoke(app, [*simulate, "--down", "0.1"]).exit_code == 2

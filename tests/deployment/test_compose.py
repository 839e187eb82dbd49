"""The compose file: accepted by its own tool, no default password, everything watched."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hub.config import load
from hub.deployment import prepare
from model.errors import ConfigError

from .project import ROOT, project

ONE_SHOT = {"ownership", "boards"}


def compose(folder: Path, *, profiles: str = "") -> "subprocess.CompletedProcess[str]":
    """Let docker-compose read the file; skip without the tool, fail without it in CI."""
    tool = shutil.which("docker-compose")
    if tool is None:
        message = "docker-compose is not installed: apt-get install docker-compose"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return subprocess.run(
        [tool, "config"], cwd=folder, env=os.environ | {"COMPOSE_PROFILES": profiles},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def services(folder: Path, profiles: str) -> dict[str, Any]:
    """Return the services of those profiles as the tool understands them."""
    answer = compose(folder, profiles=profiles)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = YAML(typ="safe").load(answer.stdout)["services"]
    return found


@pytest.mark.parametrize("profiles", ["", "full", "demo"])
def test_docker_compose_accepts_every_profile(tmp_path: Path, profiles: str) -> None:
    """With the tool's own reading of variables, anchors, secrets and conditions."""
    copy = project(tmp_path)
    prepare(copy)
    found = services(copy, profiles)
    assert {"hub", "gateway", "mosquitto", "influxdb", "postgres"} <= found.keys()
    for name, service in found.items():
        assert name in ONE_SHOT or service["healthcheck"]["test"], name
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:"), f"{name} listens to everybody: {port}"
        assert ":latest" not in service["image"], name
        assert re.search(r":\d", service["image"]), name


def test_it_refuses_to_start_before_the_passwords_are_drawn(tmp_path: Path) -> None:
    """With one sentence that says what to do."""
    answer = compose(project(tmp_path))
    assert answer.returncode != 0
    assert "smarthub deploy init" in answer.stderr


def test_no_password_stands_in_any_file_that_is_committed(tmp_path: Path) -> None:
    """They are drawn once, are the owner's alone, and another run changes none."""
    copy = project(tmp_path)
    prepare(copy)
    folder = copy / "deploy" / "secrets"
    drawn = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    assert len(set(drawn.values())) == len(drawn) >= 12
    assert all(len(secret) >= 32 for secret in drawn.values())
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    prepare(copy, gateways=["gw-02"])
    again = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    assert {name: again[name] for name in drawn} == drawn
    assert "mqtt-gw-02" in again
    rights = (folder / "mosquitto" / "rights").read_text()
    assert "user gw-02" in rights
    assert "gw-02" not in rights.split("user gw-02")[0].split("user gw-01")[1]


def test_every_secret_that_is_mounted_is_drawn(tmp_path: Path) -> None:
    """Docker would make a folder of a missing file, and a service would fail without a word."""
    copy = project(tmp_path)
    prepare(copy)
    text = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
    for name, where in text["secrets"].items():
        assert (copy / where["file"]).is_file(), name


def test_every_volume_belongs_to_whom_it_is_mounted_for(tmp_path: Path) -> None:
    """`ownership` hands each one over, and no image takes an empty one back by copying into it."""
    copy = project(tmp_path)
    prepare(copy)
    found = services(copy, "demo")
    handed = {mount["source"] for mount in found["ownership"]["volumes"]}
    text = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
    assert handed == set(text["volumes"])
    assert {mount["target"] for mount in found["ownership"]["volumes"]} == set(
        found["ownership"]["command"]
    )
    for name, service in found.items():
        for mount in service.get("volumes", []):
            if mount["type"] == "volume":
                assert mount["volume"] == {"nocopy": True}, f"{name}: {mount['target']}"


def test_no_container_runs_as_root_but_the_one_that_hands_over_volumes(tmp_path: Path) -> None:
    """All others run as the secrets' owner, without a capability."""
    copy = project(tmp_path)
    prepare(copy)
    for name, service in services(copy, "demo").items():
        assert service["cap_drop"] == ["ALL"], name
        assert (service["user"].split(":")[0] == "0") is (name == "ownership"), name


def test_the_simulator_refuses_beside_a_gateway_for_real_devices(tmp_path: Path) -> None:
    """Also when somebody sets the profile `demo` by hand: a planted fire must not look real."""
    for mode in ("real", ""):
        ended = subprocess.run(
            ["sh", str(ROOT / "deploy" / "simulate.sh")],
            env={"PATH": os.environ["PATH"], "SMARTHUB_MODE": mode},
            cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert ended.returncode == 2
        assert "smarthub deploy init --demo" in ended.stderr


@pytest.mark.parametrize("demo", [False, True])
def test_the_page_offers_incidents_in_a_demo_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, demo: bool
) -> None:
    """The setting goes from `.env` by compose into the hub's file."""
    copy = project(tmp_path)
    prepare(copy, demo=demo)
    hub = services(copy, "demo" if demo else "full")["hub"]
    for name, value in hub["environment"].items():
        monkeypatch.setenv(name, value)
    file = load(copy / "deploy" / "hub.yaml")
    assert (file.demo is not None) is demo


def test_a_gateway_may_not_take_the_name_of_another_user(tmp_path: Path) -> None:
    """`hub` and the others would change what they may do."""
    copy = project(tmp_path)
    with pytest.raises(ConfigError, match="user of ours"):
        prepare(copy, gateways=["hub"])
    with pytest.raises(ConfigError, match="no gateway's name"):
        prepare(copy, gateways=["GW 1"])

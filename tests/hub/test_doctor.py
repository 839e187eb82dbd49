"""`smarthub doctor` on an empty folder, on a running installation, and on one with mistakes."""

import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.outbox import Numbers, Outbox, make_row
from hub.cli import app
from hub.doctor import Finding, State, examine
from model.reading import Lane
from tests.trust.stack import TOKEN, Up


def said(folder: Path) -> dict[str, Finding]:
    """Return the findings by what they are about."""
    return {finding.what.partition(" ")[0]: finding for finding in examine(folder)}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what to name instead, and exit code 1."""
    result = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path / "no")])
    assert result.exit_code == 1
    assert "there is no such folder" in result.output
    assert "--data" in result.output


def test_an_empty_folder_is_measured_and_has_no_hub_yet(tmp_path: Path) -> None:
    """Nothing is left behind in it."""
    found = said(tmp_path)
    assert found["commits"].state is State.GOOD or "ms each" in found["commits"].said
    assert found["hub.yaml"].state is State.DOUBT
    assert list(tmp_path.iterdir()) == []


def test_what_waits_in_the_outbox_is_told(tmp_path: Path) -> None:
    """A gateway whose Readings nobody receipts, with its site and the hub's beside it."""
    data = tmp_path / "gw-01"
    data.mkdir()
    (tmp_path / "hub.yaml").write_text(
        f"schema: 1\nsite: haibowan\ndata: {tmp_path / 'hub'}\nmqtt: {{port: 1}}\nhttp: {{port: 2}}\n"
    )
    (tmp_path / "gateway.yaml").write_text(
        f"schema: 1\nsite: haibowan2\ngateway: gw-01\ndata: {data}\nuplink: {{port: 1}}\n"
        "sources: [{adapter: gb26875}]\n"
    )
    assert said(tmp_path)["outbox"].state is State.DOUBT
    outbox = Outbox(data / "outbox.db")
    at = int(time.time() * 1000) - 300_000
    row = make_row(Lane.ALARM, "e", first=1, readings=3, at=at, payload=b"[]")
    outbox.commit([row], Numbers("e", 3, {Lane.ALARM: 3}))
    found = said(tmp_path)
    outbox.close()
    assert found["outbox"].state is State.DOUBT  # nothing runs here; else it would be bad
    assert found["outbox"].said.startswith(
        "3 Readings wait for the hub's receipt, the oldest for 30"
    )
    assert found["configuration"].state is State.BAD
    assert "haibowan2" in found["configuration"].said


@pytest.mark.timeout(120)
def test_a_running_installation_is_well_and_a_wrong_password_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hub, gateway, broker by both users, log and readings; then one password is spoilt."""
    monkeypatch.setenv("SMARTHUB_TOKEN", TOKEN)
    with Up(tmp_path / "data") as up:
        deadline = time.monotonic() + 30
        while "gateway" not in (found := said(up.folder)) and time.monotonic() < deadline:
            time.sleep(0.5)  # it is heard with its first heartbeat
        assert {name: f.said for name, f in found.items() if f.state is State.BAD} == {}
        assert found["hub"].state is State.GOOD
        assert found["gateway"].said.startswith("online")
        assert found["log"].said.startswith("entries 1 to")
        assert found["readings"].state is State.GOOD
        assert found["outbox"].state is State.GOOD
        (up.folder / "gw-01.password").write_text("wrong", encoding="utf-8")
        broken = [f for f in examine(up.folder) if f.state is State.BAD]
        assert [f.what for f in broken] == ["broker, as gw-01 网关登录代理"]
    stopped = said(up.folder)
    assert stopped["hub"].state is State.DOUBT
    (up.folder / "hub.yaml").write_text("schema: 1\nsite: x\n", encoding="utf-8")
    assert "hub.yaml:" in said(up.folder)["configuration"].said

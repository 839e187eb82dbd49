"""`smarthub up` writes its files anew at each start, until a person changes them."""

from pathlib import Path

import pytest
import structlog

from gateway.durable_file import write_durably
from hub import own_files
from hub.installation import Installation, Ports
from model.errors import ConfigError

PORTS = Ports(http=8080, mqtt=1883, fire=26875)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data")


def test_what_nobody_changed_is_written_anew_with_other_ports(installation: Installation) -> None:
    installation.write_files(PORTS, registry=None, mode="real")
    _, hub = installation.write_files(PORTS._replace(http=9090), registry=None, mode="real")
    assert "port: 9090" in hub.read_text()


def test_what_a_person_changed_stays(installation: Installation) -> None:
    """docs/write-a-rule.md, step 5."""
    _, hub = installation.write_files(PORTS, registry=None, mode="real")
    mine = hub.read_text() + "rules: /tmp/my-rules\n"
    hub.write_text(mine)
    installation.write_files(PORTS, registry=None, mode="real")
    assert hub.read_text() == mine


def test_a_file_of_a_person_that_contradicts_the_command_is_named(
    installation: Installation,
) -> None:
    _, hub = installation.write_files(PORTS, registry=None, mode="real")
    hub.write_text(hub.read_text() + "rules: /tmp/my-rules\n")
    with pytest.raises(ConfigError, match=r"hub\.yaml: http\.port is 8080 here, .* for 9090"):
        installation.write_files(PORTS._replace(http=9090), registry=None, mode="real")


def test_a_gateway_of_real_devices_is_not_started_as_a_demo(installation: Installation) -> None:
    gateway, _ = installation.write_files(PORTS, registry=None, mode="real")
    gateway.write_text(gateway.read_text().replace("  - adapter: nb_iot\n", ""))
    with pytest.raises(ConfigError, match=r"gateway\.yaml: mode is real here"):
        installation.write_files(PORTS, registry=None, mode="simulated")


def test_a_removed_file_is_written_anew(installation: Installation) -> None:
    gateway, hub = installation.write_files(PORTS, registry=None, mode="real")
    hub.write_text("broken")
    hub.unlink()
    installation.write_files(PORTS, registry=None, mode="real")
    assert "site: haibowan" in hub.read_text()
    assert "adapter: gb26875" in gateway.read_text()


def test_files_of_an_older_version_are_ours(installation: Installation) -> None:
    _, hub = installation.write_files(PORTS, registry=None, mode="real")
    (installation.folder / "written.json").unlink()
    hub.write_text("# Written by `smarthub up` at every start; copy it to run a hub of your own.\n")
    installation.write_files(PORTS, registry=None, mode="real")
    assert "site: haibowan" in hub.read_text()


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_power_cut_makes_no_file_of_ours_a_persons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    """Whichever write it takes, the next start writes the file anew; what a person changed still stays."""
    path = tmp_path / "gateway.yaml"
    own_files.written_unless_yours(path, "port: 1\n")
    writes: list[str] = []

    def until_the_cut(to: Path, content: bytes) -> None:
        writes.append(to.name)
        if len(writes) == lost:
            raise SystemExit("the power is gone")
        write_durably(to, content)

    with monkeypatch.context() as patch:
        patch.setattr("hub.own_files.write_durably", until_the_cut)
        with pytest.raises(SystemExit):
            own_files.written_unless_yours(path, "port: 2\n")
    assert own_files.written_unless_yours(path, "port: 3\n") is False
    assert path.read_text().endswith("port: 3\n")
    path.write_text(path.read_text().replace("3", "2"))
    assert own_files.written_unless_yours(path, "port: 4\n") is True, "its old mark is gone"


def test_a_file_of_ours_whose_mark_is_lost_is_kept_and_named(installation: Installation) -> None:
    """Nobody knows whether a person changed it; the message says what it is and what to do."""
    _, hub = installation.write_files(PORTS, registry=None, mode="real")
    (installation.folder / "written.json").unlink()
    with structlog.testing.capture_logs() as logs:
        installation.write_files(PORTS, registry=None, mode="real")
    assert {entry["event"] for entry in logs} == {"own_file_without_mark"}
    with pytest.raises(ConfigError, match=r"hub\.yaml: .* begins like a file of ours"):
        installation.write_files(PORTS._replace(http=9090), registry=None, mode="real")
    hub.write_text("# mine\n" + hub.read_text())
    with pytest.raises(ConfigError) as refused:
        installation.write_files(PORTS._replace(http=9090), registry=None, mode="real")
    assert "file of ours" not in str(refused.value)

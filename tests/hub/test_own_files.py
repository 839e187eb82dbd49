"""`smarthub up` writes its files anew at each start, until a person changes them."""

from pathlib import Path

import pytest

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

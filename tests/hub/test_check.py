"""`smarthub check`: every problem of a file at once, with file, line and key."""

from pathlib import Path

from typer.testing import CliRunner

from hub.cli import app
from hub.commands.check import checked

GATEWAY = """schema: 1
site: haibowan
gateway: GW 01
data: /tmp/x
uplink: {port: 99999, usr: a}
sources:
  - adapter: gb26875
    listen: 26875
    timezone: Mars/Phobos
  - adapter: nbiot
  - adapter: nb_iot
    fields: {smoke: {to: smoke_db_m, scale: abc}}
"""


def said(path: Path, text: str) -> list[str]:
    """Return the lines with which a file is refused."""
    path.write_text(text, encoding="utf-8")
    outcome = CliRunner().invoke(app, ["check", str(path)])
    assert outcome.exit_code == 2, outcome.output
    return outcome.output.splitlines()


def test_what_is_wrong_above_hides_nothing_in_the_sources(tmp_path: Path) -> None:
    """Seven mistakes, seven lines, each with its own line and key."""
    path = tmp_path / "gateway.yaml"
    found = said(path, GATEWAY)
    assert [line.removeprefix(f"{path}:").split(": ")[:2] for line in found] == [
        ["3", "gateway"],
        ["5", "uplink.port"],
        ["5", "uplink.usr"],
        ["8", "sources.0.listen"],
        ["9", "sources.0.timezone"],
        ["10", "sources.1.adapter"],
        ["12", "sources.2.fields.smoke.scale"],
    ]


def test_sources_that_are_no_sources_are_said_once(tmp_path: Path) -> None:
    """A word where a list belongs, and a list of words."""
    head = GATEWAY.replace("GW 01", "gw-01").replace("{port: 99999, usr: a}", "{port: 1}")
    head = head.partition("sources:")[0]
    for wrong in ("sources: 5\n", "sources: [a, b]\n", "sources: []\n", "sources:\n"):
        found = said(tmp_path / "gateway.yaml", head + wrong)
        assert found, wrong
        assert all(": sources" in line for line in found), found


def test_hub_and_rule_files_are_known_by_their_keys(tmp_path: Path) -> None:
    """A hub's port that is no number; a rule's severity that is none; a file of nothing."""
    hub = "schema: 1\nsite: a\ndata: /tmp/x\nmqtt: {port: abc}\n"
    assert "hub.yaml:4: mqtt.port" in said(tmp_path / "hub.yaml", hub)[0]
    rules = "schema: 1\nrules:\n  - {id: a, kind: evnt}\n"
    assert "rules.yaml:3: rules.0" in said(tmp_path / "rules.yaml", rules)[0]
    assert "neither a gateway's file" in said(tmp_path / "nothing.yaml", "")[0]
    assert "not YAML" in said(tmp_path / "broken.yaml", "a: [\n")[0]
    assert "deep.yaml:2: not YAML" in said(tmp_path / "deep.yaml", "a: 1\nb: " + "[" * 3000)[0]


def test_a_good_file_passes(tmp_path: Path) -> None:
    """Exit code 0 and one line."""
    path = tmp_path / "gateway.yaml"
    path.write_text(
        "schema: 1\nsite: a\ngateway: g\ndata: /tmp/x\nuplink: {}\nsources: [{adapter: gb26875}]\n"
    )
    outcome = CliRunner().invoke(app, ["check", str(path)])
    assert outcome.exit_code == 0, outcome.output


TWICE = """schema: 1
site: haibowan
gateway: gw-01
data: /tmp/x
uplink: {port: 1883}
sources:
  - adapter: onvif
    host: 192.0.2.7
    camera: CAMERA
  - adapter: onvif
    host: 192.0.2.8
    camera: recorder
    channels:
      "1": other
      "2": CHANNEL
video:
  cameras:
    - camera: gate
      source: {url: "rtsp://192.0.2.7/sub"}
    - camera: yard
      source: {url: "rtsp://192.0.2.9/sub"}
"""


def test_a_camera_and_a_source_of_its_events_have_names_of_their_own(tmp_path: Path) -> None:
    """Both would say `online` and `motion` under one id; each line says where the other one is."""
    path = tmp_path / "gateway.yaml"
    found = said(path, TWICE.replace("CAMERA", "gate").replace("CHANNEL", "yard"))
    assert [line.removeprefix(f"{path}:").split(": ")[:2] for line in found] == [
        ["9", "sources.0.camera"],
        ["15", "sources.1.channels.2"],
    ]
    assert "(line 18)" in found[0]
    assert "gate-events" in found[0]
    path.write_text(TWICE.replace("CAMERA", "gate-events").replace("CHANNEL", "third"))
    assert CliRunner().invoke(app, ["check", str(path)]).exit_code == 0


HUB = """schema: 1
site: haibowan
data: /tmp/x
mqtt: {port: 1883}
"""
FIRE = """schema: 1
site: haibowan
gateway: gw-01
data: /tmp/x
uplink: {port: 1883}
sources:
  - adapter: gb26875
"""
REGISTRY = """compounds:
  - {id: hbw-01, name: 一号小区, grid: "150302007009001", lon: 106.8, lat: 39.7}
"""


def written(folder: Path, **texts: str) -> list[Path]:
    """Write files by their names without `.yaml`, and return their paths."""
    paths = [folder / f"{name}.yaml" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def findings(*paths: Path) -> tuple[list[str], list[str]]:
    """Return problems and warnings as they are said, without the folder."""
    found = checked(paths)
    return tuple([str(one).rpartition(f"{paths[0].parent}/")[2] for one in part] for part in found)  # type: ignore[return-value] # two parts


def test_a_gateway_of_another_site_is_told_beside_its_hub(tmp_path: Path) -> None:
    """Named together it is wrong; beside a hub's file that was not named it may be another's gateway."""
    gateway, hub = written(tmp_path, gateway=FIRE.replace("haibowan", "haibowan2"), hub=HUB)
    for paths, exit_code in (([hub, gateway], 2), ([gateway], 0)):
        outcome = CliRunner().invoke(app, ["check", *map(str, paths)])
        assert outcome.exit_code == exit_code
        assert (
            "gateway.yaml:2: site: 'haibowan2' is not the hub's site 'haibowan'" in outcome.output
        )
        assert f"({hub}:2)" in outcome.output
    hub.unlink()
    assert findings(gateway) == ([], [])
    assert findings(*written(tmp_path, gateway=FIRE, hub=HUB)) == ([], [])


def test_two_listeners_of_one_port_are_told(tmp_path: Path) -> None:
    """Two sources, a source and the broker, the hub's page and the broker."""
    (gateway,) = written(
        tmp_path, gateway=FIRE + "  - {adapter: gb26875, listen: '0.0.0.0:26875'}\n"
    )
    said_of = "gateway.yaml:8: sources.1.listen: port 26875 is taken by sources.0 (line 7); write"
    assert findings(gateway)[0][0].startswith(said_of)
    (gateway,) = written(tmp_path, gateway=FIRE + "    listen: 127.0.0.1:1883\n")
    assert "sources.0.listen: port 1883 is taken by the broker (uplink, line 5)" in str(
        findings(gateway)
    )
    (hub,) = written(tmp_path, hub=HUB + "http: {port: 1883}\n")
    assert findings(hub)[0] == [
        "hub.yaml:5: http.port: port 1883 is the broker's (mqtt.port); write another port"
    ]
    for other in (
        "  - {adapter: gb26875, listen: '127.0.0.1:26876'}\n",
        "    listen: 127.0.0.1:0\n",
    ):
        assert findings(*written(tmp_path, gateway=FIRE + other)) == ([], [])
    elsewhere = HUB.replace("{port: 1883}", "{host: broker.example, port: 1883}")
    assert findings(*written(tmp_path, hub=elsewhere + "http: {port: 1883}\n")) == ([], [])


def test_files_and_folders_that_are_not_there_are_warned_of(tmp_path: Path) -> None:
    """They may be there where it will run, so the exit code stays 0; but it does not say 无误."""
    hub, gateway = written(
        tmp_path,
        hub=HUB.replace("1883}", "1883, password_file: /nowhere/a}")
        + "registry: /nowhere/registry\n",
        gateway=FIRE.replace("1883}", "1883, password_file: /nowhere/b}")
        + "  - {adapter: nb_iot, broker: {password_file: /nowhere/c}}\n",
    )
    outcome = CliRunner().invoke(app, ["check", str(hub), str(gateway)])
    assert outcome.exit_code == 0, outcome.output
    assert "2 file(s) without an error, 4 warning(s) 没有错误，4 处请核对" in outcome.output
    assert "无误" not in outcome.output
    problems, warnings = findings(hub, gateway)
    assert problems == []
    assert [line.partition(";")[0] for line in warnings] == [
        "hub.yaml:4: mqtt.password_file: /nowhere/a is not there",
        "hub.yaml:5: registry: /nowhere/registry is not there",
        "gateway.yaml:5: uplink.password_file: /nowhere/b is not there",
        "gateway.yaml:8: sources.1.broker.password_file: /nowhere/c is not there",
    ]


def test_a_compound_that_the_registry_lacks_is_warned_of(tmp_path: Path) -> None:
    """Of a source, of a panel's address, and of a camera; with the one that was meant."""
    registry = tmp_path / "registry"
    registry.mkdir()
    (registry / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    cameras = (
        "    compound: hbw-01\n    compounds: {7: hbw-011}\nvideo:\n  cameras:\n"
        "    - {camera: gate, compound: hbw-99, source: {file: clip}}\n"
    )
    hub, gateway = written(tmp_path, hub=HUB + f"registry: {registry}\n", gateway=FIRE + cameras)
    problems, warnings = findings(gateway, hub)
    assert problems == []
    assert [line.partition(";")[0] for line in warnings] == [
        "gateway.yaml:9: sources.0.compounds.7: the registry has no compound 'hbw-011'",
        "gateway.yaml:12: video.cameras.0.compound: the registry has no compound 'hbw-99'",
    ]
    assert "did you mean hbw-01?" in warnings[0]
    # A hub of another site that was not named has other compounds: one warning, of the site.
    written(tmp_path, gateway=(FIRE + cameras).replace("haibowan", "haibowan2"))
    assert [len(part) for part in findings(gateway)] == [0, 1]
    assert [len(part) for part in findings(gateway, hub)] == [1, 2]

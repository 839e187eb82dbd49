"""`smarthub check`: every problem of a file at once, with file, line and key."""

from pathlib import Path

from typer.testing import CliRunner

from hub.cli import app

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

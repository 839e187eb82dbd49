"""A rule that asks for what nobody says is right as a text and never fires: that is told."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.documents import library_rules
from hub.rule_words import doubtful, our_words

RULE = """schema: 1
rules:
  - id: hot
    kind: threshold
    title: {zh: 热, en: Hot}
    category: high_temperature
    severity: major
    devices: {kinds: [KIND]}
    quantity: QUANTITY
    when: CONDITION
    above: 5
"""
GATEWAY = """schema: 1
site: a
gateway: g
data: /tmp/x
uplink: {}
sources:
  - adapter: nb_iot
    kind: smoke
    fields: {p: {to: pressure_mpa}, s: {to: smoke_pct}}
"""
REGISTRY = """compounds:
  - {id: hbw-01, name: 湖东小区, grid: "150302007009001", lon: 106.8, lat: 39.7}
"""
DEVICES = "id,kind,role,compound\nx-1,smoke,detector,hbw-01\n"


def rule(kind: str = "smoke_detector", quantity: str = "smoke_db_m", when: str = "not fire") -> str:
    """Return a rule that asks for these words."""
    text = RULE.replace("KIND", kind).replace("QUANTITY", quantity)
    return text.replace("CONDITION", when)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (rule("smoke"), "r.yaml:8: rules.0.devices.kinds.0", "Did you mean smoke_detector?"),
        (rule(quantity="smoke_pct"), "r.yaml:9: rules.0.quantity", "Did you mean smoke_db_m (mind its"),
        (rule(when="pressure_mpa < 1"), "r.yaml:10: rules.0.when", "Did you mean pressure_kpa (mind its"),
        (rule("zzz"), "r.yaml:8: rules.0.devices.kinds.0", "may never hold. If a mapping of yours says"),
        ("schema: 1\nrules: []\n", "r.yaml:2: rules", "nothing is watched"),
    ],
)  # fmt: skip
def test_a_word_that_nobody_says_is_told_with_its_line(text: str, where: str, said: str) -> None:
    """One warning, the key, and what was meant."""
    (warning,) = doubtful({"r.yaml": text}, our_words())
    assert str(warning).startswith(f"{where}: ")
    assert said in str(warning)


def test_states_and_kinds_inside_a_rule_are_looked_at() -> None:
    """The words of an onset, of a silence's contracts, and of what doors say."""
    head = (
        "schema: 1\nrules:\n  - {id: a, category: fault, severity: minor, title: {zh: 一, en: A}, "
    )
    texts = {
        "event.yaml": head + "kind: event, onset: {states: [fyre]}}\n",
        "silence.yaml": head + "kind: silence, silent_after: {smoke_detector: 1h, smok: 1h}}\n",
        "release.yaml": head
        + "kind: release, onset: {states: [fire]}, within: 60s, released_by: {kinds: [doors]},"
        " released: {opened_up: [true]}}\n",
    }
    assert [(w.file, w.key) for w in doubtful(texts, our_words())] == [
        ("event.yaml", "rules.0.onset.states.0"),
        ("release.yaml", "rules.0.released_by.kinds.0"),
        ("release.yaml", "rules.0.released.opened_up"),
        ("silence.yaml", "rules.0.silent_after.smok"),
    ]


def test_the_ready_made_rules_speak_of_what_is_said() -> None:
    """No warning in the library, and none for a rule of known words."""
    assert doubtful(library_rules(), our_words()) == []
    assert doubtful({"r.yaml": rule()}, our_words()) == []


def test_words_of_ones_own_are_known_by_the_gateway_s_file_or_the_registry(tmp_path: Path) -> None:
    """Alone it is a warning with exit code 0 and no 无误; together with who says it nothing is left."""
    rules, gateway = tmp_path / "r.yaml", tmp_path / "gateway.yaml"
    rules.write_text(rule("smoke", "smoke_pct", "pressure_mpa < 1"), encoding="utf-8")
    gateway.write_text(GATEWAY, encoding="utf-8")
    for words in (["rules", "check"], ["check"]):
        alone = CliRunner().invoke(app, [*words, str(rules)])
        assert alone.exit_code == 0, alone.output
        assert alone.output.count("warning 提醒: ") == 3
        assert "3 处请核对" in alone.output
        assert "无误" not in alone.output
    together = CliRunner().invoke(app, ["check", str(gateway), str(rules)])
    assert "2 file(s) without a problem 无误" in together.output
    registry = tmp_path / "registry"
    registry.mkdir()
    (registry / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    (registry / "devices.csv").write_text(DEVICES, encoding="utf-8")
    rules.write_text(rule("smoke"), encoding="utf-8")
    together = CliRunner().invoke(app, ["check", str(registry), str(rules)])
    assert "2 file(s) without a problem 无误" in together.output

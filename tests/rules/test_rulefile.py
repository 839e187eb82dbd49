"""Mistakes in rule files are named with file, line and key, all at once."""

import pytest

from model.yamlfile import ConfigErrors
from rules.rulefile import load_rules, rule_file_schema
from rules.specs.base import duration_ms

from .town import library, library_texts

HEAD = """\
schema: 1
rules:
  - id: hot
    kind: threshold
    title: {zh: 热, en: Hot}
    category: high_temperature
    severity: major
    quantity: temperature_c
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD, "r.yaml:3: rules.0.threshold: give exactly one of `above` and `below`"),
        (HEAD + "    above: 5\n    below: 1\n", "r.yaml:3: rules.0.threshold: give exactly one"),
        (HEAD + "    above: 5\n    clear_at: 9\n", "clear_at 9.0 must not lie above 5.0"),
        (HEAD + "    above: 5\n    for: 90\n", "r.yaml:10: rules.0.threshold.for: a time span needs"),
        (HEAD + "    above: 5\n    abov: 5\n", "r.yaml:10: rules.0.threshold.abov: unknown key"),
        (HEAD.replace("threshold", "magic"), "r.yaml:4: rules.0.kind: 'magic' is none of"),
        (HEAD.replace("threshold", "treshold"), "; did you mean threshold?"),
        ("schema: 2\nrules: []\n", "r.yaml:1: schema"),
        ("rules: [\n", "r.yaml:2: not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_and_key(text: str, problem: str) -> None:
    """What is wrong, which key, where."""
    with pytest.raises(ConfigErrors) as caught:
        load_rules({"r.yaml": text})
    assert problem in str(caught.value)


def test_two_rules_of_one_id_are_both_named() -> None:
    """The second is refused and points at the first, across files."""
    text = HEAD + "    above: 5\n"
    with pytest.raises(ConfigErrors) as caught:
        load_rules({"a.yaml": text, "b.yaml": text})
    assert "b.yaml:3: rules.0.id: the rule id 'hot' is taken: see a.yaml:3" in str(caught.value)


def test_every_file_s_mistakes_are_told_at_once() -> None:
    """Nobody should have to start the hub once for each mistake."""
    with pytest.raises(ConfigErrors) as caught:
        load_rules({"a.yaml": HEAD, "b.yaml": "schema: 1\nrules: [{id: X}]\n"})
    assert {problem.file for problem in caught.value.problems} == {"a.yaml", "b.yaml"}


@pytest.mark.parametrize(
    ("text", "ms"), [("500ms", 500), ("90s", 90_000), ("5m", 300_000), ("26h", 93_600_000), ("2d", 172_800_000), ("1.5s", 1500)]
)  # fmt: skip
def test_time_spans_read_as_people_write_them(text: str, ms: int) -> None:
    """A number and a unit."""
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "5", "5 minutes", "-5s", 5, None])
def test_a_time_span_without_a_unit_is_refused(text: object) -> None:
    """90 what?"""
    with pytest.raises(ValueError, match="time span"):
        duration_ms(text)


def test_the_hash_covers_the_rule_and_not_its_tests() -> None:
    """A better test must not end anomalies."""
    texts = library_texts()
    before = {spec.id: spec.hash for spec in library().specs}
    texts["upkeep.yaml"] = texts["upkeep.yaml"].replace(
        "a battery around 20 %", "a battery near 20 %"
    )
    assert {spec.id: spec.hash for spec in load_rules(texts).specs} == before
    texts["upkeep.yaml"] = texts["upkeep.yaml"].replace("below: 20", "below: 15")
    after = {spec.id: spec.hash for spec in load_rules(texts).specs}
    assert {name for name in after if after[name] != before[name]} == {"battery-low"}


def test_editors_get_a_schema() -> None:
    """Generated from the models, so it never lies."""
    assert rule_file_schema()["required"] == ["schema", "rules"]

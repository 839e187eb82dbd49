"""The ready-made rules keep what their own stories promise."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from adapters.gb26875.tables import COMPONENT_TYPES
from rules.rulefile import load_rules
from rules.rulestest import TestResult, run_all, run_tests
from rules.specs import Spec

from .town import DAY, HOUR, MINUTE, SECOND, library, library_texts

CATEGORIES = {
    "fire", "fire_pre_alarm", "door_forced", "duress", "water_flow", "gas", "isolation",
    "panel_fault", "mains_fault", "line_fault", "low_pressure", "pump_fault", "device_fault",
    "battery_low", "silent", "tamper", "door_held_open", "gateway_lost", "high_temperature",
    "intrusion", "isolation_long", "tank_level", "electrical", "access_suspicious", "high_pressure",
    "crowd", "after_hours", "resident_unseen", "building_risk", "flow_unusual", "pressure_drift",
    "value_stuck", "detector_dirty",
    "doors_not_released",
    "camera_offline", "camera_tampered", "loitering", "object_left", "fire_lane_blocked",
    "ebike_indoors", "fire_hint", "panic", "not_automatic",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(library_texts()))
def test_every_story_of_the_library_comes_out_as_written(name: str) -> None:
    """The same run as `smarthub rules test`."""
    results = run_tests({name: library_texts()[name]})
    assert results
    assert [str(result) for result in results if not result.passed] == []


def test_the_stories_of_the_library_reach_every_branch() -> None:
    """How each rule starts, how it ends, and what keeps it from either."""
    coverage = run_all(library_texts()).coverage
    assert {each.rule: each.missed for each in coverage if each.missed} == {}


def test_what_is_no_fire_behind_a_panel_is_called_combustible_gas_or_electrical_by_the_table() -> (
    None
):
    """A detector that senses the gas of a fire (74, 气体探测器) is none of them: in doubt it burns."""
    left_out = re.findall(
        r"except_values: {component_type: \[([\d, ]+)\]", "\n".join(library_texts().values())
    )
    names = {COMPONENT_TYPES[int(number)] for found in left_out for number in found.split(",")}
    assert len(left_out) == 4
    assert {name for name in names if "可燃气体" not in name and "电气" not in name} == set()


def test_the_library_covers_exactly_the_agreed_categories() -> None:
    """The case desk has a line for each of these words."""
    assert {spec.category for spec in library().specs} == CATEGORIES


def test_an_upgrade_ends_nothing_that_a_rule_holds_open() -> None:
    """A rule with another hash gives up what it held: an open pre-alarm would be gone with an update.

    What cameras bring is a rule of its own. Whoever changes a rule on purpose changes its line in
    `released_rules.txt`, and says so in the CHANGELOG.
    """
    lines = Path(__file__).with_name("released_rules.txt").read_text().splitlines()
    released = dict(line.split() for line in lines)
    now = {spec.id: spec.hash[:8] for spec in library().specs}
    assert {rule: now.get(rule) for rule in released} == released


MARKS = ("our assumption", "secondary source", "from memory")
NO_FIGURES = {
    "id",
    "title",
    "category",
    "severity",
    "kind",
    "note",
    "tests",
    "devices",
    "released_by",
    "values",
}


def _figures(written: JsonValue) -> Iterator[float]:
    """Give the limits and time spans (ms) that a rule's text holds; codes of devices are none."""
    if isinstance(written, dict):
        for key, value in written.items():
            if key not in NO_FIGURES:
                yield from _figures(value)
    elif isinstance(written, list):
        for value in written:
            yield from _figures(value)
    elif isinstance(written, int | float) and not isinstance(written, bool):
        yield float(written)


def _named(figure: float, note: str) -> bool:
    """Whether a note names a figure: as it stands, in MPa, or as s, min, h or d."""
    numbers = {float(text) for text in re.findall(r"\d+(?:\.\d+)?", note)}
    units = (1, SECOND, MINUTE, HOUR, DAY)
    return any(math.isclose(figure / unit, number) for unit in units for number in numbers)


@pytest.mark.parametrize("spec", library().specs, ids=lambda spec: spec.id)
def test_every_rule_says_where_it_comes_from_and_marks_its_figures(spec: Spec) -> None:
    """A figure is of a source that is named, or our own; where both stand, each figure is named."""
    assert spec.note, "no source"
    written = spec.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    figures = [figure for figure in _figures(written) if figure]
    if not figures:
        return
    assert any(mark in spec.note.lower() for mark in MARKS)
    if any(mark in spec.note for mark in MARKS[1:]):
        assert [figure for figure in figures if not _named(figure, spec.note)] == []


def test_the_front_page_counts_the_ready_made_rules() -> None:
    """A number that nobody checks is wrong with the next rule."""
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"yes; {len(library().specs)} ready-made" in page


RULE = """\
schema: 1
rules:
  - id: a-rule
    kind: threshold
    title: {zh: 温度, en: Hot}
    category: high_temperature
    severity: major
    quantity: temperature_c
    above: 50
    tests:
      - name: too hot
        steps: [{at: 0s, device: d, kind: k, values: {temperature_c: VALUE}}]
        expect: EXPECT
"""


def _run(value: str, expect: str) -> TestResult:
    (result,) = run_tests({"a.yaml": RULE.replace("VALUE", value).replace("EXPECT", expect)})
    return result


@pytest.mark.parametrize(
    ("value", "expect", "message"),
    [
        ("51", "none", "not expected: a-rule started for d at 0s"),
        ("49", "[{started: a-rule}]", "missing: a-rule started"),
        ("51", "[{started: a-rule, at: 1s}]", "missing: a-rule started at 1s, not expected: a-rule started for d at 0s"),
        ("51", "[{started: a-rule, subject: e}]", "missing: a-rule started for e, not expected: a-rule started for d at 0s"),
    ],
)  # fmt: skip
def test_a_story_that_comes_out_otherwise_fails_and_says_how(
    value: str, expect: str, message: str
) -> None:
    """A test of a rule that cannot fail would be a defect."""
    result = _run(value, expect)
    assert not result.passed
    assert result.message == message
    assert (result.file, result.line) == ("a.yaml", 11)


def test_a_story_that_holds_passes() -> None:
    """By rule id or by category."""
    assert _run("51", "[{started: high_temperature, subject: d, at: 0s}]").passed


def test_coverage_names_the_branches_that_no_story_reaches() -> None:
    """A rule that was only ever seen to start: nobody has tried how it ends, or its hysteresis."""
    text = RULE.replace("VALUE", "51").replace("EXPECT", "[{started: a-rule}]")
    text = text.replace("above: 50", "above: 50\n    clear_at: 40\n    for: 0s")
    (coverage,) = run_all({"a.yaml": text}).coverage
    assert coverage.branches == ("started", "normal", "hysteresis_kept")
    assert coverage.missed == ("normal", "hysteresis_kept")
    step = "{at: 1s, device: d, kind: k, values: {temperature_c: 45}}"
    (coverage,) = run_all({"a.yaml": text.replace("51}}]", "51}}, " + step + "]")}).coverage
    assert coverage.missed == ("normal",)


def test_a_rule_without_a_story_is_a_failed_test() -> None:
    """Nobody knows what it does."""
    text = RULE[: RULE.index("    tests:")]
    assert load_rules({"a.yaml": text}).specs[0].tests == ()
    (result,) = run_tests({"a.yaml": text})
    assert not result.passed
    assert "no tests" in result.message


def test_the_sample_of_the_page_runs() -> None:
    """What docs/rules.md shows is a rule whose story holds."""
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    (result,) = run_tests({"docs/rules.md": page.split("```yaml\n")[1].split("```")[0]})
    assert result.passed, str(result)

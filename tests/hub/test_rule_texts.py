"""A rule's text is found by its id and hash, also after it was changed."""

from pathlib import Path

import msgspec

from hub.documents import library_rules, versioned
from hub.log.sqlite import SqliteLog
from hub.rule_texts import RuleTexts
from model.entry import Draft, EntryKind
from rules.rulefile import load_rules

RULE = """\
schema: 1
rules:
  - id: warm
    kind: threshold
    title: {zh: 偏热, en: Warm}
    category: high_temperature
    severity: major
    quantity: temperature_c
    above: %s  # as the house asks
    clear_at: 40
    tests:
      - name: hot
        steps:
          - {at: 0s, device: a, kind: x, values: {temperature_c: 99}}
        expect: [{started: high_temperature}]
    for: 10s
  - id: cold
    kind: threshold
    title: {zh: 偏冷, en: Cold}
    category: cold
    severity: minor
    quantity: temperature_c
    below: 1
"""


def logged(log: SqliteLog, text: str, at: int) -> dict[str, str]:
    """Log a version of the rules; return the hash of each rule."""
    version = versioned({"own.yaml": text})
    log.append([Draft(EntryKind.RULES, msgspec.json.encode(version))], at)
    return {spec.id: spec.hash for spec in load_rules(version.documents).specs}


def test_the_text_that_fired_is_shown_after_the_rule_was_changed(tmp_path: Path) -> None:
    """The old version says that it no longer holds; the new one that it does."""
    log = SqliteLog(tmp_path)
    try:
        before = logged(log, RULE % 50, 1)
        after = logged(log, RULE % 55, 2)
        texts = RuleTexts(log)
        for _ in range(2):  # also the second time, from memory
            old, new = texts.find("warm", before["warm"]), texts.find("warm", after["warm"])
            assert old is not None
            assert new is not None
            assert (old.in_force, new.in_force) == (False, True)
            assert "above: 50  # as the house asks" in old.text
            assert "above: 55" in new.text
        assert texts.find("warm", "0" * 16) is None
        unchanged = texts.find("cold", before["cold"])
        assert unchanged is not None
        assert unchanged.in_force
    finally:
        log.close()


def test_the_text_is_the_authors_without_the_tests_and_without_the_next_rule(
    tmp_path: Path,
) -> None:
    """What stands behind the tests belongs to the rule again."""
    log = SqliteLog(tmp_path)
    try:
        hashes = logged(log, RULE % 50, 1)
        found = RuleTexts(log).find("warm", hashes["warm"])
        assert found is not None
        assert found.text.startswith("- id: warm\n  kind: threshold")
        assert found.text.endswith("for: 10s")
        assert "name: hot" not in found.text
        limits = [(limit.quantity, limit.value, limit.word) for limit in found.limits]
        assert limits == [("temperature_c", 50, "above"), ("temperature_c", 40, "clear_at")]
    finally:
        log.close()


def test_every_rule_of_the_library_has_a_text_of_its_own(tmp_path: Path) -> None:
    """Each begins with its id and carries no tests."""
    log = SqliteLog(tmp_path)
    try:
        version = versioned(library_rules())
        log.append([Draft(EntryKind.RULES, msgspec.json.encode(version))], 1)
        texts = RuleTexts(log)
        for spec in load_rules(version.documents).specs:
            found = texts.find(spec.id, spec.hash)
            assert found is not None
            assert found.text.startswith(f"- id: {spec.id}\n")
            assert "expect" not in found.text
            assert found.text.count("- id:") == 1
    finally:
        log.close()

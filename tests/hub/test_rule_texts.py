"""A rule's text is found by its id and hash, also after it was changed."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hub.case_store.store import CaseStore
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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """A case database with nothing in it."""
    made = CaseStore(f"sqlite:///{tmp_path / 'cases.db'}")
    yield made
    made.close()


def logged(log: SqliteLog, text: str, at: int) -> dict[str, str]:
    """Log a version of the rules; return the hash of each rule."""
    version = versioned({"own.yaml": text})
    log.append([Draft(EntryKind.RULES, msgspec.json.encode(version))], at)
    return {spec.id: spec.hash for spec in load_rules(version.documents).specs}


def test_the_text_that_fired_is_shown_after_the_rule_was_changed(
    tmp_path: Path, store: CaseStore
) -> None:
    """The old version says that it no longer holds; the new one that it does."""
    log = SqliteLog(tmp_path)
    try:
        before = logged(log, RULE % 50, 1)
        after = logged(log, RULE % 55, 2)
        texts = RuleTexts(log, store.rule_texts)
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


def test_a_text_outlives_the_log_and_many_versions(tmp_path: Path, store: CaseStore) -> None:
    """Forty versions later, and when the part of the log that held it is gone; limits and time as they were."""
    log = SqliteLog(tmp_path / "one")
    try:
        first = logged(log, RULE % 50, 1)["warm"]
        for number in range(40):
            newest = logged(log, RULE % (51 + number), 2 + number)["warm"]
        texts = RuleTexts(log, store.rule_texts)
        found = texts.find("warm", first)
        assert found is not None, "asked for before anybody kept it"
        texts.keep()
        last = texts.find("warm", newest)
        assert last is not None
        assert last.in_force
    finally:
        log.close()
    log = SqliteLog(tmp_path / "two")
    try:
        logged(log, RULE % 99, 99)
        again = RuleTexts(log, store.rule_texts)
        again.keep()
        assert again.find("warm", first) == found
        assert (found.logged_at, found.in_force, found.limits[0].value) == (1, False, 50)
        assert len(store.rule_texts.versions()) == 42
    finally:
        log.close()


def test_the_text_is_the_authors_without_the_tests_and_without_the_next_rule(
    tmp_path: Path, store: CaseStore
) -> None:
    """What stands behind the tests belongs to the rule again."""
    log = SqliteLog(tmp_path)
    try:
        hashes = logged(log, RULE % 50, 1)
        found = RuleTexts(log, store.rule_texts).find("warm", hashes["warm"])
        assert found is not None
        assert found.text.startswith("- id: warm\n  kind: threshold")
        assert found.text.endswith("for: 10s")
        assert "name: hot" not in found.text
        limits = [(limit.quantity, limit.value, limit.word) for limit in found.limits]
        assert limits == [("temperature_c", 50, "above"), ("temperature_c", 40, "clear_at")]
    finally:
        log.close()


def test_every_rule_of_the_library_has_a_text_of_its_own(tmp_path: Path, store: CaseStore) -> None:
    """Each begins with its id and carries no tests."""
    log = SqliteLog(tmp_path)
    try:
        version = versioned(library_rules())
        log.append([Draft(EntryKind.RULES, msgspec.json.encode(version))], 1)
        texts = RuleTexts(log, store.rule_texts)
        for spec in load_rules(version.documents).specs:
            found = texts.find(spec.id, spec.hash)
            assert found is not None
            assert found.text.startswith(f"- id: {spec.id}\n")
            assert "expect" not in found.text
            assert found.text.count("- id:") == 1
    finally:
        log.close()

"""The false-alarm ledger: what people found, by rule, device and hour."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from cases.ledger import ledger
from model.case import Case, Verification
from model.reading import Mode

from .test_comparing import MINUTE, T0, case

SHANGHAI = ZoneInfo("Asia/Shanghai")
FALSE, REAL = Verification.FALSE, Verification.CONFIRMED


def false(number: int, *devices: str, at: int = T0, cause: str = "cooking") -> Case:
    """Return a case that people found false."""
    made = case(number, *devices, at=at, verification=FALSE)
    return msgspec.structs.replace(made, proof={"false_alarm_cause": cause})


def test_a_rule_has_its_precision_causes_devices_and_hours() -> None:
    """Three false ones of one kitchen, one real one elsewhere, one that nobody judged."""
    kitchen = [false(n, "kitchen", at=T0 + n * MINUTE) for n in range(3)]
    steam = false(4, "bath", cause="steam")
    (line,) = ledger([*kitchen, steam, case(5, "hall", verification=REAL), case(6, "x")], SHANGHAI)
    assert (line.found.real, line.found.false, line.found.unknown) == (1, 4, 1)
    assert line.found.share == pytest.approx(0.2)
    assert line.causes == {"cooking": 3, "steam": 1}
    assert [(device, found.false) for device, found in line.devices] == [
        ("kitchen", 3), ("bath", 1),
    ]  # fmt: skip
    assert line.hours[16].false == 4, "08:00 UTC is 16:00 there"
    assert sum(found.false for found in line.hours) == 4


def test_a_case_of_many_devices_counts_once_for_its_rule() -> None:
    """And once for each device."""
    (line,) = ledger([false(1, "a", "b", "c")], SHANGHAI)
    assert line.found.false == 1
    assert len(line.devices) == 3


def test_tests_drills_and_reports_are_not_in_it() -> None:
    """A drill's alarm is no false one; a report has no rule."""
    drill = msgspec.structs.replace(false(1, "a"), mode=Mode.DRILL)
    report = false(2, "b")
    told = [msgspec.structs.replace(member, rule_hash="") for member in report.members]
    report = msgspec.structs.replace(report, members=tuple(told))
    assert ledger([drill, report], SHANGHAI) == []


def test_the_rule_with_most_false_ones_comes_first() -> None:
    """That is where a change helps most."""
    other = false(9, "z")
    members = [msgspec.structs.replace(member, rule="other") for member in other.members]
    other = msgspec.structs.replace(other, members=tuple(members))
    lines = ledger([other, false(1, "a"), false(2, "a", at=T0 + 99 * MINUTE)], SHANGHAI)
    assert [line.rule for line in lines] == ["r", "other"]

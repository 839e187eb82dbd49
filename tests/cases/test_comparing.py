"""Two lists of cases side by side: what is new, gone, shifted, merged, and what people thought of it."""

import msgspec
import pytest

from cases.comparing import Kind, Outcome, compare, missed, precision
from model.anomaly import Severity
from model.case import Case, EventClass, Member, State, Verification
from model.place import Level
from model.reading import Mode

T0 = 1_800_000_000_000
MINUTE = 60_000


def case(
    number: int,
    *devices: str,
    at: int = T0,
    ended: int | None = None,
    category: str = "fire",
    severity: Severity = Severity.CRITICAL,
    verification: Verification = Verification.UNCONFIRMED,
) -> Case:
    """Return a case of these devices, opened at a time."""
    members = tuple(
        Member(f"a-{device}-{at}", "r", "h", device, at, at, ended_at=ended, category=category)
        for device in devices
    )
    cls = EventClass.EMERGENCY if category == "fire" else EventClass.MAINTENANCE
    return Case(
        id=f"E-{number}", key=f"k-{number}", cls=cls, category=category, severity=severity,
        state=State.FILED, level=Level.GRID, mode=Mode.REAL, grid="150302001001001", place="b-1",
        subject=devices[0], rule="r", opened_at=at, started_at=at, members=members,
        verification=verification,
    )  # fmt: skip


def kinds(old: list[Case], new: list[Case]) -> list[tuple[Kind, ...]]:
    """Return what differs, matter by matter."""
    return [row.kinds for row in compare(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([case(1, "a")], [case(1, "a")], [(Kind.SAME,)]),
        ([], [case(1, "a")], [(Kind.NEW,)]),
        ([case(1, "a")], [], [(Kind.GONE,)]),
        ([case(1, "a")], [case(2, "a", at=T0 - 5_000)], [(Kind.EARLIER,)]),
        ([case(1, "a")], [case(2, "a", at=T0 + 5_000)], [(Kind.LATER,)]),
        ([case(1, "a")], [case(1, "a", at=T0 + 999)], [(Kind.SAME,)]),
        ([case(1, "a"), case(2, "b")], [case(1, "a", "b")], [(Kind.MERGED,)]),
        ([case(1, "a", "b")], [case(1, "a"), case(2, "b")], [(Kind.SPLIT,)]),
        ([case(1, "a")], [case(1, "a", severity=Severity.MAJOR)], [(Kind.SEVERITY,)]),
        ([case(1, "a")], [case(1, "a", category="silent")], [(Kind.GONE,), (Kind.NEW,)]),
        ([case(1, "a")], [case(1, "b")], [(Kind.GONE,), (Kind.NEW,)]),
    ],
)
def test_what_differs_has_its_word(
    old: list[Case], new: list[Case], expected: list[tuple[Kind, ...]]
) -> None:
    """One matter, one line."""
    assert sorted(kinds(old, new)) == sorted(expected)


def test_two_fires_of_one_detector_are_two_matters() -> None:
    """The first one gone does not make the second one look earlier."""
    first = case(1, "a", ended=T0 + MINUTE)
    second = case(2, "a", at=T0 + 60 * MINUTE)
    assert kinds([first, second], [msgspec.structs.replace(second, id="E-1", key="k-1")]) == [
        (Kind.GONE,), (Kind.SAME,),
    ]  # fmt: skip


def test_a_lost_emergency_stops_the_gate_unless_people_found_it_false() -> None:
    """Also one that nobody judged; what was found false may go, that is what a change is for."""
    false = case(1, "a", verification=Verification.FALSE)
    real = case(2, "b", verification=Verification.CONFIRMED)
    open_ = case(3, "c")
    silent = case(4, "d", category="silent")
    lost = missed(compare([false, real, open_, silent], []))
    assert [row.old[0].id for row in lost] == ["E-2", "E-3"]


def test_maintenance_that_people_did_is_missed_too() -> None:
    """A repair that was made was needed."""
    done = msgspec.structs.replace(case(4, "d", category="silent"), closed_at=T0 + MINUTE)
    assert len(missed(compare([done], []))) == 1


def test_precision_counts_what_people_judged() -> None:
    """On each side, by the outcome of the matter; unknown is neither."""
    false = case(1, "a", verification=Verification.FALSE)
    real = case(2, "b", verification=Verification.CONFIRMED)
    rows = compare([false, real, case(3, "c")], [case(2, "b")])
    assert precision(rows, new=False).share == pytest.approx(0.5)
    assert precision(rows, new=True).share == pytest.approx(1.0)
    assert (precision(rows, new=False).unknown, precision(rows, new=True).unknown) == (1, 0)


def test_outcomes_may_come_from_a_third_list() -> None:
    """Two sets of rules that were never in force are judged by what people found then."""
    judged = [case(9, "a", verification=Verification.FALSE)]
    (row,) = compare([case(1, "a")], [case(2, "a", at=T0 + 9_000)], judged)
    assert (row.outcome, row.kinds) == (Outcome.FALSE, (Kind.LATER,))


def test_what_people_judged_and_no_side_has_is_no_row() -> None:
    """There is nothing to compare."""
    assert compare([], [], [case(1, "a")]) == []


def test_one_false_alarm_excuses_no_other_fire_of_the_detector() -> None:
    """Both in one matter, four minutes apart; the second one nobody judged."""
    false = case(1, "a", ended=T0 + 2 * MINUTE, verification=Verification.FALSE)
    fire = case(2, "a", at=T0 + 5 * MINUTE)
    (row,) = missed(compare([false, fire], []))
    assert [lost.id for lost in row.lost] == ["E-2"]


def test_a_fire_found_late_or_as_something_milder_is_missed() -> None:
    """A minute is late; so is only the next fire, weeks later."""
    fire = case(1, "a", verification=Verification.CONFIRMED)
    assert missed(compare([fire], [case(2, "a", at=T0 + MINUTE)])) == []
    assert missed(compare([fire], [case(2, "a", at=T0 + MINUTE + 1)]))
    assert missed(compare([fire], [case(2, "a", severity=Severity.MINOR)]))
    later = case(2, "a", at=T0 + 30 * 24 * 60 * MINUTE)
    (row,) = missed(compare([fire, later], [later]))
    assert [lost.id for lost in row.lost] == ["E-1"]


def test_a_case_that_was_over_stands_for_no_later_fire() -> None:
    """Its device never took the alarm back, but people had resolved it."""
    first = msgspec.structs.replace(case(1, "a"), resolved_at=T0 + 9 * MINUTE)
    second = case(2, "a", at=T0 + 60 * MINUTE)
    (row,) = missed(compare([first, second], [first]))
    assert [lost.id for lost in row.lost] == ["E-2"]

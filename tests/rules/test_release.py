"""Doors that must let go in a fire: in time, not in time, and whatever else happens meanwhile."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.anomaly import Anomaly, Phase
from model.place import Registry
from model.reading import Event, Mode
from model.walk_test import WALK_TEST, WalkTestOrder
from rules.engine import Engine
from rules.rulestest import run_tests

from .town import MINUTE, SECOND, T0, Town, library, registry

PAGE = Path(__file__).parents[2] / "docs" / "rules" / "release.md"
RULES = library("doors-not-released")


class House(Town):
    """A town with the one rule, and a door that says whether it is released."""

    def __init__(self) -> None:
        super().__init__(RULES)
        self.door(released=False)

    def door(self, *, released: bool) -> list[Anomaly]:
        """Let the door say it."""
        return self.says("ac-1", kind="door", values={"released": released})


def told(found: list[Anomaly]) -> list[tuple[str, str, int, str]]:
    """Return (phase, subject, when in s, by)."""
    return [
        (str(a.phase), a.subject, ((a.ended_at or a.started_at) - T0) // SECOND, a.ended_by)
        for a in found
    ]


def test_the_example_of_its_page_passes() -> None:
    """What people copy works."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    results = run_tests({"release.md": example})
    assert [str(result) for result in results if not result.passed] == []


def test_a_door_that_shuts_again_starts_it_anew() -> None:
    """Each with a key of its own."""
    house = House()
    house.fire()
    found = house.pass_time(61 * SECOND)
    house.door(released=True)
    found += house.pass_time(SECOND)
    house.door(released=False)
    found += house.pass_time(SECOND)
    assert [line[0] for line in told(found)] == ["started", "ended", "started"]
    assert len({a.key for a in found}) == 2
    assert "burns since" in house.engine.explain("doors-not-released", "place:b-1")


def test_a_second_fire_gives_no_more_time_and_must_be_out_too() -> None:
    """The first word counts; it ends when nothing burns."""
    house = House()
    house.fire("nb-1")
    house.pass_time(50 * SECOND)
    house.fire("nb-2")
    (begun,) = house.pass_time(20 * SECOND)
    assert told([begun]) == [("started", "place:b-1", 60, "")]
    assert house.calm("nb-1") == []
    assert told(house.calm("nb-2")) == [("ended", "place:b-1", 70, "cleared")]


def test_another_building_is_nobodys_business() -> None:
    """Its doors may stay shut."""
    house = House()
    house.fire("nb-4")
    assert house.pass_time(2 * MINUTE) == []


def test_a_drill_is_told_as_one_and_never_hides_the_real_thing() -> None:
    """The real fire's time begins with its own first word."""
    house = House()
    house.says("nb-1", event=Event.FIRE_ALARM, values={"fire": True}, mode=Mode.DRILL)
    (drill,) = house.pass_time(61 * SECOND)
    assert drill.mode is Mode.DRILL
    (over,) = house.fire("nb-2")
    assert over.ended_by == "real_alarm"
    (real,) = house.pass_time(61 * SECOND)
    assert (real.mode, real.started_at - T0) == (Mode.REAL, 121 * SECOND)


def test_what_still_burns_after_a_walk_test_is_real() -> None:
    """And so are its doors."""
    house = House()
    house.engine.walk_test(WalkTestOrder("t1", "li", subject="nb-1", reason="x"), house.now)
    house.fire()
    (tried,) = house.pass_time(61 * SECOND)
    assert (tried.mode, tried.quality) == (Mode.TEST, (WALK_TEST,))
    found = house.engine.walk_test(WalkTestOrder("t1", "li", stops=True), house.now)
    assert [(a.ended_by, a.mode) for a in found] == [
        ("walk_test_over", Mode.TEST), ("", Mode.REAL),
    ]  # fmt: skip


def test_a_detector_that_the_registry_moves_takes_its_fire_along() -> None:
    """Its old building burns no more, whatever it says from the new one."""
    house = House()
    house.fire("nb-1")
    (started,) = house.pass_time(61 * SECOND)
    known = registry()
    moved = [
        msgspec.structs.replace(device, building="b-2") if device.id == "nb-1" else device
        for device in known.devices.values()
    ]
    town = Registry(
        compounds=known.compounds.values(), buildings=known.buildings.values(), devices=moved
    )
    house.engine.replace(RULES, town)
    (over,) = house.fire("nb-1")
    assert (over.key, over.phase, over.ended_by) == (started.key, Phase.ENDED, "moved")
    house.calm("nb-1")
    house.door(released=True)
    assert house.pass_time(2 * SECOND) == []
    house.door(released=False)
    assert house.pass_time(2 * MINUTE) == []
    house.fire("nb-2")
    assert [a.phase for a in house.pass_time(61 * SECOND)] == [Phase.STARTED]


def test_a_restart_anywhere_changes_nothing() -> None:
    """Rows put back after each step: the same statements."""

    def story(cut: int) -> list[Anomaly]:
        house = House()
        deeds: list[Callable[[], object]] = [
            lambda: house.fire("nb-1"), lambda: house.pass_time(40 * SECOND),
            lambda: house.fire("nb-2"), lambda: house.pass_time(30 * SECOND),
            lambda: house.door(released=True), lambda: house.pass_time(2 * SECOND),
            lambda: house.door(released=False), lambda: house.calm("nb-1"),
            lambda: house.pass_time(2 * SECOND), lambda: house.calm("nb-2"),
        ]  # fmt: skip
        for number, deed in enumerate(deeds):
            deed()
            if number == cut:
                fresh = Engine(registry(), RULES)
                fresh.restore(house.engine.dirty())
                house.engine = fresh
        return house.said

    whole = story(-1)
    assert [a.ended_by for a in whole if a.ended_by] == ["released", "cleared"]
    for cut in range(10):
        assert story(cut) == whole, f"cut at {cut}"


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=4), st.booleans())
def test_order_and_repetition_within_a_tick_change_nothing(
    order: list[int],
    repeated: list[int],
    burns: bool,  # noqa: FBT001 - drawn
) -> None:
    """What was said between two ticks, in any order by arrival, each with its own number."""
    said = [
        ("nb-1", True), ("nb-1", False), ("nb-1", burns), ("nb-2", True), ("nb-2", False),
        ("ac-1", False),
    ]  # fmt: skip

    def outcome(numbers: list[int]) -> list[tuple[str, str, str]]:
        house = House()
        for number in numbers:
            device, state = said[number]
            kind = "door" if device == "ac-1" else "smoke_detector"
            name = "released" if device == "ac-1" else "fire"
            house.says(device, kind=kind, values={name: state}, order=10 + number, at=T0 + number)
        return [(str(a.phase), a.subject, a.ended_by) for a in house.pass_time(2 * MINUTE)]

    expected = [("started", "place:b-1", "")] if burns else []
    assert outcome(list(range(6))) == expected
    assert outcome([*order, *repeated]) == expected


@pytest.mark.parametrize("key", ["within", "released", "onset"])
def test_what_its_text_lacks_is_named(key: str) -> None:
    """File, line and key."""
    text = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    wrong = "\n".join(line for line in text.splitlines() if not line.startswith(f"    {key}:"))
    with pytest.raises(Exception, match=rf"r\.yaml:\d+: rules\.0\.release\.{key}"):
        run_tests({"r.yaml": wrong})

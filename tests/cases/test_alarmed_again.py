"""Claims about an emergency that somebody acknowledged and that alarms again: it sounds again."""

import random
from typing import Any

import msgspec
import pytest

from cases.policy import Policy
from model.anomaly import Anomaly
from model.case import Case, State
from model.errors import Refused
from model.reading import Mode
from model.silence import SILENCED
from model.walk_test import WALK_TEST

from .world import HOUR, MINUTE, SECOND, T0, Story, again, alarm, ended

REST, GAP = Policy().rearm, Policy().renotice


def acknowledged(at: int = 30 * SECOND, **more: Any) -> tuple[Story, Case]:
    """Return a fire that was acknowledged `at` (ms after T0)."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a", **more))
    story.act(opened.case, "acknowledge", at)
    return story, opened.case


def test_a_detector_more_sounds_again() -> None:
    """EN 54-2: an alarm of another detector is a new one, also where people know of the first."""
    story, case = acknowledged()
    assert story.now(case).alarmed_at is None
    story.receive(alarm("uitd1/b", 2 * MINUTE))
    assert story.now(case).alarmed_at == T0 + 2 * MINUTE


def test_acknowledging_again_makes_it_quiet_and_is_written_down() -> None:
    """The first acknowledgement stays what the record says; the second is a line of the history."""
    story, case = acknowledged()
    story.receive(alarm("uitd1/b", 2 * MINUTE))
    (change,) = story.act(case, "acknowledge", 3 * MINUTE, actor="zhao")
    assert change.case.alarmed_at is None
    assert (change.case.acknowledged_by, change.case.acknowledged_at) == ("li", T0 + 30 * SECOND)
    assert [(line.actor, line.action) for line in change.history] == [("zhao", "acknowledge")]
    with pytest.raises(Refused, match="acknowledged by li"):
        story.act(case, "acknowledge", 4 * MINUTE, actor="zhao")


@pytest.mark.parametrize(
    ("more", "notice"),
    [({"corroborates": True}, "corroborated"), ({"manual": True}, "manual_alarm")],
)
def test_corroboration_and_a_pressed_call_point_sound_at_once(
    more: dict[str, Any], notice: str
) -> None:
    """A second later, in the rest after the acknowledgement."""
    story, case = acknowledged()
    (change,) = story.receive(alarm("uitd1/b", 31 * SECOND, **more))
    assert change.notice == notice
    assert story.now(case).alarmed_at == T0 + 31 * SECOND


def test_detector_after_detector_leaves_a_rest_after_each_acknowledgement() -> None:
    """Ten detectors in ten seconds are one sound, and it comes when the rest is over."""
    story, case = acknowledged()
    for second in range(31, 41):
        found = msgspec.structs.replace(alarm("uitd1/b", second * SECOND), subject=f"x{second}")
        story.receive(msgspec.structs.replace(found, key=f"k{second}", source="uitd1"))
    assert story.now(case).alarmed_at == T0 + 30 * SECOND + REST
    story.act(case, "acknowledge", 70 * SECOND)
    story.receive(alarm("uitd1/b", 71 * SECOND))
    assert story.now(case).alarmed_at == T0 + 70 * SECOND + REST


def test_a_clock_that_was_set_back_makes_no_rest_longer() -> None:
    """Acknowledged an hour ahead of the clock that holds now."""
    story, case = acknowledged(HOUR)
    story.receive(alarm("uitd1/b", 2 * MINUTE))
    assert story.now(case).alarmed_at == T0 + 2 * MINUTE + REST


def test_what_comes_back_after_a_reset_sounds_again() -> None:
    """Reset, and alarmed once more: told to people, and heard."""
    story, case = acknowledged()
    story.receive(ended(alarm("uitd1/a"), 2 * MINUTE, "reset"))
    story.receive(alarm("uitd1/a", 3 * MINUTE))
    assert story.now(case).alarmed_at == T0 + 3 * MINUTE


def come_back_twice() -> tuple[Story, Case, Anomaly]:
    """Return a fire that came back at 2 min (told, acknowledged) and at 4 min, too early to be told."""
    story, case = acknowledged()
    story.receive(ended(alarm("uitd1/a"), MINUTE))
    story.receive(found := alarm("uitd1/a", 2 * MINUTE))
    story.act(case, "acknowledge", 2 * MINUTE + SECOND)
    story.receive(ended(found, 3 * MINUTE))
    (change,) = story.receive(found := alarm("uitd1/a", 4 * MINUTE))
    assert change.notice == ""
    return story, case, found


def test_what_comes_back_too_early_to_be_told_sounds_when_it_might_be_told() -> None:
    """It burns on: nobody is told of it again, so it must not stay mute for good."""
    story, case, found = come_back_twice()
    assert story.now(case).alarmed_at == T0 + 2 * MINUTE + GAP
    story.receive(again(found, 5 * MINUTE))
    assert story.now(case).alarmed_at == T0 + 2 * MINUTE + GAP
    story.act(case, "acknowledge", 13 * MINUTE)
    story.receive(again(found, 14 * MINUTE))
    assert story.now(case).alarmed_at is None


def test_what_has_ended_before_its_sound_came_makes_none() -> None:
    """Steam that is gone; a device that burns on keeps the sound."""
    story, case, found = come_back_twice()
    story.receive(ended(found, 5 * MINUTE))
    assert story.now(case).alarmed_at is None
    story, case, found = come_back_twice()
    story.receive(alarm("uitd1/b", 5 * MINUTE))
    story.act(case, "acknowledge", 6 * MINUTE)
    story.receive(ended(found, 7 * MINUTE))
    story.receive(found := alarm("uitd1/a", 8 * MINUTE))
    story.receive(ended(found, 9 * MINUTE))
    assert story.now(case).alarmed_at == T0 + 2 * MINUTE + GAP


def test_a_device_more_that_cleared_in_the_rest_still_sounds() -> None:
    """Only what had to wait for the gap of the notices is dropped."""
    story, case = acknowledged()
    story.receive(ended(alarm("uitd1/a"), 31 * SECOND))
    story.receive(found := alarm("uitd1/b", 32 * SECOND))
    story.act(case, "acknowledge", 33 * SECOND)
    far = msgspec.structs.replace(found, subject="uitd1/c", key="c", started_at=T0 + 40 * SECOND)
    story.receive(far, 40 * SECOND)
    story.receive(ended(found, 41 * SECOND))
    story.receive(ended(far, 42 * SECOND))
    assert story.now(case).active == 0
    assert story.now(case).alarmed_at == T0 + 33 * SECOND + REST


def test_a_second_panel_too_early_to_be_told_sounds_later() -> None:
    """A panel is no detector more; its fire is another scene all the same."""
    story, case = acknowledged()
    story.receive(ended(alarm("uitd1/a"), MINUTE))
    story.receive(alarm("uitd1-1-2-a", 2 * MINUTE, source="uitd1"))
    story.act(case, "acknowledge", 3 * MINUTE)
    story.receive(alarm("uitd1-1-9", 4 * MINUTE, scope="system", source="uitd1"))
    assert len(story.now(case).members) == 3
    assert story.now(case).alarmed_at == T0 + 2 * MINUTE + GAP


@pytest.mark.parametrize("seed", range(20))
def test_a_detector_that_flaps_sounds_no_more_often_than_people_may_be_told(seed: int) -> None:
    """Ten hours of coming and going, each sound acknowledged soon: one sound in ten minutes."""
    dice = random.Random(seed)
    story, case = acknowledged()
    story.receive(found := ended(alarm("uitd1/a"), 40 * SECOND))
    sounds, turn = [-GAP], 1
    for minute in range(1, 600):
        at = minute * MINUTE
        if minute == turn:
            burns = found.ended_at is None
            turn += dice.choice((1, 2, 5, 9) if burns else (1, 2, 9, 13))
            found = ended(found, at) if burns else alarm("uitd1/a", at)
            story.receive(found)
        alarmed_at = story.now(case).alarmed_at
        if alarmed_at is not None and alarmed_at <= T0 + at:
            assert alarmed_at - sounds[-1] >= GAP
            sounds.append(alarmed_at)
            story.act(case, "acknowledge", at + 20 * SECOND)
    assert len(list(story.desk.open_cases())) == 1
    assert len(sounds) > story.notices.count("new_alarm") > 20


def test_the_panel_that_repeats_it_and_the_detector_that_goes_on_are_no_news() -> None:
    """Neither an echo nor "still so" nor an end makes a sound."""
    story, case = acknowledged()
    story.receive(again(alarm("uitd1/a"), MINUTE))
    story.receive(alarm("uitd1/sys", 2 * MINUTE, scope="system"))
    story.receive(alarm("uitd1", 2 * MINUTE, scope="source"))
    story.receive(ended(alarm("uitd1/a"), 3 * MINUTE))
    assert story.now(case).alarmed_at is None


def test_before_anybody_acknowledged_there_is_nothing_to_sound_again() -> None:
    """It sounds as it is."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    story.receive(alarm("uitd1/b", SECOND, corroborates=True))
    assert story.now(opened.case).alarmed_at is None


def test_a_walk_test_and_what_a_silence_covers_do_not_sound_again() -> None:
    """People go from detector to detector on purpose; a silence keeps one that steams quiet."""
    tried: dict[str, Any] = {"mode": Mode.TEST, "quality": (WALK_TEST,)}
    story, case = acknowledged(**tried)
    story.receive(alarm("uitd1/b", 2 * MINUTE, **tried))
    assert len(story.now(case).members) == 2
    assert story.now(case).alarmed_at is None
    story, case = acknowledged()
    story.receive(alarm("uitd1/b", 2 * MINUTE, quality=(SILENCED,)))
    assert len(story.now(case).members) == 2
    assert story.now(case).alarmed_at is None


COVERED: dict[str, Any] = {"quality": (SILENCED,)}


def test_what_a_silence_covers_makes_no_sound_when_it_comes_back() -> None:
    """Loud before the silence or quiet in it: it is told, and sounds when the silence says so."""
    for quality in ({}, COVERED):
        story, case = acknowledged(**quality)
        story.receive(ended(alarm("uitd1/a", **quality), MINUTE))
        (change,) = story.receive(alarm("uitd1/a", 2 * MINUTE, **COVERED))
        assert change.notice == "new_alarm"
        assert story.now(case).alarmed_at is None


@pytest.mark.parametrize("quality", [{}, COVERED])
@pytest.mark.parametrize(("unseen", "line"), [(True, "silence_broken"), (False, "silence_over")])
def test_a_fire_that_grew_under_a_silence_sounds_when_nobody_looked_or_at_its_end(
    quality: dict[str, Any], *, unseen: bool, line: str
) -> None:
    """A second detector after the acknowledgement: told once, and heard until somebody answers."""
    story, case = acknowledged(**quality)
    story.receive(found := alarm("uitd1/b", 6 * MINUTE, **COVERED))
    assert story.now(case).alarmed_at is None
    (change,) = story.desk.silence_over([found.key], T0 + 8 * MINUTE, unseen=unseen)
    assert change.notice == ("opened" if quality else "new_alarm")
    assert [item.action for item in change.history] == [line]
    assert (change.case.alarmed_at, change.case.flags) == (T0 + 8 * MINUTE, ())
    assert story.desk.silence_over([found.key], T0 + 9 * MINUTE, unseen=True) == []
    story.act(case, "acknowledge", 10 * MINUTE)
    for minute in range(11, 40):
        assert story.desk.silence_over([found.key], T0 + minute * MINUTE, unseen=True) == []
    assert story.desk.silence_over([found.key], T0 + HOUR) == []


def test_what_is_no_news_makes_no_sound_when_the_silence_ends() -> None:
    """An echo, another rule about the device, what was acknowledged, what ended, a walk test."""
    story, case = acknowledged()
    echo = alarm("uitd1/sys", 2 * MINUTE, scope="system", **COVERED)
    hot = alarm("uitd1/a", 2 * MINUTE, **COVERED)
    hot = msgspec.structs.replace(hot, rule="fire-hot", key="hot")
    gone = alarm("uitd1/b", 2 * MINUTE, **COVERED)
    for found in (echo, hot, gone, ended(gone, 3 * MINUTE)):
        story.receive(found)
    keys = [alarm("uitd1/a").key, echo.key, hot.key, gone.key]
    assert len(story.now(case).members) == 4
    assert story.desk.silence_over(keys, T0 + HOUR) == []
    walked: dict[str, Any] = {"mode": Mode.TEST, "quality": (WALK_TEST, SILENCED)}
    story, case = acknowledged(**walked)
    story.receive(found := alarm("uitd1/b", 2 * MINUTE, **walked))
    story.desk.silence_over([found.key], T0 + HOUR)
    assert story.now(case).alarmed_at is None


def test_what_flaps_under_a_silence_sounds_no_more_often_than_without() -> None:
    """Back at 2 min, told; back at 4 min: after two minutes unseen it waits for the ten, as ever."""
    story, case = acknowledged()
    found = alarm("uitd1/a")
    for minute in (2, 4):
        story.receive(ended(found, (minute - 1) * MINUTE))
        story.receive(found := alarm("uitd1/a", minute * MINUTE, **COVERED))
    told = [
        minute
        for minute in range(6, 60)
        if story.desk.silence_over([found.key], T0 + minute * MINUTE, unseen=True)
    ]
    assert told == [12]
    assert story.now(case).alarmed_at == T0 + 12 * MINUTE


def test_a_clock_set_back_neither_hides_what_grew_nor_lets_it_sound_after_each_answer() -> None:
    """Acknowledged, or come, an hour ahead of the clock that holds now."""
    story, case = acknowledged(HOUR)
    story.receive(found := alarm("uitd1/b", 6 * MINUTE, **COVERED))
    assert story.desk.silence_over([found.key], T0 + 8 * MINUTE, unseen=True)
    story.act(case, "acknowledge", 9 * MINUTE)
    assert story.desk.silence_over([found.key], T0 + 10 * MINUTE, unseen=True) == []
    story, case = acknowledged()
    story.receive(found := alarm("uitd1/b", HOUR, **COVERED))
    assert story.desk.silence_over([found.key], T0 + 8 * MINUTE, unseen=True) == []


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("accept", {}),
        ("start", {}),
        ("confirm", {"outcome": "real"}),
        ("resolve", {"result": "out"}),
    ],
)
def test_whoever_works_on_it_has_heard_it(action: str, fields: dict[str, Any]) -> None:
    """The steps that acknowledge for the first time do so again."""
    story, case = acknowledged()
    story.receive(alarm("uitd1/b", 2 * MINUTE))
    story.act(case, action, 3 * MINUTE, **fields)
    assert story.now(case).alarmed_at is None


def test_other_work_never_sounds() -> None:
    """A second isolated detector is no emergency."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a", category="isolation"))
    story.act(opened.case, "acknowledge", SECOND)
    story.receive(alarm("uitd1/b", 2 * MINUTE, category="isolation"))
    assert story.now(opened.case).alarmed_at is None


def test_a_second_call_point_sounds_at_once_also_where_one_was_pressed_before() -> None:
    """People were told of the first; the second is pressed a second after the acknowledgement."""
    story, case = acknowledged(manual=True)
    (change,) = story.receive(alarm("uitd1/b", 31 * SECOND, manual=True))
    assert change.notice == ""
    assert story.now(case).alarmed_at == T0 + 31 * SECOND


def test_another_rule_about_the_same_detector_is_no_detector_more() -> None:
    """Its heat is told beside its alarm: nobody is called out of bed twice for one device."""
    story, case = acknowledged()
    hot = msgspec.structs.replace(alarm("uitd1/a", 2 * MINUTE), rule="fire-hot", key="hot")
    story.receive(hot)
    assert len(story.now(case).members) == 2
    assert story.now(case).alarmed_at is None


def test_a_desk_that_starts_anew_still_asks_and_takes_the_answer() -> None:
    """The mark is of the case, as it is stored: no restart makes a growing fire quiet."""
    story, case = acknowledged()
    story.receive(alarm("uitd1/b", 2 * MINUTE))
    kept = msgspec.json.decode(msgspec.json.encode(story.now(case)), type=Case)
    fresh = Story()
    fresh.desk.restore([kept])
    assert fresh.now(case).alarmed_at == T0 + 2 * MINUTE
    fresh.act(case, "acknowledge", 3 * MINUTE)
    assert fresh.now(case).alarmed_at is None
    assert fresh.now(case).heard_at == T0 + 3 * MINUTE


def test_a_case_that_is_forced_closed_sounds_no_more() -> None:
    """Nobody could acknowledge it any more."""
    story, case = acknowledged()
    story.receive(alarm("uitd1/b", 2 * MINUTE))
    story.act(case, "force_close", 3 * MINUTE, actor="chief", level="district", reason="drill")
    assert story.now(case).state is State.CLOSED
    assert story.now(case).alarmed_at is None

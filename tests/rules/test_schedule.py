"""A rule's hours: outside them nothing starts, what holds when they begin starts then."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.documents import shipped_calendar
from model.anomaly import Anomaly, Phase
from model.calendar import CALENDAR_YAML, SHIPPED_CALENDAR, Calendar, load_calendar
from model.errors import ConfigError
from model.reading import Event
from rules.engine import Engine
from rules.hours import NEVER, Hours
from rules.rulefile import load_rules
from rules.rulestest import run_tests
from rules.scheduled import Scheduled
from rules.specs.schedule import Schedule

from .town import HOUR, MINUTE, SECOND, Town, registry

SHIPPED = {SHIPPED_CALENDAR: shipped_calendar()}
CHINA = load_calendar(SHIPPED)
ZONE = ZoneInfo("Asia/Shanghai")
WARM = """
schema: 1
rules:
  - id: warm
    kind: threshold
    title: {zh: 夜间升温, en: Warm at night}
    category: high_temperature
    severity: major
    quantity: temperature_c
    above: 30
    schedule: {hours: ["22:00-06:00"], days: [workday]}
"""
SILENT = """
schema: 1
rules:
  - id: silent
    kind: silence
    title: {zh: 失联, en: Silent}
    category: silent
    severity: minor
    silent_after: {smoke_detector: 300s}
    schedule: {hours: ["08:00-18:00"]}
"""


def ms(text: str) -> int:
    """Return a local time as ms."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def hours(text: str, calendar: Calendar = CHINA, **more: object) -> list[str]:
    """Return where the next three changes lie after a local time."""
    found, at = Hours(Schedule.model_validate(more), calendar), ms(text)
    changes = []
    for _ in range(3):
        window = found.window(at)
        if window.until == NEVER:
            break
        at = window.until
        local = datetime.fromtimestamp(at / 1000, ZONE)
        changes.append(f"{'end' if window.active else 'begin'} {local:%m-%d %H:%M}")
    return changes


@pytest.mark.parametrize(
    ("begin", "schedule", "expected"),
    [
        ("2026-03-02 12:00", {"hours": ["22:00-06:00"]},
         ["begin 03-02 22:00", "end 03-03 06:00", "begin 03-03 22:00"]),
        ("2026-03-03 05:00", {"hours": ["22:00-06:00"]},
         ["end 03-03 06:00", "begin 03-03 22:00", "end 03-04 06:00"]),
        # Friday's night reaches into Saturday; Saturday begins none.
        ("2026-03-06 23:00", {"hours": ["22:00-06:00"], "days": ["fri"]},
         ["end 03-07 06:00", "begin 03-13 22:00", "end 03-14 06:00"]),
        # Spring festival 2026: 14 and 28 February, Saturdays, are worked; 15 to 23 are free.
        ("2026-02-13 12:00", {"hours": ["08:00-18:00"], "days": ["workday"]},
         ["end 02-13 18:00", "begin 02-14 08:00", "end 02-14 18:00"]),
        ("2026-02-14 20:00", {"hours": ["08:00-18:00"], "days": ["workday"]},
         ["begin 02-24 08:00", "end 02-24 18:00", "begin 02-25 08:00"]),
        ("2026-02-14 20:00", {"days": ["holiday"]},
         ["begin 02-15 00:00", "end 02-24 00:00", "begin 03-01 00:00"]),
        ("2026-04-15 12:00", {"seasons": ["heating"]},
         ["end 04-16 00:00", "begin 10-15 00:00", "end 04-16 00:00"]),
        ("2026-04-15 12:00", {"seasons": [{"from": "06-01", "to": "06-02"}], "hours": ["00:00-24:00"]},
         ["begin 06-01 00:00", "end 06-03 00:00", "begin 06-01 00:00"]),
    ],
)  # fmt: skip
def test_hours_follow_days_holidays_and_seasons(
    begin: str, schedule: dict[str, object], expected: list[str]
) -> None:
    """By the site's clock and China's calendar."""
    assert hours(begin, CHINA, **schedule) == expected


def test_a_site_overrides_days_and_names_its_terms() -> None:
    """Its own file wins over the library: a free day, a worked holiday, school."""
    text = """
schema: 1
holidays: [2026-03-04]
workdays: [2026-02-16]
school: [{from: 2026-03-01, to: 2026-03-05}]
"""
    found = load_calendar(SHIPPED | {f"/etc/rules/{CALENDAR_YAML}": text})
    assert [found.works(date(2026, 3, day)) for day in (3, 4, 5)] == [True, False, True]
    assert found.works(date(2026, 2, 16))
    assert not CHINA.works(date(2026, 2, 16))
    assert hours("2026-02-20 12:00", found, days=["school"]) == [
        "begin 03-02 00:00", "end 03-04 00:00", "begin 03-05 00:00",
    ]  # fmt: skip


def test_a_year_that_nobody_knows_is_its_weeks() -> None:
    """Monday to Friday; and the calendar says which years it knows."""
    assert CHINA.works(date(2040, 1, 2))
    assert not CHINA.works(date(2040, 1, 1))
    assert {2025, 2026} <= CHINA.years


@given(
    st.integers(0, 366 * 24 * 60), st.sampled_from(["22:00-06:00", "08:00-12:00", "00:00-24:00"])
)
def test_a_stretch_says_of_every_moment_in_it_the_same(minute: int, span: str) -> None:
    """Whatever was asked before: the kept answer is the fresh one."""
    schedule = Schedule(hours=(span,), days=("workday", "sat"))
    at = ms("2026-01-01 00:00") + minute * MINUTE
    window = Hours(schedule, CHINA).window(at)
    last = min(window.until - 1, at + 40 * 24 * HOUR)
    for moment in (at, (at + last) // 2, last):
        again = Hours(schedule, CHINA).window(moment)
        assert (again.active, again.until) == (window.active, window.until)


class Night(Town):
    """A town that begins at a local time."""

    def __init__(self, begins: str, text: str = WARM) -> None:
        self.rules = load_rules(SHIPPED | {"f.yaml": text})
        super().__init__(self.rules)
        self.now = ms(begins)
        self.tick()

    def tick(self) -> list[Anomaly]:
        """Let one tick pass."""
        return self.pass_time(10 * SECOND)

    def pass_time(self, span: int, *, beats: bool = True, step: int = MINUTE) -> list[Anomaly]:
        """Let ticks pass, one a minute: the nights are long."""
        return super().pass_time(span, beats=beats, step=min(step, span))

    def warm(self, degrees: float = 40.0) -> list[Anomaly]:
        """Let a detector say how warm it is."""
        return self.says("nb-1", values={"temperature_c": degrees})


def told(found: list[Anomaly]) -> list[tuple[str, str]]:
    """Return phases with their local times."""
    times = []
    for anomaly in found:
        at = anomaly.ended_at if anomaly.phase is Phase.ENDED else anomaly.started_at
        times.append(
            (str(anomaly.phase), f"{datetime.fromtimestamp((at or 0) / 1000, ZONE):%H:%M}")
        )
    return times


def test_outside_its_hours_nothing_starts_and_what_holds_starts_with_them() -> None:
    """Warm since noon: the anomaly begins at 22:00, under a key of that time, and ends at 06:00."""
    town = Night("2026-03-02 12:00")
    assert town.warm() == []
    assert town.pass_time(9 * HOUR + 59 * MINUTE) == []
    begun = town.pass_time(2 * MINUTE)
    assert told(begun) == [("started", "22:00")]
    assert begun[0].started_at == ms("2026-03-02 22:00")
    (over,) = town.pass_time(9 * HOUR)
    assert (told([over]), over.ended_by) == ([("ended", "06:00")], "schedule")
    assert over.key == begun[0].key
    (anew,) = town.pass_time(16 * HOUR)
    assert told([anew]) == [("started", "22:00")]
    assert anew.key != begun[0].key


def test_what_starts_within_the_hours_is_told_as_it_is() -> None:
    """The key is the Reading's; it goes on, and ends when it ends."""
    town = Night("2026-03-02 23:00")
    (begun,) = town.warm()
    assert begun.started_at == town.now
    town.pass_time(MINUTE)
    (over,) = town.warm(20)
    assert (over.phase, over.ended_by, over.key) == (Phase.ENDED, "normal", begun.key)
    assert town.engine.open() == []


def test_a_reading_that_comes_late_is_judged_by_its_own_time() -> None:
    """It was warm at 05:00 and heard at 07:00: that counts, and is over at 06:00."""
    town = Night("2026-03-03 07:00")
    found = town.says("nb-1", values={"temperature_c": 40.0}, at=ms("2026-03-03 05:00"))
    found += town.tick()
    assert told(found) == [("started", "05:00"), ("ended", "06:00")]


def test_what_came_and_went_by_day_is_never_told() -> None:
    """Over before the hours began."""
    town = Night("2026-03-02 12:00")
    town.warm()
    town.pass_time(HOUR)
    assert town.warm(20) == []
    assert town.pass_time(12 * HOUR) == []


def test_a_clock_that_jumps_makes_no_storm_and_repeats_no_key() -> None:
    """A year ahead and back: a week's beginnings at most, each key once."""
    town = Night("2026-03-02 12:00")
    town.warm()
    town.now += 365 * 24 * HOUR
    found = town.tick()
    town.now -= 365 * 24 * HOUR
    found += town.pass_time(12 * HOUR)
    starts = [a.key for a in found if a.phase is Phase.STARTED]
    assert len(starts) == len(set(starts)) <= 8


def test_silence_has_hours_too() -> None:
    """A shop's sensor is missed when it opens, not at night."""
    town = Night("2026-03-02 20:00", SILENT)
    town.says("nb-1", values={"temperature_c": 20.0})
    assert town.pass_time(12 * HOUR - MINUTE) == []
    assert told(town.pass_time(2 * MINUTE)) == [("started", "08:00")]
    (over,) = town.says("nb-1", event=Event.HEARTBEAT)
    assert over.ended_by == "heard_again"


def test_it_is_explained() -> None:
    """In its hours or not, and until when."""
    town = Night("2026-03-02 12:00")
    assert "not in its hours until 2026-03-02 22:00" in town.engine.explain("warm", "nb-1")
    town.pass_time(11 * HOUR)
    assert "; in its hours until 2026-03-03 06:00" in town.engine.explain("warm", "nb-1")


def test_a_restart_anywhere_changes_nothing() -> None:
    """Rows put back after each step: the same statements, to the byte."""
    degrees = {1: 45.0, 12: 20.0, 14: 45.0, 28: 20.0}

    def story(cut: int | None) -> list[Anomaly]:
        town = Night("2026-03-02 20:00")
        for step in range(30):
            if step in degrees:
                town.warm(degrees[step])
            town.pass_time(HOUR)
            if step == cut:
                fresh = Engine(registry(), town.rules)
                fresh.restore(town.engine.dirty())
                town.engine = fresh
        return town.said

    whole = story(None)
    assert {a.ended_by for a in whole} == {"", "schedule", "normal"}
    for cut in range(30):
        assert story(cut) == whole, f"cut at {cut}"


def test_a_new_calendar_is_taken_up_by_rules_that_stay() -> None:
    """A day becomes a holiday: the rule, equal in its text, does not look that night."""
    town = Night("2026-03-02 12:00")
    town.warm()
    own = {CALENDAR_YAML: "schema: 1\nholidays: [2026-03-02]\n"}
    rules = load_rules(SHIPPED | own | {"f.yaml": WARM})
    assert town.engine.replace(rules, registry()) == []
    assert told(town.pass_time(35 * HOUR)) == [("started", "22:00")]
    assert town.said[-1].started_at == ms("2026-03-03 22:00")


def test_a_rule_without_hours_is_not_wrapped() -> None:
    """So hours cost nothing where there are none, and old hashes hold."""
    rules = load_rules({"f.yaml": WARM.replace("    schedule:", "    note: ''\n    #")})
    town = Town(rules)
    assert not any(isinstance(rule, Scheduled) for rule in town.engine._rules.values())
    assert rules.specs[0].hash != load_rules({"f.yaml": WARM}).specs[0].hash


@pytest.mark.parametrize(
    ("wrong", "key", "says"),
    [
        ('{hours: ["8-18"]}', "rules.0.threshold.schedule.hours.0", "08:00-18:00"),
        ('{hours: ["08:00-25:00"]}', "rules.0.threshold.schedule.hours.0", "no time of day"),
        ('{hours: ["08:00-08:00"]}', "rules.0.threshold.schedule.hours.0", "00:00-24:00"),
        ("{days: [monday]}", "rules.0.threshold.schedule.days.0", "mon"),
        ("{}", "rules.0.threshold.schedule", "leave it out"),
        ("{seasons: [winter]}", "rules.0.threshold.schedule.seasons.0", "heating"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(wrong: str, key: str, says: str) -> None:
    """And with what to write instead."""
    text = WARM.replace('{hours: ["22:00-06:00"], days: [workday]}', wrong)
    with pytest.raises(ConfigError) as error:
        load_rules({"f.yaml": text})
    assert "f.yaml:11" in str(error.value)
    assert key in str(error.value)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('holidays: ["2026-02-30"]', "calendar.yaml:1: holidays.0"),
        ("holidays: [2026-02-03]\nworkdays: [2026-02-03]", "both a holiday and a workday"),
        ("zone: Asia/Shangai", "no such time zone"),
        ("heating: {from: 13-01, to: 04-15}", "month-day"),
        ("school: [{from: 2026-07-01, to: 2026-03-01}]", "before it begins"),
    ],
)
def test_a_mistake_in_the_calendar_is_named_too(text: str, says: str) -> None:
    """It stops the reading of all rules: hours by a wrong calendar would be wrong in silence."""
    with pytest.raises(ConfigError) as error:
        load_rules({CALENDAR_YAML: text})
    assert says in str(error.value)


def test_a_story_of_a_rule_with_hours_says_when_it_begins() -> None:
    """`begins` is on the site's clock; without it the story fails and says so."""
    story = """
    tests:
      - name: by night only
        begins: 2026-03-02 21:55
        steps:
          - {at: 0s, device: nb-1, kind: smoke_detector, values: {temperature_c: 40}}
        until: 10m
        expect: [{started: warm, at: 5m}]
"""
    (result,) = run_tests(SHIPPED | {"f.yaml": WARM + story.lstrip("\n")})
    assert result.passed, result.message
    bare = story.replace("        begins: 2026-03-02 21:55\n", "").lstrip("\n")
    (result,) = run_tests({"f.yaml": WARM + bare})
    assert "begins" in result.message


@pytest.mark.parametrize(
    ("category", "severity", "what"),
    [
        ("fire", "major", "category fire"),
        ("fire_pre_alarm", "major", "category fire_pre_alarm"),
        ("high_temperature", "critical", "severity critical"),
    ],
)
def test_no_hours_hide_a_danger_to_life(category: str, severity: str, what: str) -> None:
    """A fire at night must be told at night: the file is refused, with what to do."""
    text = WARM.replace("category: high_temperature", f"category: {category}")
    text = text.replace("severity: major", f"severity: {severity}")
    with pytest.raises(ConfigError) as caught:
        load_rules({"site.yaml": text})
    message = str(caught.value)
    line = 1 + text.splitlines().index(next(x for x in text.splitlines() if "schedule" in x))
    assert "site.yaml" in message
    assert str(line) in message
    assert "rules.0.threshold.schedule" in message
    assert what in message
    assert "leave `schedule` out" in message


@pytest.mark.parametrize("restart", [False, True])
def test_a_moment_in_the_future_shuts_no_gate(*, restart: bool) -> None:
    """One tick at noon of the next day: what holds at night is told again once the clock is right."""
    town = Night("2026-03-02 23:00")
    found = town.warm() + town.pass_time(2 * SECOND)
    right = town.now
    town.now = ms("2026-03-03 12:00")
    (over,) = town.tick()
    assert (over.phase, over.ended_by) == (Phase.ENDED, "schedule")
    if restart:
        fresh = Engine(registry(), town.rules)
        fresh.restore(town.engine.dirty())
        town.engine = fresh
    town.now = right
    found += town.pass_time(MINUTE)
    starts = [a.started_at for a in found if a.phase is Phase.STARTED]
    assert len(starts) == len(set(starts)) == 2
    assert [a.rule for a in town.engine.open()] == ["warm"]


def test_a_second_back_at_the_end_of_the_hours_tells_nothing_twice() -> None:
    """Time is corrected by a second now and then."""
    town = Night("2026-03-03 05:59")
    found = town.warm() + town.pass_time(MINUTE)
    town.now -= SECOND
    found += town.pass_time(MINUTE)
    assert [a.phase for a in found] == [Phase.STARTED, Phase.ENDED]

"""Walk tests through the log: what becomes of cases, and that a restart changes nothing."""

import itertools
from collections.abc import Sequence

import msgspec
import pytest

from hub.core import Core, Step
from hub.documents import library_rules, versioned
from hub.territory.demo_territory import demo_documents
from model.case import Case
from model.codec import encode
from model.entry import Action, Entry, EntryKind, RowId, Tick
from model.errors import Refused
from model.reading import Event, Lane, Mode, Reading, Value
from model.walk_test import WALK_TEST, Scope, WalkTestOrder

NOW = 1_800_000_000_000
MINUTE = 60_000
RULES, REGISTRY = versioned(library_rules()), versioned(demo_documents())


class Story:
    """A log, written entry by entry, and the core that reads it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.core = Core(RULES, REGISTRY)
        known = self.core.registry.devices.values()
        smoke = [d for d in known if (d.kind, d.role) == ("smoke_detector", "detector")]
        self.devices = [d for d in smoke if d.compound == smoke[0].compound][:2]
        self.at = NOW
        self._order = itertools.count(1)

    def logs(self, kind: EntryKind, payload: bytes, row: RowId | None = None) -> Step:
        """Append an entry and take it."""
        entry = Entry(len(self.entries) + 1, self.at, kind, payload, row)
        self.entries.append(entry)
        step = self.core.step(entry)
        assert not self.core.engine.failures, self.core.engine.last_failure
        assert not step.failed, step.failed
        return step

    def says(self, device: str, event: Event, **values: Value) -> Step:
        """Let a detector say something."""
        number = next(self._order)
        reading = Reading(
            device=device, kind="smoke_detector", received_at=self.at, order=number, seq=number,
            values=values, event=event,
        )  # fmt: skip
        row = RowId("gw", "e", Lane.ALARM, number, number, number, str(number))
        return self.logs(EntryKind.READINGS, encode([reading]), row)

    def tries(self, subject: str, *, stops: bool = False, minutes: int = 120) -> Step:
        """Start or stop a walk test."""
        order = WalkTestOrder(
            id="t1", actor="li", reason="monthly", stops=stops, subject=subject,
            scope=Scope.COMPOUND if subject in self.core.registry.compounds else Scope.DEVICE,
            lasts_ms=minutes * MINUTE,
        )  # fmt: skip
        return self.logs(EntryKind.WALK_TEST, msgspec.json.encode(order))

    def waits(self, minutes: int) -> None:
        """Let ticks pass, one a minute."""
        for _ in range(minutes):
            self.at += MINUTE
            tick = Tick(self.at, self.at - NOW)
            self.logs(EntryKind.TICK, msgspec.json.encode(tick))

    @property
    def cases(self) -> list[Case]:
        """All cases that are not closed."""
        return list(self.core.desk.open_cases())


def replayed(entries: Sequence[Entry], cut: int) -> Core:
    """Read a log with a restart in the middle: rules from their snapshot, the desk from its cases."""
    first = Core(RULES, REGISTRY)
    for entry in entries[:cut]:
        first.step(entry)
    second = Core(RULES, REGISTRY)
    second.engine.restore(first.engine.dirty())
    second.desk.restore(list(first.desk.open_cases()))
    for entry in entries[cut:]:
        second.step(entry)
    return second


def test_a_fire_in_a_walk_test_is_a_marked_case_that_no_fire_brigade_gets() -> None:
    """And the refusal says what to do if it burns after all."""
    story = Story()
    device = story.devices[0]
    story.tries(device.compound)
    story.says(device.id, Event.FIRE_ALARM, fire=True)
    (case,) = story.cases
    assert (case.category, case.mode, WALK_TEST in case.flags) == ("fire", Mode.TEST, True)
    handover = Action(
        case.id, "handover", "wang", fields={"to": "119", "who": "wang", "answer": "coming"}
    )
    step = story.logs(EntryKind.ACTION, msgspec.json.encode(handover))
    assert isinstance(step.refused, Refused)
    assert "stop the walk test" in str(step.refused)


def test_stopping_the_test_makes_a_real_case_of_what_still_burns() -> None:
    """That one may be handed over; the marked case stays what it was."""
    story = Story()
    device = story.devices[0]
    story.tries(device.id)
    story.says(device.id, Event.FIRE_ALARM, fire=True)
    story.at += MINUTE
    story.tries(device.id, stops=True)
    tried, real = sorted(story.cases, key=lambda case: case.opened_at)
    assert (tried.mode, tried.active) == (Mode.TEST, 0)
    assert (real.mode, real.active, real.flags) == (Mode.REAL, 1, ())


@pytest.mark.parametrize(("event", "state"), [(Event.FAULT, "fault"), (Event.TAMPER, "tamper")])
def test_work_that_people_make_on_purpose_opens_no_case_until_it_outlasts_the_test(
    event: Event, state: str
) -> None:
    """A detector taken off its base is a case only if nobody puts it back."""
    story = Story()
    one, two = story.devices
    story.tries(one.compound, minutes=10)
    step = story.says(one.id, event, **{state: True})
    assert step.anomalies, "it is still told as an anomaly"
    story.says(two.id, event, **{state: True})
    assert story.cases == []
    story.says(two.id, Event.NORMAL, **{state: False})
    story.waits(11)
    left = [case for case in story.cases if not case.subject.startswith("gateway:")]
    assert [(case.subject, case.mode) for case in left] == [(one.id, Mode.REAL)]


def test_a_restart_anywhere_gives_the_same_cases() -> None:
    """Start, alarms, expiry and what becomes real: the same ids, keys and histories."""
    story = Story()
    one, two = story.devices
    story.tries(one.compound, minutes=10)
    story.says(one.id, Event.FIRE_ALARM, fire=True)
    story.waits(2)
    story.says(two.id, Event.FIRE_ALARM, fire=True)
    story.says(one.id, Event.NONE, fire=False)
    story.waits(12)
    story.says(two.id, Event.NONE, fire=False)
    whole = sorted(story.cases, key=lambda case: case.key)
    assert {case.mode for case in whole} == {Mode.TEST, Mode.REAL}
    for cut in range(len(story.entries)):
        again = sorted(replayed(story.entries, cut).desk.open_cases(), key=lambda case: case.key)
        assert again == whole, f"cut at {cut}"


def test_rules_that_lag_the_desk_take_walk_tests_too() -> None:
    """After a restart the rules replay alone; the desk has had the entries already."""
    story = Story()
    story.tries(story.devices[0].id)
    lagging = Core(RULES, REGISTRY)
    for entry in story.entries:
        assert lagging.step(entry, desk=False).changes == []
    assert set(lagging.engine.book.walk_tests.running) == {"t1"}


def test_an_order_that_cannot_be_answers_who_asked() -> None:
    """The request is named, so that its sender is told."""
    step = Story().tries("nobody", stops=True)
    assert isinstance(step.refused, Refused)
    assert step.request == "walk-test/t1/stop"

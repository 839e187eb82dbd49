"""Knows which devices are under a walk test 巡检测试; what they say then is a test to the rules.

A test ends at its time by the log's clock, or after as much waking time if that clock was set back.
What the gateway heard before the test began, or what is logged after its end, is never a test: in
doubt it is real.
"""

import msgspec

from model.errors import Refused
from model.place import Registry
from model.reading import ALARM_EVENTS, Mode, Reading, alarm_states
from model.walk_test import LONGEST_MS, WALK_TEST, Scope, WalkTest, WalkTestOrder

from .states import StateTable

KEPT = 200
"""So many ended walk tests are remembered, for the hand-over and the monthly record."""

ALARMED_MAX = 5_000
"""So many devices that alarmed are kept of one test."""


class WalkTests:
    """All walk tests, running and ended; `running` is empty, and asked at no cost, without any."""

    def __init__(self) -> None:
        self.table = StateTable(WalkTest)
        self.running: dict[str, WalkTest] = {}  # replaced, never changed: others read it beside us

    def start(self, order: WalkTestOrder, registry: Registry, *, now: int, awake: int) -> None:
        """Begin a test; an order that was taken before changes nothing. Raises Refused."""
        if order.id in self.table.rows:
            return
        _check(order, registry)
        for test in self.running.values():
            if (test.scope, test.subject) == (order.scope, order.subject):
                raise Refused(
                    f"{order.subject} is under the walk test {test.id} of {test.actor} already"
                    " (已在巡检测试中): stop that one first"
                )
        test = WalkTest(
            id=order.id,
            scope=order.scope,
            subject=order.subject,
            actor=order.actor,
            reason=order.reason,
            started_at=now,
            until=now + order.lasts_ms,
            started_awake=awake,
        )
        self.running = {**self.running, test.id: test}
        self.table.put(test.id, test)
        self._forget_oldest()

    def stop(self, order: WalkTestOrder, *, now: int) -> WalkTest | None:
        """End a test by hand; None when it had ended. Raises Refused when there was none."""
        test = self.table.rows.get(order.id)
        if test is None:
            raise Refused(f"there is no walk test {order.id}", missing=("walk_test",))
        if test.ended_at is not None:
            return None
        self._end(test, at=max(test.started_at, min(now, test.until)), by=order.actor)
        return test

    def expire(self, *, at: int, awake: int) -> list[WalkTest]:
        """End the tests whose time is over, by the clock or by waking time."""
        over = [
            test
            for test in sorted(self.running.values(), key=lambda test: (test.until, test.id))
            if at >= test.until or awake - test.started_awake >= test.until - test.started_at
        ]
        for test in over:
            self._end(test, at=max(test.started_at, min(at, test.until)), by="hub")
        return over

    def covers(self, device: str, source: str, compound: str) -> bool:
        """Return whether a device is under test: by itself, by what fronts it, or its compound."""
        return any(_covers(test, device, source, compound) for test in self.running.values())

    def marked(self, reading: Reading, compound: str, logged_at: int) -> Reading:
        """Return a Reading as the rules see it: of a device under test, a test and flagged so."""
        tests = [
            test
            for test in self.running.values()
            if _covers(test, reading.device, reading.source, compound)
            and reading.received_at >= test.started_at
            and logged_at < test.until
        ]
        if not tests:
            return reading
        for test in tests:
            self._note(test, reading)
        quality = (*reading.quality, WALK_TEST)
        mode = Mode.DRILL if reading.mode is Mode.DRILL else Mode.TEST
        return msgspec.structs.replace(reading, mode=mode, quality=quality)

    def listed(self) -> list[WalkTest]:
        """Return copies of all tests: the running ones first, then the newest."""
        order = sorted(
            self.table.rows.values(),
            key=lambda test: (test.ended_at is not None, -test.started_at, test.id),
        )
        return [msgspec.structs.replace(test, alarmed=dict(test.alarmed)) for test in order]

    def restore(self, subject: str, state: bytes) -> None:
        """Put one test back."""
        self.table.restore(subject, state)
        test = self.table.rows.get(subject)
        if test is not None and test.ended_at is None:
            self.running = {**self.running, subject: test}

    def _note(self, test: WalkTest, reading: Reading) -> None:
        """Keep which devices alarmed: that is what a walk test is for."""
        alarms = reading.event in ALARM_EVENTS or any(alarm_states(reading).values())
        if alarms and reading.device not in test.alarmed and len(test.alarmed) < ALARMED_MAX:
            test.alarmed[reading.device] = reading.received_at
            self.table.put(test.id, test)

    def _end(self, test: WalkTest, *, at: int, by: str) -> None:
        test.ended_at, test.ended_by = at, by
        self.running = {name: other for name, other in self.running.items() if other is not test}
        self.table.put(test.id, test)

    def _forget_oldest(self) -> None:
        over = [test for test in self.table.rows.values() if test.ended_at is not None]
        for test in sorted(over, key=lambda test: (test.ended_at or 0, test.id))[:-KEPT]:
            self.table.drop(test.id)


def _covers(test: WalkTest, device: str, source: str, compound: str) -> bool:
    if test.scope is Scope.COMPOUND:
        return test.subject == compound
    return test.subject in (device, source)


def _check(order: WalkTestOrder, registry: Registry) -> None:
    missing = tuple(
        word for word in ("actor", "reason", "subject") if not str(getattr(order, word)).strip()
    )
    if missing:
        raise Refused(
            f"a walk test needs {', '.join(missing)} (缺少：执行人、原因或对象)", missing=missing
        )
    if not 0 < order.lasts_ms <= LONGEST_MS:
        raise Refused("a walk test lasts at most 8 hours (最长 8 小时)", missing=("minutes",))
    if order.scope is Scope.COMPOUND and order.subject not in registry.compounds:
        raise Refused(f"there is no compound {order.subject} in the registry", missing=("subject",))

"""Runs the tests that rules carry in their own files, on the engine that runs them live.

A story has steps with relative times; ticks, and heartbeats of a caught-up gateway every 10 s, fill
the time between. `expect` names exactly what starts and ends; what continues only where it is named.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import msgspec

from model.anomaly import Anomaly, Phase
from model.calendar import Calendar
from model.codec import Heartbeat
from model.entry import Tick
from model.place import Building, Compound, Device, Household, Registry
from model.reading import Reading, lane_of

from .branches import branches_of
from .engine import Engine
from .in_turn import TICK_MS
from .rulefile import RuleSet, load_rules
from .specs import Spec
from .specs.in_turn import InTurnSpec
from .specs.story import Expectation, Step, Story

BEGIN = 1_767_225_600_000  # 2026-01-01 UTC: any fixed time makes the keys repeat
_BEAT_MS = 10_000
_FINE_MS, _LONG_MS = 1_000, 900_000  # gaps over 15 min are walked in steps of a heartbeat …
_STRIDES_MS = {"silence": _BEAT_MS, "baseline": 600_000}  # … or longer, where no tick is awaited
_STRIDE_MS = 60_000


class TestResult(msgspec.Struct, frozen=True):
    """One story: whether it came out as written, and if not what differs."""

    __test__: ClassVar[bool] = False  # pytest must not collect it

    rule: str
    name: str
    file: str
    line: int
    passed: bool
    message: str = ""

    def __str__(self) -> str:
        """Return one line: `file:line: rule: story: ok`."""
        return f"{self.file}:{self.line}: {self.rule}: {self.name}: {self.message or 'ok'}"


class Coverage(msgspec.Struct, frozen=True):
    """What can happen in a rule, and what of it its stories have reached."""

    rule: str
    branches: tuple[str, ...]
    missed: tuple[str, ...]


class Report(NamedTuple):
    """What came out of all stories."""

    results: list[TestResult]
    coverage: list[Coverage]


def run_tests(texts: Mapping[str, str]) -> list[TestResult]:
    """Run the stories of all rules of all files; raises ConfigErrors if a file is wrong."""
    return run_all(texts).results


def run_all(texts: Mapping[str, str]) -> Report:
    """Run all stories and see what they reach; raises ConfigErrors if a file is wrong.

    A rule without a story is a failed test: nobody knows what it does.
    """
    rules = load_rules(texts)
    results: list[TestResult] = []
    coverage: list[Coverage] = []
    for spec in rules.specs:
        file, line = rules.lines[spec.id]
        if not spec.tests:
            message = "the rule has no tests: add a story that starts it and one that does not"
            results.append(TestResult(spec.id, "-", file, line, passed=False, message=message))
        reached: set[str] = set()
        for number, story in enumerate(spec.tests):
            message = run_story(spec, story, reached, rules.calendar)
            _, line = rules.lines[f"{spec.id}/{number}"]
            passed = not message
            results.append(TestResult(spec.id, story.name, file, line, passed, message))
        branches = branches_of(spec)
        missed = tuple(branch for branch in branches if branch not in reached)
        coverage.append(Coverage(spec.id, branches, missed))
    return Report(results, coverage)


def run_story(spec: Spec, story: Story, reached: set[str], calendar: Calendar | None = None) -> str:
    """Return what differs from the expectation, or nothing; add the branches that it `reached`."""
    if spec.schedule is not None and story.begins is None:
        return "the rule has a schedule: say `begins: 2026-03-02 21:55`, on the site's clock"
    world = World(spec, story, calendar or Calendar())
    for step in story.in_order():
        world.wait_until(step.at)
        world.take(step)
    world.wait_until(end_of(spec, story))
    reached |= world.reached()
    if world.engine.failures:
        return f"the rule broke: {world.engine.last_failure.strip().splitlines()[-1]}"
    expected = () if story.expect == "none" else story.expect
    return _difference(world.said, expected, world.begin)


def end_of(spec: Spec, story: Story) -> int:
    """Return when a story is over: where it says, else when its last step has had its turn."""
    last = story.in_order()[-1].at
    if story.until:
        return max(story.until, last)
    return last + (spec.waits + TICK_MS if isinstance(spec, InTurnSpec) else 0)


class World:
    """A hub with one gateway and one rule, in simulated time."""

    def __init__(self, spec: Spec, story: Story, calendar: Calendar | None = None) -> None:
        calendar = calendar or Calendar()
        self.rules = RuleSet((spec,), spec.hash, {}, calendar)
        self.begin = BEGIN if story.begins is None else calendar.of_clock(story.begins)
        self.engine = Engine(_registry(story), self.rules)
        self.noticed: set[str] = set()
        self.engine.book.notice = lambda _, branch: self.noticed.add(branch)
        self.said: list[Anomaly] = []
        self._long_stride = _STRIDES_MS.get(spec.kind, _STRIDE_MS)
        self._now = 0
        self._order = 0
        self._states: dict[str, str] = {step.gateway: "online" for step in story.steps}
        self._lanes: dict[str, dict[str, bool]] = {}
        self._beat()

    def reached(self) -> set[str]:
        """Return the branches of the rule that were reached."""
        words = set(self.noticed)
        for anomaly in self.said:
            if anomaly.phase is Phase.ENDED:
                words |= {"ended", anomaly.ended_by}
            else:
                words.add(str(anomaly.phase.value))
        return words

    def wait_until(self, at: int) -> None:
        """Let time pass, second by second, or in longer steps where nothing is due for long."""
        stride = _FINE_MS if at - self._now <= _LONG_MS else self._long_stride
        while self._now < at:
            self._now = min(at, self._now + stride)
            now = self._now + self.begin
            self.said += self.engine.tick(Tick(now, self._now))
            if self._now % _BEAT_MS == 0:
                self._beat()

    def take(self, step: Step) -> None:
        """Do what a step says."""
        if not step.device:
            self._states[step.gateway] = step.state
            if step.state == "online":
                self._beat()
            elif step.state != "silent":
                self._say(step.gateway, step.state)
            return
        self._order += 1
        order = step.order or self._order
        self._order = max(self._order, order)
        reading = Reading(
            device=step.device,
            kind=step.kind,
            received_at=self.begin + step.at,
            order=order,
            seq=order,
            values=step.values,
            event=step.event,
            mode=step.mode,
            observed_at=None if step.observed_at is None else self.begin + step.observed_at,
            source=step.source,
            historical=step.historical,
            gateway=step.gateway,
            epoch="e",
        )
        lane = lane_of(reading, self._lanes.setdefault(step.device, {}))
        self.said += self.engine.observe([reading], lane, self.begin + self._now)

    def _beat(self) -> None:
        for gateway in sorted(self._states):
            if self._states[gateway] == "online":
                self._say(gateway, "online")

    def _say(self, gateway: str, state: str) -> None:
        now = self.begin + self._now
        beat = Heartbeat(gateway, "e", state, at=now, caught_up_to=now)
        self.said += self.engine.heartbeat(beat, now)


def _registry(story: Story) -> Registry:
    steps = [step for step in story.steps if step.device and step.registered]
    devices = {
        step.device: Device(
            id=step.device,
            kind=step.kind,
            building=step.building,
            compound="c-1",
            role=step.role,
            household=step.household,
        )
        for step in steps
    }
    households = {
        step.household: Household(step.household, step.building, presence_consent=story.consent)
        for step in steps
        if step.household
    }
    buildings = {
        step.building: Building(step.building, step.building, "c-1", "150302001001001")
        for step in steps
    }
    return Registry(
        compounds=[Compound("c-1", "c-1", "150302001001001")],
        buildings=buildings.values(),
        devices=devices.values(),
        households=households.values(),
    )


def _difference(said: list[Anomaly], expected: tuple[Expectation, ...], begin: int) -> str:
    with_continued = any(expectation.continued for expectation in expected)
    left = [a for a in said if with_continued or a.phase is not Phase.CONTINUED]
    missing = []
    for expectation in expected:
        match = next((a for a in left if _meets(a, expectation, begin)), None)
        if match is None:
            missing.append(_wanted(expectation))
        else:
            left.remove(match)
    parts = []
    if missing:
        parts.append(f"missing: {'; '.join(missing)}")
    if left:
        parts.append(f"not expected: {'; '.join(_told(a, begin) for a in left)}")
    return ", ".join(parts)


def _meets(anomaly: Anomaly, expectation: Expectation, begin: int) -> bool:
    phase, name, at = _wanted_parts(expectation)
    if anomaly.phase is not phase or name not in (anomaly.rule, anomaly.category):
        return False
    if expectation.subject and expectation.subject != anomaly.subject:
        return False
    if at is not None and at != _moment(anomaly, begin):
        return False
    if expectation.by and expectation.by != anomaly.ended_by:
        return False
    return expectation.manual is None or expectation.manual == anomaly.manual


def _wanted_parts(expectation: Expectation) -> tuple[Phase, str, int | None]:
    if expectation.started:
        return Phase.STARTED, expectation.started, expectation.at
    if expectation.ended:
        return Phase.ENDED, expectation.ended, expectation.at
    return Phase.CONTINUED, expectation.continued, expectation.at


def _moment(anomaly: Anomaly, begin: int) -> int:
    """Return the data time of a statement, from the story's beginning."""
    if anomaly.phase is Phase.STARTED:
        return anomaly.started_at - begin
    return (anomaly.ended_at or anomaly.last_at) - begin


def _wanted(expectation: Expectation) -> str:
    phase, name, at = _wanted_parts(expectation)
    when = "" if at is None else f" at {at / 1000:g}s"
    return f"{name} {phase}{f' for {expectation.subject}' if expectation.subject else ''}{when}"


def _told(anomaly: Anomaly, begin: int) -> str:
    by = f" by {anomaly.ended_by}" if anomaly.ended_by else ""
    at = _moment(anomaly, begin) / 1000
    return f"{anomaly.rule} {anomaly.phase} for {anomaly.subject} at {at:g}s{by}"

"""What happened in the demo territory's past week: made-up stories, each with its case.

Every story follows from the seed and its own absolute time, so telling the same span again, or a
later one that overlaps, tells the same stories. Pure. How often things happen is our assumption,
chosen so that every dashboard has something to show, not from any statistics.
"""

from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from cases.taxonomy import CATEGORIES
from hub.territory.demo_plan import Detector, Door, Panel, Territory
from model.case import Case, Change, ChangeKind, State, Verification
from model.place import Level
from model.reading import Mode

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
BATTERY_PERIOD_MS = 14 * DAY_MS
SILENT_PERIOD_MS = 60 * HOUR_MS
SILENT_MS = 45 * HOUR_MS
SILENT_AFTER_MS = 5 * MINUTE_MS
IMPAIRMENTS = ("low_pressure", "isolation", "mains_fault", "pump_fault")
NIGHT_MS = 18 * HOUR_MS  # 02:00 in China, in UTC
DUE_MS = {"critical": HOUR_MS, "major": 4 * HOUR_MS, "minor": 3 * DAY_MS, "warning": 7 * DAY_MS}


class Story(NamedTuple):
    """One incident from its first alarm to the end of its case; times in ms."""

    category: str
    compound: str
    building: str
    subject: str
    place_text: str
    start: int
    steps: tuple[tuple[int, State], ...]

    @property
    def id(self) -> str:
        """Return the case's id; `demo-` says that no hub knows it."""
        return f"demo-{crc32(f'{self.category}/{self.subject}/{self.start}'.encode()):08x}"

    @property
    def resolved(self) -> int:
        """Return when the fault itself was gone."""
        return next(at for at, state in self.steps if state is State.RESOLVED)

    @property
    def end(self) -> int:
        """Return when the case was closed."""
        return self.steps[-1][0]

    def state_at(self, at: int) -> State:
        """Return the state of the case at a time that is not before its start."""
        return [state for since, state in self.steps if since <= at][-1]

    def case_at(self, at: int, grid: str) -> Case:
        """Return the case as it was at a time."""
        words = CATEGORIES[self.category]
        state = self.state_at(at)
        past = [since for since, _ in self.steps if since <= at]
        fire = self.category == "fire" and at >= self.resolved
        return Case(
            id=self.id,
            key=self.id,
            cls=words.cls,
            category=self.category,
            severity=words.severity,
            state=state,
            level=Level.GRID,
            mode=Mode.SIMULATED,
            grid=grid,
            place=self.building or self.compound,
            place_name=self.place_text,
            compound=self.compound,
            subject=self.subject,
            rule="demo-history",
            opened_at=self.start,
            due=self.start + DUE_MS[words.severity.value],
            acknowledged_at=self.steps[1][0] if len(past) > 1 else None,
            verification=Verification.FALSE if fire else Verification.UNCONFIRMED,
            updated_at=past[-1],
            closed_at=past[-1] if state is State.CLOSED else None,
            history_length=len(past),
        )

    def changes(self, grid: str) -> Iterator[Change]:
        """Return every step of the case as the desk would have told it."""
        for number, (at, _) in enumerate(self.steps):
            kind = ChangeKind.UPDATE if number else ChangeKind.CREATE
            yield Change(kind, self.case_at(at, grid), ())


class Cast(NamedTuple):
    """Who can play in the stories of one compound."""

    compound: str
    name: str
    detectors: list[Detector]
    doors: list[Door]
    panels: list[Panel]


def stories(territory: Territory, *, seed: int, since: int, until: int) -> list[Story]:
    """Return the stories that touch the span, oldest first; some end after it."""
    told: list[Story] = []
    for number, cast in enumerate(casts(territory)):
        told += _fires(cast, number, seed, since, until)
        told += _doors(cast, number, seed, since, until)
        told += _impairments(cast, number, seed, since, until)
        told += _batteries(cast, number, since, until)
        told += _silences(cast, number, since, until)
        told += _reports(cast, number, seed, since, until)
    return sorted(
        (story for story in told if story.start <= until and story.end >= since),
        key=lambda story: (story.start, story.id),
    )


def noise(*parts: object) -> float:
    """Return a number in [0, 1) that follows from the parts alone."""
    return crc32("/".join(map(str, parts)).encode()) / 4_294_967_296


def low_battery(cast: Cast) -> list[Detector]:
    """Return the detectors of a compound whose battery is nearly empty."""
    return cast.detectors[3::40][:2]


def casts(territory: Territory) -> list[Cast]:
    """Return who can play, compound by compound."""
    return [
        Cast(
            place.id,
            place.name,
            [item for item in territory.detectors if item.compound == place.id],
            [item for item in territory.doors if item.compound == place.id],
            [item for item in territory.panels if item.compound == place.id],
        )
        for place in territory.compounds
    ]


def _slots(period: int, offset: int, since: int, until: int, longest: int) -> range:
    """Return the starts of the slots whose stories may touch the span."""
    first = (since - longest - offset) // period
    return range(first * period + offset, until + 1, period)


def _fires(cast: Cast, number: int, seed: int, since: int, until: int) -> Iterator[Story]:
    """One smoke alarm a day and compound, three hours apart; nearly all from kitchens."""
    wired = [item for item in cast.detectors if not item.zigbee]
    if not wired:
        return
    for slot in _slots(DAY_MS, number * 3 * HOUR_MS, since, until, 9 * HOUR_MS):
        luck = noise(seed, "fire", cast.compound, slot)
        who = wired[int(luck * len(wired))]
        start = slot + int(noise(seed, "at", slot) * 40) * MINUTE_MS
        hours = 5 + 2 * noise(seed, "long", slot, number)
        yield Story(
            "fire",
            cast.compound,
            who.building,
            who.device,
            f"{cast.name} {who.building.rsplit('b', 1)[-1]}号楼 {who.floor} {who.room}",
            start,
            _steps(start, (2, 4, 40, 45, int(hours * 60))),
        )


def _doors(cast: Cast, number: int, seed: int, since: int, until: int) -> Iterator[Story]:
    if not cast.doors:
        return
    for slot in _slots(DAY_MS, NIGHT_MS, since, until, 12 * HOUR_MS):
        if slot // DAY_MS % 8 != number:
            continue
        who = cast.doors[int(noise(seed, "door", slot) * len(cast.doors))]
        start = slot + int(noise(seed, "door-at", slot) * 50) * MINUTE_MS
        place = f"{cast.name} {who.label}"
        steps = _steps(start, (1, 6, 30, 35, 9 * 60))
        yield Story("door_forced", cast.compound, who.building, who.device, place, start, steps)


def _impairments(cast: Cast, number: int, seed: int, since: int, until: int) -> Iterator[Story]:
    if not cast.panels:
        return
    for slot in _slots(2 * DAY_MS, number * 6 * HOUR_MS, since, until, 3 * DAY_MS):
        serial = slot // (2 * DAY_MS) + number
        kind = IMPAIRMENTS[serial % len(IMPAIRMENTS)]
        panel = cast.panels[serial % len(cast.panels)]
        component = panel.components[0 if kind == "isolation" else -1]
        system = kind == "mains_fault"
        long = 48.2 + noise(seed, "impairment", slot, number)
        what = "火灾报警控制器" if system else component.description
        yield Story(
            kind,
            cast.compound,
            panel.building,
            panel.system if system else component.device,
            f"{cast.name} {panel.building.rsplit('b', 1)[-1]}号楼 {what}",
            slot,
            _steps(slot, (20, 120, int(long * 60) - 240, int(long * 60) - 200, int(long * 60))),
        )


def _batteries(cast: Cast, number: int, since: int, until: int) -> Iterator[Story]:
    period = BATTERY_PERIOD_MS
    for place, who in enumerate(low_battery(cast)):
        offset = (number * 2 + place) * 9 * HOUR_MS
        for slot in _slots(period, offset, since, until, period + DAY_MS):
            text = f"{cast.name} {who.floor} {who.room}"
            minutes = period // MINUTE_MS
            steps = _steps(slot, (300, 2_000, minutes - 60, minutes, minutes + 60))
            yield Story("battery_low", cast.compound, who.building, who.device, text, slot, steps)


def _silences(cast: Cast, number: int, since: int, until: int) -> Iterator[Story]:
    for place, who in enumerate(cast.detectors[7::90][:2]):
        offset = number * 7 * HOUR_MS + place * 31 * HOUR_MS
        for slot in _slots(SILENT_PERIOD_MS, offset, since, until, SILENT_PERIOD_MS):
            start = slot + SILENT_AFTER_MS
            text = f"{cast.name} {who.floor} {who.room}"
            minutes = (SILENT_MS - SILENT_AFTER_MS) // MINUTE_MS
            steps = _steps(start, (90, 600, minutes, minutes + 30, minutes + 120))
            yield Story("silent", cast.compound, who.building, who.device, text, start, steps)


def _reports(cast: Cast, number: int, seed: int, since: int, until: int) -> Iterator[Story]:
    for slot in _slots(DAY_MS, 2 * HOUR_MS, since, until, 2 * DAY_MS):
        if slot // DAY_MS * 3 % 8 != number:
            continue
        start = slot + int(noise(seed, "report", slot) * 480) * MINUTE_MS
        steps = _steps(start, (30, 90, 20 * 60, 22 * 60, 30 * 60))
        place = f"{cast.name} 消防通道堆物 fire lane blocked"
        yield Story("matter", cast.compound, "", "report", place, start, steps)


def _steps(start: int, minutes: tuple[int, int, int, int, int]) -> tuple[tuple[int, State], ...]:
    """Return the whole life of a case: filed, then five steps so many minutes after the start."""
    states = (State.ACCEPTED, State.HANDLING, State.RESOLVED, State.VERIFYING, State.CLOSED)
    later = ((start + m * MINUTE_MS, state) for m, state in zip(minutes, states, strict=True))
    return ((start, State.FILED), *later)

"""The demo territory's past week as Readings and case points, so that no dashboard is empty.

Pure: times are given. A Reading follows from the seed, its device and its absolute time, so writing
the same span again, or a later one that overlaps, changes nothing that is there. Detectors report
every hour here, and every ten minutes in the last six hours: real ones say thirty times more.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from hub.case_lines import CaseEncoder
from hub.territory.demo_plan import Component, Detector, Door, DoorSensor, Panel, Territory
from model.case import Case
from model.place import Registry
from model.reading import Event, Mode, Reading, Value

from .past import (
    HOUR_MS,
    MINUTE_MS,
    SILENT_AFTER_MS,
    Story,
    casts,
    low_battery,
    noise,
    stories,
)

STEP_MS = 10 * MINUTE_MS
FINE_MS = 6 * HOUR_MS
"""So far back from the end every device reports every ten minutes; before that, every hour."""
MINUTELY_MS = 2 * HOUR_MS
"""So far back from the end open cases are said every minute; before that, every ten minutes."""
FIRE_SAID_MS = 2 * MINUTE_MS
FIRE_TIMES = 5
CHINA_MS = 8 * HOUR_MS
STEPS_AN_HOUR = HOUR_MS // STEP_MS


class Span(NamedTuple):
    """From when to when, ms."""

    since: int
    until: int


class History:
    """What every device said in a span, and what became of it."""

    def __init__(self, territory: Territory, span: Span, *, seed: int = 1) -> None:
        self.span = span
        self.stories = stories(territory, seed=seed, since=span.since, until=span.until)
        self._territory = territory
        self._seed = seed
        self._weak = {item.device for cast in casts(territory) for item in low_battery(cast)}
        self._of: dict[str, list[Story]] = {}
        for story in self.stories:
            self._of.setdefault(story.subject, []).append(story)

    @property
    def speakers(self) -> int:
        """Return how many devices and panels `readings` goes through, for a progress bar."""
        plan = self._territory
        return len(plan.detectors) + len(plan.door_sensors) + len(plan.doors) + len(plan.panels)

    def readings(self) -> Iterator[list[Reading]]:
        """Return the Readings of one device or panel after the other."""
        plan = self._territory
        for detector in plan.detectors:
            yield [*self._detector(detector), *self._fires(detector)]
        for sensor in plan.door_sensors:
            yield list(self._contact(sensor))
        for door in plan.doors:
            yield [*self._passages(door), *self._forced(door)]
        for panel in plan.panels:
            yield list(self._panel(panel))

    def case_lines(self, registry: Registry, site: str) -> Iterator[str]:
        """Return the points of all cases, and of the hub that told them, in order of time."""
        encoder = CaseEncoder(lambda: registry, site)
        grids = {story.id: _grid(registry, story) for story in self.stories}
        for story in self.stories:
            for change in story.changes(grids[story.id]):
                if self.span.since <= change.case.updated_at <= self.span.until:
                    yield encoder.changed(change)
        for at in self._beats():
            cases: list[Case] = [
                story.case_at(at, grids[story.id])
                for story in self.stories
                if story.start <= at < story.end
            ]
            yield from (encoder.beat(case, at) for case in cases)
            yield encoder.hub(cases, at)

    def _beats(self) -> Iterator[int]:
        fine = self.span.until - MINUTELY_MS
        first = -(-self.span.since // MINUTE_MS)
        for minute in range(first, self.span.until // MINUTE_MS + 1):
            if minute * MINUTE_MS >= fine or minute * MINUTE_MS % STEP_MS == 0:
                yield minute * MINUTE_MS

    def _times(self, device: str) -> Iterator[int]:
        """Return the times of a device's own rhythm."""
        offset = int(noise("offset", device) * STEP_MS)
        fine = self.span.until - FINE_MS
        first = -(-(self.span.since - offset) // STEP_MS)
        for step in range(first, (self.span.until - offset) // STEP_MS + 1):
            at = step * STEP_MS + offset
            if at >= fine or step % STEPS_AN_HOUR == 0:
                yield at

    def _now(self, device: str, category: str, at: int) -> Story | None:
        """Return the story of that kind that is happening to a device at a time."""
        for story in self._of.get(device, ()):
            if story.category == category and story.start <= at < story.resolved:
                return story
        return None

    def _detector(self, who: Detector) -> Iterator[Reading]:
        silent = [story for story in self._of.get(who.device, ()) if story.category == "silent"]
        for at in self._times(who.device):
            if any(story.start - SILENT_AFTER_MS <= at < story.resolved for story in silent):
                continue
            yield _said(who.device, "smoke_detector", at, self._measured(who, at))

    def _measured(self, who: Detector, at: int, smoke: float | None = None) -> dict[str, Value]:
        device = who.device
        if smoke is None:
            smoke = 0.005 + 0.02 * noise(self._seed, device, at, "smoke") + _cooking(device, at)
        weak = device in self._weak
        charge = 7 + 6 * noise(device) if weak else 62 + 38 * noise(device)
        values: dict[str, Value] = {
            "fire": smoke > 0.4,  # noqa: PLR2004 - dB/m, well above cooking
            "temperature_c": round(_temperature(self._seed, device, at) + 5 * smoke, 1),
            "battery_pct": round(charge),
        }
        if who.zigbee:
            values["linkquality"] = round(60 + 140 * noise(device, "link"))
        else:
            values["smoke_db_m"] = round(smoke, 4)
            values["rssi_dbm"] = round(-72 - 30 * noise(device, "rssi") - 3 * noise(device, at))
        return values

    def _fires(self, who: Detector) -> Iterator[Reading]:
        for story in self._of.get(who.device, ()):
            if story.category != "fire":
                continue
            for time in range(FIRE_TIMES + 1):
                at = story.start + time * FIRE_SAID_MS
                if not self.span.since <= at <= self.span.until:
                    continue
                over = time == FIRE_TIMES
                values = self._measured(who, at, 0.05 if over else 0.5 + 0.05 * time)
                event = Event.NONE if over else Event.FIRE_ALARM
                yield _said(who.device, "smoke_detector", at, values, event)

    def _contact(self, who: DoorSensor) -> Iterator[Reading]:
        for at in self._times(who.device):
            values: dict[str, Value] = {
                "open": noise(self._seed, who.device, at) < 0.02,  # noqa: PLR2004 - rarely open
                "battery_pct": round(70 + 30 * noise(who.device)),
                "linkquality": 120.0,
                "tamper": False,
            }
            yield _said(who.device, "door_sensor", at, values)

    def _passages(self, who: Door) -> Iterator[Reading]:
        """People go out in the morning and come home in the evening."""
        first = self.span.since // HOUR_MS
        for hour in range(first, self.span.until // HOUR_MS + 1):
            luck = noise(self._seed, who.device, hour)
            count = int(_passages_an_hour(hour) * (0.5 + luck))
            for number in range(count):
                at = hour * HOUR_MS + int(noise(who.device, hour, number) * HOUR_MS)
                if self.span.since <= at <= self.span.until:
                    denied = noise(who.device, hour, number, "denied") < 0.03  # noqa: PLR2004
                    event = Event.ACCESS_DENIED if denied else Event.ACCESS_GRANTED
                    result: dict[str, Value] = {"result": "expired" if denied else "ok"}
                    yield _said(who.device, "door", at, result, event)

    def _forced(self, who: Door) -> Iterator[Reading]:
        for story in self._of.get(who.device, ()):
            for at, forced in ((story.start, True), (story.resolved, False)):
                if self.span.since <= at <= self.span.until:
                    event = Event.DOOR_FORCED if forced else Event.NORMAL
                    yield _said(who.device, "door", at, {"forced": forced}, event)

    def _panel(self, panel: Panel) -> Iterator[Reading]:
        heat, pump = panel.components[8], panel.components[-1]
        for at in self._times(panel.transmitter):
            temperature = {"temperature_c": round(_temperature(self._seed, heat.device, at), 1)}
            yield _said(heat.device, "fire_component", at, {**temperature})
            pressure: dict[str, Value] = {"pressure_kpa": self._pressure(pump, at)}
            yield _said(pump.device, "fire_component", at, pressure)
            mains = self._now(panel.system, "mains_fault", at) is not None
            event = Event.MAINS_FAULT if mains else Event.NORMAL
            state: dict[str, Value] = {"fire": False, "fault": False, "mains_fault": mains}
            yield _said(panel.system, "fire_system", at, state, event)
            healthy: dict[str, Value] = {"fire": False, "fault": False, "line_fault": False}
            yield _said(panel.transmitter, "fire_transmitter", at, healthy, Event.NORMAL)
            for number, component in enumerate(panel.components):
                # A moment later than the analogues: one Reading a component and time.
                yield self._state(component, at + 1 + number)

    def _state(self, component: Component, at: int) -> Reading:
        isolated = self._now(component.device, "isolation", at) is not None
        fault = self._now(component.device, "pump_fault", at) is not None
        event = Event.ISOLATED if isolated else Event.FAULT if fault else Event.NORMAL
        values: dict[str, Value] = {"fire": False, "fault": fault, "isolated": isolated}
        return _said(component.device, "fire_component", at, values, event)

    def _pressure(self, pump: Component, at: int) -> float:
        low = self._now(pump.device, "low_pressure", at)
        swing = 12 * math.sin(2 * math.pi * (at + CHINA_MS) / (24 * HOUR_MS))
        level = 400 + swing + 8 * noise(self._seed, pump.device, at)
        if low is not None:
            level -= min(340.0, 2 * (at - low.start) / MINUTE_MS)
        return round(level, 1)


def _said(
    device: str, kind: str, at: int, values: dict[str, Value], event: Event = Event.NONE
) -> Reading:
    return Reading(
        device=device,
        kind=kind,
        received_at=at,
        order=1 + at % 999_999,  # like all else here, it follows from the time alone
        values={k: float(v) if type(v) is int else v for k, v in values.items()},
        event=event,
        mode=Mode.SIMULATED,
    )


def _temperature(seed: int, device: str, at: int) -> float:
    """Return °C indoors: warmest in mid-afternoon, each room a little different."""
    hour = (at + CHINA_MS) / HOUR_MS % 24
    day = 2.2 * math.cos(2 * math.pi * (hour - 15) / 24)
    return 21 + day + 3 * (noise(device, "room") - 0.5) + 0.6 * noise(seed, device, at)


def _cooking(device: str, at: int) -> float:
    """Return dB/m that comes from kitchens around noon and in the evening."""
    hour = (at + CHINA_MS) / HOUR_MS % 24
    meal = max(math.exp(-((hour - 11.8) ** 2)), math.exp(-((hour - 18.3) ** 2)))
    return 0.06 * meal * noise(device, "kitchen")


def _passages_an_hour(hour: int) -> float:
    """Return how many people pass a door in an hour since 1970 (UTC)."""
    local = (hour + 8) % 24
    out = 8 * math.exp(-(((local - 8) / 1.5) ** 2))
    home = 9 * math.exp(-(((local - 18) / 2.2) ** 2))
    return 0.4 + out + home + (2.5 if 7 < local < 22 else 0)  # noqa: PLR2004 - waking hours


def _grid(registry: Registry, story: Story) -> str:
    place = registry.place(story.building or story.compound)
    return place.grid if place else ""

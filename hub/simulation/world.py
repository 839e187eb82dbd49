"""The simulated life of a territory: what every device says and when, the same for the same seed.

Pure: no clock, no network. Times are ms since 1970 UTC, given by the caller; whoever sends the
messages waits for their times.
"""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from adapters.gb26875.times import to_label
from hub.territory.demo_plan import (
    HEAT_COMPONENT,
    Component,
    Detector,
    Door,
    DoorSensor,
    Panel,
    Territory,
)
from model.reading import Event

from .fire_adu import (
    Analogue,
    ComponentState,
    FireState,
    Operation,
    TransmitterState,
    analogues,
    component_states,
    panel_operation,
    system_state,
    transmitter_state,
    transmitter_version,
)
from .messages import DeviceMessage, FireContent, MqttContent

ZONE: Final = ZoneInfo("Asia/Shanghai")

DETECTOR_EVERY_S: Final = 120
CONTACT_EVERY_S: Final = 600
HEARTBEAT_S: Final = (20, 30)  # 空心跳: a habit of vendors, the standard has none (standards 1.8)
SYSTEM_STATE_EVERY_S: Final = 60
ANALOGUE_EVERY_S: Final = 60
COMPONENTS_EVERY_S: Final = 300
TEMPERATURE, PRESSURE_KPA = 3, 5  # analogue types, GB/T 26875.3 table 6

# Passages an hour and door, by local hour: out in the morning, home in the evening.
_PASSAGES = (0.3, 0.2, 0.1, 0.1, 0.2, 1, 3, 8, 9, 5, 4, 5, 6, 4, 4, 4, 6, 9, 10, 7, 5, 3, 1.5, 0.7)
_DENIED_SHARE = 0.03
_DENIALS = ("expired", "not_permitted", "unknown_card")
_CARDS = 6_000
_PRESSURES: Final = {"pump": (380.0, 420.0), "hydrant": (110.0, 130.0)}  # kPa, by role

Body = float | int | bool | str
Act = Callable[[int], list[DeviceMessage]]


class SmokeState(NamedTuple):
    """What a detector measures (dB/m × 100, as its maker sends it) and whether it alarms."""

    smoke: float
    alarm: bool


class World:
    """A territory in motion; incidents change its state, normal life reports it."""

    def __init__(self, territory: Territory, *, seed: int, start: int, speed: float = 1.0) -> None:
        """Begin at `start`; with a speed of 2 everything happens twice as fast."""
        self.territory = territory
        self.random = Random(seed)  # noqa: S311 - a simulated life, no secret
        self.start = start
        self.smoke: dict[str, SmokeState] = {}  # of detectors that are not at rest
        self.silent: set[str] = set()
        self.components: dict[str, FireState] = {}
        self.pressures: dict[str, float] = {}  # kPa, of components that are not at rest
        self.systems: dict[int, FireState] = {}
        self.transmitters: dict[int, TransmitterState] = {}
        self._speed = speed
        self._agenda: list[tuple[int, int, Act]] = []
        self._appointments = 0
        self._begin()

    def after(self, at: int, seconds: float) -> int:
        """Return the time `seconds` of simulated life after `at`."""
        return at + round(seconds * 1000 / self._speed)

    def held(self, at: int, seconds: float) -> int:
        """Return the time `seconds` after `at` at any speed: what a rule waits for takes its real time."""
        return at + round(seconds * 1000)

    def plan(self, at: int, act: Act) -> None:
        """Let `act` happen at a time; it returns the messages that are sent then."""
        self._appointments += 1
        heappush(self._agenda, (at, self._appointments, act))

    def messages(self) -> Iterator[DeviceMessage]:
        """Give all messages in order of time, without end."""
        while self._agenda:
            yield from self.step()

    @property
    def next_at(self) -> int | None:
        """When something happens next, None when nothing ever does."""
        return self._agenda[0][0] if self._agenda else None

    def step(self) -> list[DeviceMessage]:
        """Let the next thing happen; return what is said then."""
        at, _, act = heappop(self._agenda)
        return act(at)

    def _begin(self) -> None:
        territory = self.territory
        count = max(1, len(territory.detectors))
        for number, detector in enumerate(territory.detectors):
            # Spread evenly, so that the idle load is flat; neighbours do not speak together.
            offset = DETECTOR_EVERY_S * (number * 997 % count) / count
            self._every(DETECTOR_EVERY_S, self._detector_act(detector), first=offset)
        for number, sensor in enumerate(territory.door_sensors):
            self._every(CONTACT_EVERY_S, self._contact_act(sensor), first=2.0 + number)
        for number, panel in enumerate(territory.panels):
            self._begin_panel(panel, first=0.2 + 0.1 * number)
        if territory.doors:
            self.plan(self._next_passage(self.start), self._passage)

    def _begin_panel(self, panel: Panel, *, first: float) -> None:
        self.plan(
            self.after(self.start, first),
            lambda at: [_from_transmitter(panel, at, transmitter_version())],
        )
        self.plan(self.after(self.start, first), lambda at: [self.transmitter_message(panel, at)])
        self._every(
            SYSTEM_STATE_EVERY_S, lambda at: [self.system_message(panel, at)], first=first + 3
        )
        self._every(ANALOGUE_EVERY_S, lambda at: [self._analogues(panel, at)], first=first + 5)
        self._every(COMPONENTS_EVERY_S, lambda at: [self._all_components(panel, at)], first=first)

        def heartbeat(at: int) -> list[DeviceMessage]:
            self.plan(self.after(at, self.random.uniform(*HEARTBEAT_S)), heartbeat)
            return [_from_transmitter(panel, at, b"")]

        self.plan(self.after(self.start, first + self.random.uniform(5, 20)), heartbeat)

    def _every(self, seconds: float, act: Act, *, first: float) -> None:
        def again(at: int) -> list[DeviceMessage]:
            self.plan(self.after(at, seconds), again)
            return act(at)

        self.plan(self.after(self.start, first), again)

    # Detectors and contacts

    def _detector_act(self, detector: Detector) -> Act:
        def act(at: int) -> list[DeviceMessage]:
            return [] if detector.device in self.silent else [self.detector_message(detector, at)]

        return act

    def detector_message(
        self, detector: Detector, at: int, event: Event = Event.NONE
    ) -> DeviceMessage:
        """Let a smoke detector report what it measures now."""
        state = self.smoke.get(detector.device)
        if state is None:
            state = SmokeState(round(self.random.uniform(0.5, 3.0), 1), alarm=False)
        temperature = round(self.random.uniform(19, 24) + state.smoke / 5, 1)
        if detector.zigbee:
            content = MqttContent(
                f"zigbee2mqtt/{detector.name}",
                {
                    "battery": 90,
                    "linkquality": self.random.randint(60, 200),
                    "smoke": state.alarm,
                    "temperature": temperature,
                },
            )
        else:
            content = MqttContent(
                f"iot/{detector.compound}/nb/{detector.name}/up",
                {
                    "imei": detector.name,
                    "ts": at,
                    "smoke": state.smoke,
                    "temp": temperature,
                    "batt": 88,
                    "rssi": -self.random.randint(70, 105),
                    "alarm": int(state.alarm),
                },
            )
        return DeviceMessage(at, detector.device, "smoke_detector", event, content)

    def _contact_act(self, sensor: DoorSensor) -> Act:
        def act(at: int) -> list[DeviceMessage]:
            body: dict[str, Body] = {
                "battery": 95,
                "contact": True,
                "linkquality": 120,
                "tamper": False,
            }
            content = MqttContent(f"zigbee2mqtt/{sensor.name}", body)
            return [DeviceMessage(at, sensor.device, "door_sensor", Event.NONE, content)]

        return act

    # Doors

    def door_message(
        self, door: Door, at: int, event: str, *, result: str = "", alarm: Event = Event.NONE
    ) -> DeviceMessage:
        """Let a door controller report an event in its maker's words."""
        card = f"1503{self.random.randrange(_CARDS):06d}" if result or event == "duress" else ""
        body: dict[str, Body] = {
            "door": door.name,
            "card": card,
            "event": event,
            "result": result,
            "ts": at,
        }
        content = MqttContent(f"iot/{door.compound}/ac/{door.name}/event", body)
        return DeviceMessage(at, door.device, "door", alarm, content)

    def _passage(self, at: int) -> list[DeviceMessage]:
        self.plan(self._next_passage(at), self._passage)
        door = self.random.choice(self.territory.doors)
        if self.random.random() < _DENIED_SHARE:
            return [self.door_message(door, at, "denied", result=self.random.choice(_DENIALS))]
        return [self.door_message(door, at, "granted", result="ok")]

    def _next_passage(self, at: int) -> int:
        hour = (at // 3_600_000 + 8) % 24  # China keeps +08:00 all year
        an_hour = _PASSAGES[hour] * len(self.territory.doors)
        return self.after(at, self.random.expovariate(an_hour / 3600))

    # Fire panels

    def operation_message(
        self, panel: Panel, at: int, operation: Operation, event: Event
    ) -> DeviceMessage:
        """Let a panel report what a person did at it (type 4)."""
        adu = panel_operation(1, operation, to_label(at, ZONE))
        return _from_system(panel, at, adu, event)

    def system_message(self, panel: Panel, at: int, event: Event = Event.NONE) -> DeviceMessage:
        """Let a panel report its state now (type 1)."""
        state = self.systems.get(panel.source, FireState.RUNNING)
        adu = system_state(1, state, to_label(at, ZONE))
        return _from_system(panel, at, adu, event)

    def component_message(
        self, panel: Panel, component: Component, at: int, event: Event = Event.NONE
    ) -> DeviceMessage:
        """Let a panel report one component's state now (type 2)."""
        adu = component_states([self._state_of(component)], to_label(at, ZONE))
        content = FireContent(panel.source, adu)
        return DeviceMessage(at, component.device, "fire_component", event, content)

    def transmitter_message(
        self, panel: Panel, at: int, event: Event = Event.NONE
    ) -> DeviceMessage:
        """Let a transmission device report its own state now (type 21)."""
        state = self.transmitters.get(panel.source, TransmitterState.RUNNING)
        adu = transmitter_state(state, to_label(at, ZONE))
        return _from_transmitter(panel, at, adu, event)

    def _all_components(self, panel: Panel, at: int) -> DeviceMessage:
        adu = component_states([self._state_of(c) for c in panel.components], to_label(at, ZONE))
        return _from_system(panel, at, adu)

    def _state_of(self, component: Component) -> ComponentState:
        state = self.components.get(component.device, FireState.RUNNING)
        return ComponentState(
            component.system, component.type, component.address, state, component.description
        )

    def _analogues(self, panel: Panel, at: int) -> DeviceMessage:
        temperature = self.random.uniform(19, 24)
        objects = [
            Analogue(c.system, c.type, c.address, TEMPERATURE, round(temperature * 10))
            for c in panel.components
            if c.type == HEAT_COMPONENT
        ]
        for component in panel.components:
            usual = _PRESSURES.get(component.role)
            if usual is not None:
                pressure = self.pressures.get(component.device, self.random.uniform(*usual))
                objects.append(_pressure(component, pressure))
        adu = analogues(objects, to_label(at, ZONE))
        return _from_system(panel, at, adu)

    def pressure_message(self, panel: Panel, component: Component, at: int) -> DeviceMessage:
        """Let a panel report one component's pressure now (type 3)."""
        adu = analogues(
            [_pressure(component, self.pressures[component.device])], to_label(at, ZONE)
        )
        content = FireContent(panel.source, adu)
        return DeviceMessage(at, component.device, "fire_component", Event.NONE, content)


def _pressure(component: Component, kpa: float) -> Analogue:
    return Analogue(
        component.system, component.type, component.address, PRESSURE_KPA, round(kpa * 10)
    )


def _from_system(panel: Panel, at: int, adu: bytes, event: Event = Event.NONE) -> DeviceMessage:
    content = FireContent(panel.source, adu)
    return DeviceMessage(at, panel.system, "fire_system", event, content)


def _from_transmitter(
    panel: Panel, at: int, adu: bytes, event: Event = Event.NONE
) -> DeviceMessage:
    content = FireContent(panel.source, adu)
    return DeviceMessage(at, panel.transmitter, "fire_transmitter", event, content)

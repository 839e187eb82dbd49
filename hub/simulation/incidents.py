"""What goes wrong in the simulated territory: the same incidents for the same seed.

Each incident is a script: at these seconds this happens.
"""

from collections.abc import Callable

from hub.territory.demo_plan import CALL_POINT, SMOKE_COMPONENT, Detector, Door, Panel
from model.reading import Event

from .fire_adu import FireState, Operation, TransmitterState
from .messages import DeviceMessage
from .world import SmokeState, World

_ALARM_AT = 15.0  # dB/m × 100: 0.15 dB/m, the lowest type B threshold of GB 4715 (standards 4.1)
_FLAPS = 30
_FLAP_S = 2

Script = Callable[[World, int], None]


def fire(world: World, at: int) -> None:
    """A flat burns: smoke rises, detectors and the panel say fire, people silence and reset it."""
    place = _burning_place(world)
    if place is None:
        return
    panel, detectors = place
    for seconds, smoke in ((0, 5.0), (3, 9.5), (6, _ALARM_AT + 4)):
        set_smoke(world, detectors[0], world.after(at, seconds), smoke)
    if len(detectors) > 1:
        set_smoke(world, detectors[1], world.after(at, 15), _ALARM_AT + 8)
    _panel_says_fire(world, panel, world.after(at, 8))
    _operate(world, panel, world.after(at, 35), Operation.SILENCE, Event.SILENCED)
    for detector in detectors[:2]:
        set_smoke(world, detector, world.after(at, 170), 1.0)
    _reset(world, panel, world.after(at, 180))


def kitchen_smoke(world: World, at: int) -> None:
    """Somebody fries fish: one detector alarms for 40 s and no other."""
    detector = any_nb(world)
    if detector is None:
        return
    set_smoke(world, detector, at, _ALARM_AT + 1)
    set_smoke(world, detector, world.after(at, 40), 2.0)


def flapping_detector(world: World, at: int) -> None:
    """A dirty detector alarms and clears every two seconds for a minute."""
    detector = any_nb(world)
    if detector is None:
        return
    for number in range(_FLAPS):
        smoke = _ALARM_AT + 0.5 if number % 2 == 0 else _ALARM_AT - 1
        set_smoke(world, detector, world.after(at, number * _FLAP_S), smoke)


def silent_detector(world: World, _at: int) -> None:
    """A detector's battery ends: it is never heard again."""
    detector = any_nb(world)
    if detector is not None:
        world.silent.add(detector.device)


def forced_door(world: World, at: int) -> None:
    """A door is forced open, and closed a minute later."""
    door = _any_door(world)
    if door is None:
        return
    _door_event(world, door, at, "forced", Event.DOOR_FORCED)
    _door_event(world, door, world.after(at, 60), "normal", Event.NORMAL)


def duress(world: World, at: int) -> None:
    """Somebody opens a door under threat with the duress code."""
    door = _any_door(world)
    if door is not None:
        _door_event(world, door, at, "duress", Event.DURESS)


def mains_fault(world: World, at: int) -> None:
    """A panel and its transmission device lose mains power for two minutes."""
    if not world.territory.panels:
        return
    panel = world.random.choice(world.territory.panels)
    _mains(world, panel, at, lost=True)
    _mains(world, panel, world.after(at, 120), lost=False)


def _mains(world: World, panel: Panel, at: int, *, lost: bool) -> None:
    event = Event.MAINS_FAULT if lost else Event.NONE

    def act(now: int) -> list[DeviceMessage]:
        system = world.systems.get(panel.source, FireState.RUNNING)
        device = world.transmitters.get(panel.source, TransmitterState.RUNNING)
        if lost:
            system |= FireState.MAINS_FAULT
            device |= TransmitterState.MAINS_FAULT
        else:
            system &= ~FireState.MAINS_FAULT
            device &= ~TransmitterState.MAINS_FAULT
        world.systems[panel.source], world.transmitters[panel.source] = system, device
        return [
            world.system_message(panel, now, event),
            world.transmitter_message(panel, now, event),
        ]

    world.plan(at, act)


def set_smoke(world: World, detector: Detector, at: int, smoke: float) -> None:
    """Change what a detector measures; it reports at once, as detectors do on a change."""

    def act(now: int) -> list[DeviceMessage]:
        before = world.smoke.get(detector.device, SmokeState(1.0, alarm=False))
        after = SmokeState(smoke, alarm=smoke >= _ALARM_AT)
        if detector.device in world.silent:
            return []
        world.smoke[detector.device] = after
        event = Event.NONE
        if after.alarm and not before.alarm:
            event = Event.FIRE_ALARM
        elif before.alarm and not after.alarm:
            event = Event.FIRE_CLEARED
        return [world.detector_message(detector, now, event)]

    world.plan(at, act)


def _panel_says_fire(world: World, panel: Panel, at: int) -> None:
    """One fire, said three times: component (type 2), system (1), transmission device (21)."""
    smoke = next(c for c in panel.components if c.type == SMOKE_COMPONENT)
    call_point = next(c for c in panel.components if c.type == CALL_POINT)
    burning = FireState.RUNNING | FireState.FIRE

    def detector(now: int) -> list[DeviceMessage]:
        world.components[smoke.device] = burning
        return [world.component_message(panel, smoke, now, Event.FIRE_ALARM)]

    def system(now: int) -> list[DeviceMessage]:
        world.systems[panel.source] = world.systems.get(panel.source, burning) | burning
        return [world.system_message(panel, now, Event.FIRE_ALARM)]

    def device(now: int) -> list[DeviceMessage]:
        known = world.transmitters.get(panel.source, TransmitterState.RUNNING)
        world.transmitters[panel.source] = known | TransmitterState.FIRE
        return [world.transmitter_message(panel, now, Event.FIRE_ALARM)]

    def button(now: int) -> list[DeviceMessage]:
        world.components[call_point.device] = burning
        return [world.component_message(panel, call_point, now, Event.FIRE_ALARM)]

    for seconds, act in ((0, detector), (1, system), (1.5, device), (12, button)):
        world.plan(world.after(at, seconds), act)


def _reset(world: World, panel: Panel, at: int) -> None:
    _operate(world, panel, at, Operation.RESET, Event.RESET)

    def act(now: int) -> list[DeviceMessage]:
        burnt = [c for c in panel.components if world.components.pop(c.device, None) is not None]
        world.systems[panel.source] = (
            world.systems.get(panel.source, FireState.RUNNING) & ~FireState.FIRE
        )
        world.transmitters[panel.source] = (
            world.transmitters.get(panel.source, TransmitterState.RUNNING) & ~TransmitterState.FIRE
        )
        return [
            *(world.component_message(panel, c, now, Event.FIRE_CLEARED) for c in burnt),
            world.system_message(panel, now, Event.FIRE_CLEARED),
            world.transmitter_message(panel, now, Event.FIRE_CLEARED),
        ]

    world.plan(world.after(at, 2), act)


def _operate(world: World, panel: Panel, at: int, operation: Operation, event: Event) -> None:
    world.plan(at, lambda now: [world.operation_message(panel, now, operation, event)])


def _door_event(world: World, door: Door, at: int, word: str, event: Event) -> None:
    world.plan(at, lambda now: [world.door_message(door, now, word, alarm=event)])


def _burning_place(world: World) -> tuple[Panel, list[Detector]] | None:
    """Choose a building with a panel and at least one NB-IoT detector."""
    panels = list(world.territory.panels)
    world.random.shuffle(panels)
    for panel in panels:
        near = [
            d
            for d in world.territory.detectors
            if d.building == panel.building and not d.zigbee and d.device not in world.silent
        ]
        if near:
            return panel, near[:2]
    return None


def any_nb(world: World) -> Detector | None:
    """Return a detector at rest, None when there is none."""
    found = [
        d
        for d in world.territory.detectors
        if not d.zigbee and d.device not in world.silent and d.device not in world.smoke
    ]
    return world.random.choice(found) if found else None


def _any_door(world: World) -> Door | None:
    return world.random.choice(world.territory.doors) if world.territory.doors else None

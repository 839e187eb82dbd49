"""The incidents that can be planted by name, each a small story that a visitor can follow.

The first ones come within minutes, so that a visitor sees every kind; later ones at random, one in
ten minutes. Where a rule waits (`for:`), the story keeps its real time at any speed, or it would be
over before the rule has seen enough.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

from hub.territory.demo_plan import Component, Panel
from model.reading import Event

from . import incidents
from .fire_adu import FireState
from .incidents import Script
from .messages import DeviceMessage
from .world import DETECTOR_EVERY_S, World

GATEWAY_CUT: Final = "gateway_cut"
"""Not the simulator's to play: `smarthub up` ends the gateway for a while."""

LATER_EVERY_S: Final = 600
_HYDRANT_KPA: Final = (110.0, 96.0, 84.0, 73.0, 64.0, 58.0)
_FALL_EVERY_S: Final = 20
_REPAIRED_S: Final = 420
_COOKING: Final = ((0, 6.0), (15, 11.5), (35, 12.5), (55, 12.0), (80, 7.0), (100, 3.0))


class Story(NamedTuple):
    """An incident: what happens, and its name and course in both languages."""

    script: Script
    zh: str
    en: str
    course_zh: str
    course_en: str


def plant(world: World) -> None:
    """Put the incidents on the world's agenda, as far as it has the devices for them."""
    # The first three minutes show one of each kind, the fire at once.
    opening: tuple[tuple[float, Script], ...] = (
        (4, incidents.fire),
        (40, incidents.forced_door),
        (70, incidents.duress),
        (90, incidents.mains_fault),
        (110, incidents.flapping_detector),
        (150, dry_hydrant),
        (180, cooking),
        (DETECTOR_EVERY_S + 5, incidents.silent_detector),  # when each has been heard once
    )
    for seconds, script in opening:
        world.plan(world.after(world.start, seconds), partial(_begin, world, script))
    world.plan(world.after(world.start, LATER_EVERY_S), partial(_later, world))


def _later(world: World, at: int) -> list[DeviceMessage]:
    scripts: tuple[Script, ...] = (
        incidents.fire, incidents.forced_door, incidents.mains_fault, incidents.kitchen_smoke,
        cooking, dry_hydrant,
    )  # fmt: skip
    world.random.choice(scripts)(world, at)
    world.plan(world.after(at, world.random.expovariate(1 / LATER_EVERY_S)), partial(_later, world))
    return []


def _begin(world: World, script: Script, at: int) -> list[DeviceMessage]:
    script(world, at)
    return []


def cooking(world: World, at: int) -> None:
    """Somebody burns a meal: smoke stays below the detector's own alarm, then the window is opened."""
    detector = incidents.any_nb(world)
    if detector is not None:
        for seconds, smoke in _COOKING:
            incidents.set_smoke(world, detector, world.held(at, seconds), smoke)


def dry_hydrant(world: World, at: int) -> None:
    """A pump is isolated for repair and forgotten; the pressure at the highest hydrant falls."""
    panel = _wet_panel(world)
    if panel is None:
        return
    pump, hydrant = _part(panel, "pump"), _part(panel, "hydrant")
    _pump(world, panel, pump, at, isolated=True)
    for step, pressure in enumerate(_HYDRANT_KPA):
        _press(world, panel, hydrant, world.held(at, 10 + step * _FALL_EVERY_S), pressure)
    repaired = world.held(at, _REPAIRED_S)
    _pump(world, panel, pump, repaired, isolated=False)
    _press(world, panel, hydrant, world.held(repaired, 10), _HYDRANT_KPA[0])


def _wet_panel(world: World) -> Panel | None:
    """Choose a panel whose pump works, if there is one where this never happened: it is a case of its own."""
    working = [p for p in world.territory.panels if _part(p, "pump").device not in world.components]
    never = [p for p in working if _part(p, "hydrant").device not in world.pressures]
    return world.random.choice(never or working) if working else None


def _part(panel: Panel, role: str) -> Component:
    return next(component for component in panel.components if component.role == role)


def _pump(world: World, panel: Panel, pump: Component, at: int, *, isolated: bool) -> None:
    def act(now: int) -> list[DeviceMessage]:
        if isolated:
            world.components[pump.device] = FireState.RUNNING | FireState.ISOLATED
        else:
            world.components.pop(pump.device, None)
        event = Event.ISOLATED if isolated else Event.ISOLATION_CLEARED
        return [world.component_message(panel, pump, now, event)]

    world.plan(at, act)


def _press(world: World, panel: Panel, hydrant: Component, at: int, kpa: float) -> None:
    def act(now: int) -> list[DeviceMessage]:
        world.pressures[hydrant.device] = kpa
        return [world.pressure_message(panel, hydrant, now)]

    world.plan(at, act)


STORIES: Mapping[str, Story] = MappingProxyType(
    {
        "cooking": Story(
            cooking,
            "烹饪油烟",
            "Burnt meal",
            "烟雾升高但未达报警值：预警，开窗后解除",
            "Smoke below the alarm point: a pre-alarm, cleared when a window is opened",
        ),
        "fire": Story(
            incidents.fire,
            "住户火灾",
            "Fire in a flat",
            "烟感报警，控制器随后上报，手报按下：机器印证，等待人工确警；3 分钟后复位",
            "A detector, the panel, then a call point: machine-corroborated, waits for a person; reset after 3 min",
        ),
        "forced_door": Story(
            incidents.forced_door,
            "强行开门",
            "Door forced",
            "单元门被强行打开，一分钟后关闭",
            "An entrance is forced open and closed a minute later",
        ),
        "duress": Story(
            incidents.duress,
            "胁迫开门",
            "Duress",
            "有人被迫开门：小区内静默，只通知中心",
            "Somebody opens under threat: silent at the compound, told to the centre only",
        ),
        "dry_hydrant": Story(
            dry_hydrant,
            "消火栓压力下降",
            "Hydrant runs dry",
            "消防泵被屏蔽，最不利点压力逐渐下降；7 分钟后恢复",
            "A pump is isolated and the pressure at the highest hydrant falls; repaired after 7 min",
        ),
        "mains_fault": Story(
            incidents.mains_fault,
            "主电故障",
            "Mains fault",
            "控制器与传输装置失去主电，两分钟后恢复",
            "A panel and its transmitter lose mains for two minutes",
        ),
        "flapping": Story(
            incidents.flapping_detector,
            "探测器反复报警",
            "Chattering detector",
            "一只脏污探测器每两秒报警一次：一个案件，不成风暴",
            "A dirty detector alarms every two seconds: one case, no storm",
        ),
        "silent": Story(
            incidents.silent_detector,
            "探测器失联",
            "Detector falls silent",
            "一只探测器电池耗尽：按其上报周期判为失联（约 5 分钟）",
            "A battery ends: noticed by the detector's own contract, in about 5 min",
        ),
    }
)
"""By name; the page offers them, the simulator plays them."""

CUT: Final = Story(
    lambda _world, _at: None,
    "网关断电",
    "Gateway power cut",
    "网关停机 2 分钟：一个“网关失联”案件，设备失联被合并；恢复后不补发风暴",
    "The gateway is down for 2 min: one case for it, none for its devices, and no storm on return",
)

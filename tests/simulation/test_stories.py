"""Each story of the demo makes the case that it promises, at any speed."""

import msgspec
import pytest

from hub.simulation.stories import STORIES
from hub.simulation.world import World
from hub.territory.demo_territory import demo_documents, demo_territory
from hub.territory.registry_files import load_registry
from model.reading import Event, Lane
from tests.rules.town import MINUTE, SECOND, Town, started

from .test_world import START, decoded

HEARD_S = 125  # each detector has been heard once
SIZE = {"detectors": 60, "panels": 2, "doors": 2}
PROMISED = {
    "cooking": {"fire_pre_alarm"},
    "fire": {"fire"},
    "forced_door": {"door_forced"},
    "duress": {"duress"},
    "dry_hydrant": {"isolation", "low_pressure"},
    "mains_fault": {"mains_fault"},
    "flapping": {"fire"},
    "silent": {"silent"},
}


def told(name: str, speed: float) -> set[str]:
    """Return what the ready-made rules start, until a story has kept its promise or 8 min are over."""
    world = World(demo_territory(**SIZE), seed=3, start=START, speed=speed)
    town = Town(places=load_registry(demo_documents(**SIZE)))
    town.now = START
    world.plan(world.after(START, HEARD_S), lambda at: STORIES[name].script(world, at) or [])
    found: set[str] = set()
    while town.now < START + 8 * MINUTE and not PROMISED[name] <= found:
        while world.next_at is not None and world.next_at <= town.now:
            for reading in [r for message in world.step() for r in decoded(message)]:
                town.order += 1
                here = msgspec.structs.replace(reading, gateway="gw", epoch="e1", order=town.order)
                said = town.engine.observe([here], Lane.ALARM, town.now)
                found |= {anomaly.category for anomaly in started(said)}
        found |= {anomaly.category for anomaly in started(town.pass_time(SECOND))}
    return found


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("speed", [1, 60])
def test_each_story_makes_its_case_at_any_speed(name: str, speed: float) -> None:
    """A hold time of a rule is real, however fast the life around it goes."""
    assert told(name, speed) >= PROMISED[name]


def test_the_next_hydrant_runs_dry_at_another_panel() -> None:
    """A pump that is under repair already would make no case of its own; with no other left, none fails."""
    world = World(demo_territory(**SIZE), seed=3, start=START, speed=60)
    isolated: list[str] = []
    for turn in range(3):
        STORIES["dry_hydrant"].script(world, START + turn * MINUTE)
        while world.next_at is not None and world.next_at < START + (turn + 1) * MINUTE:
            isolated += [m.device for m in world.step() if m.event is Event.ISOLATED]
    assert len(isolated) == len(set(isolated)) == 2

"""What may happen in a life: devices speak, people act (the faults are in `faults.py`)."""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from types import MappingProxyType

import msgspec

from model.entry import Action, EntryKind, Report
from model.reading import Event, Value

from . import faults
from .script import Step
from .world import World

Deed = Callable[[World, Step], Awaitable[None]]
_FIELDS: dict[str, dict[str, Value | list[str] | None]] = {
    "acknowledge": {},
    "confirm": {"outcome": "real"},
    "assign": {"to": "zhang"},
    "accept": {"by": "zhang"},
    "start": {"by": "zhang"},
    "resolve": {"result": "put out", "by": "zhang", "cause": "cooking", "repair_note": "done"},
    "verify": {"ok": True},
    "close": {},
    "note": {"text": "seen"},
    "suspend": {"reason": "waiting"},
    "rework": {"reason": "it still smells"},
}


async def pass_time(world: World, step: Step) -> None:
    """Let seconds pass."""
    await world.pass_time(int(step.args[0]), step.salt)


async def fire(world: World, step: Step) -> None:
    """A detector says fire; one that burns says it again."""
    _burn(world, str(step.args[0]))


async def calm(world: World, step: Step) -> None:
    """A detector takes it back, or says that there never was one."""
    _cool(world, str(step.args[0]))


async def calm_all(world: World, _: Step) -> None:
    """Everything that burns is put out."""
    for name, gadget in world.gadgets.items():
        if gadget.fire:
            _cool(world, name)


async def flicker(world: World, step: Step) -> None:
    """A detector comes and goes within one breath."""
    for _ in range(int(step.args[1])):
        _burn(world, str(step.args[0]))
        _cool(world, str(step.args[0]))


async def panel_fire(world: World, step: Step) -> None:
    """One fire, said three times: by the component, its panel and the transmission device."""
    b = step.args[0]
    for name in (f"gb-{b}-1-1-00000001", f"gb-{b}-1-1", f"gb-{b}"):
        _burn(world, name)


async def reset(world: World, step: Step) -> None:
    """Somebody resets the panel's line: nothing behind it burns any more."""
    source = f"gb-{step.args[0]}"
    for gadget in world.gadgets.values():
        if gadget.source == source:
            gadget.fire = False
    world.says(source, Event.RESET)


async def silence_sound(world: World, step: Step) -> None:
    """Somebody silences the sounder; it burns on."""
    world.says(f"gb-{step.args[0]}-1-1", Event.SILENCED, {"op_silenced": True})


async def telemetry(world: World, step: Step) -> None:
    """A few detectors say how they are."""
    chance = Random(step.salt)
    names = [name for name, gadget in world.gadgets.items() if gadget.kind == "smoke_detector"]
    for name in chance.sample(names, int(step.args[0])):
        temperature = chance.randint(15, 30)
        world.says(name, values={"temperature_c": float(temperature)})


async def smoke(world: World, step: Step) -> None:
    """A detector measures smoke, in 1/100 dB/m."""
    world.says(str(step.args[0]), values={"smoke_db_m": int(step.args[1]) / 100})


async def door(world: World, step: Step) -> None:
    """A door is forced, and closed."""
    name = f"ac-{step.args[0]}"
    world.says(name, Event.DOOR_FORCED, {"forced": True})
    world.says(name, Event.NORMAL, {"forced": False})


async def fall_silent(world: World, step: Step) -> None:
    """A watched detector stops reporting, or begins again."""
    gadget = world.gadgets[f"nb-{step.args[0]}-3"]
    gadget.silent = not gadget.silent


async def act(world: World, step: Step) -> None:
    """A person does something to one of the cases; the desk may refuse it."""
    if not world.hub.up:
        return
    opened = sorted(world.hub.desk.core.desk.open_cases(), key=lambda case: case.id)
    if not opened:
        return
    case = opened[int(step.args[1]) % len(opened)]
    name = str(step.args[0])
    fields = dict(_FIELDS[name])
    if name == "suspend":
        fields["until"] = float(world.wall("hub") + 60_000)
    world.ledger.worked_on.add(case.id)
    actor = "wang" if name in {"verify", "close"} else "zhang"
    order = Action(case.id, name, actor, world.wall("hub"), fields, id=f"a{step.salt}")
    await world.order(EntryKind.ACTION, msgspec.json.encode(order))


async def report(world: World, step: Step) -> None:
    """A resident reports something."""
    number, place, word = f"r{step.salt}", f"b-{step.args[0]}", str(step.args[1])
    order = Report(number, place, word, "seen from the street", "li", world.wall("hub"))
    await world.order(EntryKind.REPORT, msgspec.json.encode(order))


def _burn(world: World, name: str) -> None:
    world.gadgets[name].fire = True
    world.says(name, Event.FIRE_ALARM, {"fire": True})


def _cool(world: World, name: str) -> None:
    world.gadgets[name].fire = False
    world.says(name, values={"fire": False, "temperature_c": 21.0})


DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        **{
            deed.__name__: deed
            for deed in (
                pass_time, fire, calm, calm_all, flicker, panel_fire, reset, silence_sound,
                telemetry, smoke, door, fall_silent, act, report,
            )
        },
        **faults.FAULTS,
    }
)  # fmt: skip

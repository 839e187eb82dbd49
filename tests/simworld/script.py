"""A seeded life as plain data: which weather reigns, and what happens step by step.

Every step carries its own `salt` for the small chances inside it, so that taking one step out does
not change what the others do. That is what makes a failing seed shrink.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from .town import BUILDINGS, GATEWAYS

Arg = int | str


class Step(NamedTuple):
    """One thing that happens: the name of a function of `deeds.py` or `faults.py`, and its arguments."""

    deed: str
    args: tuple[Arg, ...] = ()
    salt: int = 0


class Weather(NamedTuple):
    """What the broker does to messages all the time, in percent."""

    lose: int = 0
    lose_receipts: int = 0
    repeat: int = 0
    delay: int = 0
    reorder: bool = False


class Script(NamedTuple):
    """A whole life."""

    seed: int
    weather: Weather
    steps: tuple[Step, ...]


CALM = Weather()
STEPS = 30
_SMOKES = tuple(f"nb-{b}-{n}" for b in BUILDINGS for n in (1, 2, 3))
_COMPONENTS = tuple(f"gb-{b}-1-1-0000000{n}" for b in BUILDINGS for n in (1, 2))
_HUB_POINTS = (
    "after_log_append", "after_receipt", "before_case_commit", "after_case_commit",
)  # fmt: skip
_GATEWAY_POINTS = (
    "after_outbox_commit", "after_publish", "before_forget_alarm", "before_forget_telemetry",
)  # fmt: skip
_HOUR = 3_600_000
_CLOCKS = (_HOUR, -_HOUR, -1, 24 * _HOUR, 7 * 60_000, -7 * 60_000)
_ACTIONS = (
    "acknowledge", "confirm", "assign", "accept", "start", "resolve", "verify", "close", "note",
    "suspend", "rework",
)  # fmt: skip


def _gateway(chance: Random) -> str:
    return chance.choice(GATEWAYS)


_LIFE: dict[str, Callable[[Random], tuple[Arg, ...]]] = {
    "fire": lambda c: (c.choice(_SMOKES + _COMPONENTS),),
    "panel_fire": lambda c: (c.choice(BUILDINGS),),
    "calm": lambda c: (c.choice(_SMOKES + _COMPONENTS),),
    "calm_all": lambda _: (),
    "flicker": lambda c: (c.choice(_SMOKES), c.randint(1, 3)),
    "reset": lambda c: (c.choice(BUILDINGS),),
    "silence_sound": lambda c: (c.choice(BUILDINGS),),
    "telemetry": lambda c: (c.randint(1, 6),),
    "smoke": lambda c: (c.choice(_SMOKES), c.choice((2, 12, 20))),
    "door": lambda c: (c.choice(BUILDINGS),),
    "fall_silent": lambda c: (c.choice(BUILDINGS),),
    "act": lambda c: (c.choice(_ACTIONS), c.randint(0, 5)),
    "report": lambda c: (c.choice(BUILDINGS), c.choice(("fire", "matter"))),
}
_OFTEN = ("fire", "fire", "panel_fire", "calm", "calm", "telemetry", "act")
_FAULTS: dict[str, Callable[[Random], tuple[Arg, ...]]] = {
    "kill_hub": lambda c: (c.randint(1, 40),),
    "hub_dies_at": lambda c: (c.choice(_HUB_POINTS), c.randint(1, 4), c.randint(1, 20)),
    "kill_gateway": lambda c: (_gateway(c), c.randint(1, 40)),
    "gateway_dies_at": lambda c: (_gateway(c), c.choice(_GATEWAY_POINTS), c.randint(1, 3), 5),
    "broker_away": lambda c: (c.randint(2, 40),),
    "broker_forgets": lambda _: (),
    "hub_clock": lambda c: (c.choice(_CLOCKS),),
    "gateway_clock": lambda c: (_gateway(c), c.choice(_CLOCKS)),
    "hub_disk": lambda c: (c.randint(2, 30),),
    "gateway_disk": lambda c: (_gateway(c), c.randint(2, 30)),
    "case_disk": lambda c: (c.randint(1, 3),),
    "reinstall": lambda c: (_gateway(c),),
    "clone": lambda c: (_gateway(c),),
    "retained": lambda c: (c.choice(_SMOKES),),
    "reload": lambda c: (c.randint(0, 1),),
    "walk_test": lambda c: (c.choice(("c-1", *_SMOKES)), c.randint(10, 200)),
    "suspend_hub": lambda c: (c.randint(10, 120),),
}


def script(seed: int, steps: int = STEPS) -> Script:
    """Return the life of a seed: a random subset of faults, so that each can show without the others."""
    chance = Random(seed)
    faults = [name for name in _FAULTS if chance.random() < 0.3]
    life = [*_OFTEN, *(name for name in _LIFE if chance.random() < 0.6)]
    rough = chance.random() < 0.5
    weather = Weather(
        lose=chance.choice((0, 10, 30)) if rough else 0,
        lose_receipts=chance.choice((0, 30, 60)) if rough else 0,
        repeat=chance.choice((0, 20)) if rough else 0,
        delay=chance.choice((0, 20, 50)) if rough else 0,
        reorder=rough and chance.random() < 0.5,
    )
    found: list[Step] = []
    for number in range(steps):
        table, names = (_FAULTS, faults) if faults and chance.random() < 0.25 else (_LIFE, life)
        name = chance.choice(names)
        salt = seed * 1_000 + number
        found.append(Step(name, table[name](chance), salt))
        if chance.random() < 0.6:
            span = chance.choice((2, 2, 4, 6, 10, 20))
            found.append(Step("pass_time", (span,), salt + 500))
    if chance.random() < 0.08:
        found.insert(chance.randrange(len(found)), Step("pass_time", (660,), seed))
    return Script(seed, weather, tuple(found))


def as_code(found: Script) -> str:
    """Return a script as Python that can stand in a regression test."""
    steps = "".join(f"        {_step(step)},\n" for step in found.steps)
    weather = ", ".join(
        f"{name}={value}" for name, value in found.weather._asdict().items() if value
    )
    return f"Script(\n    {found.seed},\n    Weather({weather}),\n    (\n{steps}    ),\n)"


def _step(step: Step) -> str:
    return f'Step("{step.deed}", {step.args!r}, {step.salt})'

"""Lives a script, and makes a failing life short: steps and weather are taken out for as long as the same promise breaks."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from .broken import Broken
from .inline import quick
from .script import CALM, Script
from .world import World

Breaks = Callable[[Script], str]
"""Returns the promise that a script breaks, or an empty text."""


def run(script: Script, folder: Path) -> World:
    """Live a script in a folder; raises Broken where a promise does not hold."""
    with quick():
        world = World(script, folder)
        try:
            asyncio.run(world.run())
        except Broken as error:
            error.trace = world.trace
            raise
        except Exception as error:
            broken = Broken("nothing breaks by itself", repr(error))
            broken.trace = world.trace
            raise broken from error
    return world


def broken_by(script: Script) -> Broken | None:
    """Live a script in a folder of its own; return what it broke."""
    shared = Path("/dev/shm")  # noqa: S108 - only quicker; any folder will do
    where = shared if shared.is_dir() else None
    with TemporaryDirectory(prefix="simworld-", dir=where) as folder:
        try:
            run(script, Path(folder) / "world")
        except Broken as broken:
            return broken
    return None


def shrink(script: Script, *, tries: int = 400, breaks: Breaks | None = None) -> Script:
    """Return a shorter script that breaks the same promise; at most `tries` lives are lived."""
    judge = breaks or (lambda found: broken.promise if (broken := broken_by(found)) else "")
    promise = judge(script)
    left = tries
    if not promise:
        raise ValueError(f"seed {script.seed} breaks nothing: there is nothing to shrink")

    def same(found: Script) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and judge(found) == promise

    if same(script._replace(weather=CALM)):
        script = script._replace(weather=CALM)
    size = len(script.steps) // 2
    while size:
        at = 0
        while at < len(script.steps):
            shorter = script._replace(steps=script.steps[:at] + script.steps[at + size :])
            if same(shorter):
                script = shorter
            else:
                at += size
        size //= 2
    return script

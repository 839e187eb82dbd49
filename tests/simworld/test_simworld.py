"""Seeded lives of a whole site, under random subsets of faults: every promise of trust.md holds."""

import os
import subprocess
from pathlib import Path

import pytest

from .broken import Broken
from .script import Script, Step, Weather, as_code, script
from .shrink import broken_by, shrink

SEEDS = int(os.environ.get("SMARTHUB_SEEDS") or (300 if os.environ.get("CI") == "true" else 60))
GROUP = 20

pytestmark = pytest.mark.trust


def told(broken: Broken, life: Script) -> str:
    """Say what broke, how to see it again, and the trace."""
    asked = subprocess.run(  # which commit: for the report only
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    commit = asked.stdout.strip() or "unknown"
    return "\n".join(
        [
            f"seed={life.seed} commit={commit}: {broken}",
            *broken.trace,
            f"shrink it: python -m tests.simworld {life.seed} --shrink",
        ]
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, SEEDS, GROUP))
def test_no_life_breaks_a_promise(first: int) -> None:
    """Faults come in random subsets, so that one does not hide what another does."""
    for seed in range(first, min(first + GROUP, SEEDS)):
        life = script(seed)
        broken = broken_by(life)
        assert broken is None, told(broken, life)


def test_a_seed_always_lives_the_same_life() -> None:
    """What fails once fails again; the code of a life is that life."""
    assert script(7) == script(7)
    assert script(7) != script(8)
    names = {"Script": Script, "Weather": Weather, "Step": Step}
    assert eval(as_code(script(7)), names) == script(7)  # noqa: S307 - code of our own


def test_a_failing_life_shrinks_to_what_breaks_it() -> None:
    """Everything that does not matter is taken out; the promise that breaks stays the same."""
    life = Script(1, Weather(lose=30), tuple(Step("pass_time", (2,), n) for n in range(40)))
    marked = life._replace(
        steps=(*life.steps[:11], Step("fire", ("nb-1-1",)), *life.steps[11:30], Step("calm_all"))
    )

    def breaks(found: Script) -> str:
        deeds = [step.deed for step in found.steps]
        needs = "fire" in deeds and "calm_all" in deeds[deeds.index("fire") :]
        return "a promise" if needs else "another" if deeds else ""

    short = shrink(marked, breaks=breaks)
    assert [step.deed for step in short.steps] == ["fire", "calm_all"]
    assert short.weather == Weather()

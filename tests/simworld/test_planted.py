"""The simulation is worth something only if it finds bugs: each planted one is found by its seed."""

from pathlib import Path

import pytest

from .planted import PLANTED
from .script import script
from .shrink import broken_by

DOCS = Path(__file__).parents[2] / "docs" / "simulation.md"

pytestmark = [pytest.mark.trust, pytest.mark.timeout(300)]


def found_by() -> dict[str, tuple[int, str]]:
    """Return the list in the docs: bug → the first seed that finds it, and the promise it breaks."""
    text = DOCS.read_text(encoding="utf-8").partition("## Planted bugs")[2]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0]: (int(cells[1]), cells[2]) for cells in rows if cells[1].isdecimal()}


def test_every_planted_bug_is_in_the_list() -> None:
    """At least 15 of them, as trust.md asks."""
    assert found_by().keys() == PLANTED.keys()
    assert len(PLANTED) >= 15


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str) -> None:
    """With the bug the seed's life breaks the promise; without it, it breaks none."""
    seed, promise = found_by()[bug]
    with PLANTED[bug]():
        broken = broken_by(script(seed))
    assert broken is not None, f"{bug} went unnoticed in the life of seed {seed}"
    assert broken.promise == promise

"""What every kind keeps: a restart after any step of any story changes nothing, and pages tell the truth."""

from pathlib import Path

import pytest

from model.anomaly import Anomaly
from rules.engine import Engine
from rules.rulefile import load_rules
from rules.rulestest import World, end_of, run_tests
from rules.specs import Spec
from rules.specs.story import Story

from .town import library_texts

DOCS = Path(__file__).parents[2] / "docs"


def page_texts() -> dict[str, str]:
    """Return the rule files that the pages of the kinds show."""
    texts = {}
    for page in sorted((DOCS / "rules").glob("*.md")):
        blocks = page.read_text(encoding="utf-8").split("```yaml\n")[1:]
        for number, block in enumerate(blocks):
            texts[f"{page.name}/{number}"] = block.split("```")[0]
    return texts


def _stories() -> list[tuple[Spec, Story]]:
    texts = library_texts() | page_texts()
    specs = [spec for name in texts for spec in load_rules({name: texts[name]}).specs]
    return [(spec, story) for spec in specs for story in spec.tests]


class Restarting(World):
    """A hub that restarts after every step and twice in each pause."""

    def __init__(self, spec: Spec, story: Story) -> None:
        super().__init__(spec, story)
        self._rows: dict[tuple[str, str], bytes] = {}

    def restart(self) -> None:
        """Keep the changed rows, and go on with a new engine made of what was kept."""
        for rule, subject, state in self.engine.dirty():
            self._rows.pop((rule, subject), None)
            if state:
                self._rows[rule, subject] = state
        self.engine = Engine(self.engine.book.registry, self.rules)
        self.engine.restore((rule, subject, row) for (rule, subject), row in self._rows.items())
        assert self.engine.orphans == []


def _said(world: World, story: Story) -> tuple[list[Anomaly], list[Anomaly]]:
    before = 0
    for step in story.steps:
        if isinstance(world, Restarting):
            for part in (1, 2):
                world.wait_until(before + (step.at - before) * part // 3 // 1000 * 1000)
                world.restart()
        world.wait_until(step.at)
        world.take(step)
        before = step.at
        if isinstance(world, Restarting):
            world.restart()
    world.wait_until(end_of(world.rules.specs[0], story))
    assert not world.engine.failures, world.engine.last_failure
    return world.said, world.engine.open()


@pytest.mark.parametrize(
    ("spec", "story"),
    [pytest.param(*pair, id=f"{pair[0].id}: {pair[1].name}") for pair in _stories()],
)
def test_a_restart_after_every_step_changes_nothing(spec: Spec, story: Story) -> None:
    """The same anomalies, byte for byte, and the same left open."""
    assert _said(Restarting(spec, story), story) == _said(World(spec, story), story)


@pytest.mark.parametrize("name", sorted(page_texts()))
def test_the_example_of_a_kind_s_page_runs(name: str) -> None:
    """What a page shows is a rule whose stories hold."""
    results = run_tests({name: page_texts()[name]})
    assert results
    assert [str(result) for result in results if not result.passed] == []

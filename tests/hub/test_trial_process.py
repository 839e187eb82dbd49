"""Processes of trials: one that breaks in the middle of a word has failed, and says so."""

import asyncio

import pytest

from hub.trial_process import TrialRuns


@pytest.mark.parametrize("how", ["short", "long"])
async def test_half_a_line_is_a_trial_that_broke(how: str) -> None:
    """Nobody looks at a bar for ever."""
    runs = TrialRuns("tests.hub.half_trial", limit_s=lambda: 30.0, slow="slow", broke="it broke")
    name = runs.start("li", {"how": how})
    async with asyncio.timeout(30):
        while (state := runs.state("li", name)) and state["state"] == "running":
            await asyncio.sleep(0.05)
    assert state == {"state": "failed", "done": 0.5, "error": "it broke"}

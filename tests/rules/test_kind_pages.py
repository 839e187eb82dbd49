"""What the pages of the kinds show are rules whose stories hold."""

from pathlib import Path

import pytest

from rules.rulestest import run_tests

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "conditions")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_sample_of_a_page_runs(page: Path) -> None:
    """As a reader would run it, by `smarthub rules test`."""
    sample = page.read_text("utf-8").split("```yaml\n")[1].split("```")[0]
    results = run_tests({page.name: sample})
    assert [str(result) for result in results if not result.passed] == []
    assert results

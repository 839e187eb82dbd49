"""Proposals: stricter limits tried on the log; the best is written down with its backtest, no more."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.backtest.proposal import candidates, edited
from hub.backtest.source import log_folder
from hub.cli import app
from hub.documents import folder_rules, library_rules
from model.errors import HubError
from rules.rulefile import load_rules
from rules.specs import ThresholdSpec

from .kitchens import kitchens
from .recorded import RULES

RULE = "smoke-pre-alarm"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's folder with a rule that cried wolf twice and was right once."""
    return kitchens(tmp_path_factory)


def test_the_best_limit_spares_the_false_ones_and_keeps_the_real_one(
    data: Path, tmp_path: Path
) -> None:
    """0.125 dB/m: both kitchens are quiet, the fire is found as before. Nothing is applied."""
    out = tmp_path / "proposal"
    words = ["rules", "propose", RULE, "--data", str(data), "--out", str(out)]
    before = {path.name: path.read_bytes() for path in log_folder(data).glob("*.db")}
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert f"{RULE}: above 0.125" in result.output
    proposed = load_rules(folder_rules(out))
    (spec,) = [spec for spec in proposed.specs if spec.id == RULE]
    assert isinstance(spec, ThresholdSpec)
    assert spec.above == pytest.approx(0.125)
    assert "gone" in (out / "backtest.html").read_text(encoding="utf-8")
    assert {path.name: path.read_bytes() for path in log_folder(data).glob("*.db")} == before


def test_a_rule_whose_false_alarms_no_limit_spares_gets_no_proposal(
    data: Path, tmp_path: Path
) -> None:
    """Exit code 1, and nothing is written."""
    out = tmp_path / "proposal"
    words = ["rules", "propose", "battery-low", "--data", str(data), "--out", str(out)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("rule", "words"), [("no-such", "no rule no-such is in force"), ("duress", "has no limit")]
)
def test_what_cannot_be_moved_is_said(rule: str, words: str) -> None:
    """With where to look instead."""
    with pytest.raises(HubError, match=words):
        candidates(RULES, rule)


def test_a_candidate_names_the_tests_that_no_longer_hold() -> None:
    """Its own stories were written for the old limit."""
    found = {one.change: one.failing for one in candidates(RULES, RULE)}
    assert found[f"{RULE}: above 0.2"]
    assert found[f"{RULE}: for 60s"]


def test_an_edit_touches_one_line_of_one_rule() -> None:
    """Comments stay; a key that is not there is added; a rule of the same file is left alone."""
    text = (
        "rules:\n"
        "  - id: a\n    kind: threshold\n    above: 1  # why\n    tests:\n      - {above: 9}\n"
        "  - id: b\n    above: 1\n"
    )
    assert edited(text, 2, "above", "2") == text.replace("above: 1  # why", "above: 2  # why")
    remarked = text.replace("    above: 1  # why", "# at the left\n    above: 1  # why")
    assert edited(remarked, 2, "above", "2") == remarked.replace("above: 1  #", "above: 2  #")
    assert edited(text, 7, "for", "5s") == text.replace("id: b\n", "id: b\n    for: 5s\n")
    library = library_rules()
    rules = load_rules(library)
    file, line = rules.lines[RULE]
    changed = load_rules({**library, file: edited(library[file], line, "severity", "warning")})
    pairs = zip(rules.specs, changed.specs, strict=True)
    assert [old.id for old, new in pairs if old.hash != new.hash] == [RULE]

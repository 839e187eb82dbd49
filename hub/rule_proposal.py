"""Looks for a limit of a rule that spares false alarms and misses nothing, on the log of this hub."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from rules.rulefile import RuleSet, load_rules

from .backtest.compared import compared
from .backtest.page import written as report_of
from .backtest.proposal import Judged, best, judged
from .rule_texts import written
from .trial_log import TrialLog
from .trial_process import Json


def proposed(given: Json, progress: Callable[[float], None]) -> Json:
    """Try stricter limits of a rule in force; write the best one's report. Raises HubError.

    `candidates` holds each with its text as the rule's page shows it; `best` is the number of the one
    that spares most and loses nothing, None without one, and then there is no report.
    """
    history, rule = TrialLog(given), str(given["rule"])
    zone = ZoneInfo(str(given["zone"]))
    compare = partial(compared, span=(history.since, None), zone=zone, progress=progress)
    tried = judged(history.recording, rule, in_force=history.in_force, compare=compare)
    chosen = best(tried)
    if chosen is not None:
        report = report_of(chosen.result, zone, made_by=chosen.candidate.change)
        Path(str(given["report"])).write_text(report, encoding="utf-8")
    result, loaded = tried[0].result, load_rules(history.in_force.documents)
    return {
        "candidates": [_in_short(one, rule, loaded) for one in tried],
        "best": None if chosen is None else tried.index(chosen),
        "since": result.since,
        "until": result.until,
        "remarks": list(result.remarks),
    }


def _in_short(one: Judged, rule: str, in_force: RuleSet) -> Json:
    """Say what came of a candidate; `in_force` tells where the rule stands, which no candidate moves."""
    result, file = one.result, in_force.lines[rule][0]
    return {
        "change": one.candidate.change.removeprefix(f"{rule}: "),
        "fewer_false": one.fewer_false,
        "missed": len(result.missed),
        "defects": list(result.defects),
        "cases": list(result.counts),
        "failing_tests": list(one.candidate.failing),
        "text": written(one.candidate.rules.documents[file], rule, in_force),
    }  # fmt: skip

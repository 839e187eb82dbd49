"""Tries another text of a rule on the log of this hub: a process of its own, which may be ended.

It takes one line of JSON (`data`, `rule`, `text`, `since` in ms, `zone`, `report`), writes the report with
its charts, and says lines of JSON: how far it is, and at last what came of it in short, or why not.
Without a text (null) it looks for a better limit itself.
"""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.comparing import Kind
from model.errors import HubError

from .backtest.compared import compared
from .backtest.page import written
from .backtest.replay import Side, recorded
from .backtest.result import Result, judged_count
from .backtest.words import percent
from .rule_edit import failing_tests, with_text
from .rule_proposal import proposed
from .trial_child import orders, say
from .trial_log import TrialLog
from .trial_process import Json

CPU_S = 900


def main() -> None:
    """Take the orders, and say what came of them."""
    given = orders(cpu_s=CPU_S)
    work = proposed if given["text"] is None else tried
    try:
        say(result=work(given, lambda done: say(done=done)))
    except HubError as error:
        say(error=str(error))
    except MemoryError:
        say(
            error="the log of this time needs too much memory; choose a shorter time 请缩短时间范围"
        )


def tried(given: Json, progress: Callable[[float], None]) -> Json:
    """Replay the log with the rules in force and with the changed one; raises HubError."""
    history, rule = TrialLog(given), str(given["rule"])
    recording, in_force = history.recording, history.in_force
    changed = with_text(in_force, rule, str(given["text"]))
    sides = [
        recorded(recording),
        Side("in force 现行", in_force, recording),
        Side(f"{rule} changed 修改后", changed, recording),
    ]
    zone = ZoneInfo(str(given["zone"]))
    (result,) = compared(
        recording, sides, [(sides[1], sides[2])], span=(history.since, None), zone=zone,
        progress=progress,
    )  # fmt: skip
    report = Path(str(given["report"]))
    report.write_text(written(result, zone, made_by=f"{rule}:\n{given['text']}"), encoding="utf-8")
    return {**in_short(result), "failing_tests": failing_tests(changed.documents, rule)}


def in_short(result: Result) -> Json:
    """Return what a person wants to know first."""
    return {
        "passes": result.passes,
        "missed": len(result.missed),
        "matters": len(result.rows),
        "judged": judged_count(result.rows),
        "cases": list(result.counts),
        "notices": list(result.notices),
        "precision": [percent(result.old_precision.share), percent(result.new_precision.share)],
        "kinds": {kind: count for kind, count in result.kinds.items() if kind != Kind.SAME},
        "since": result.since,
        "until": result.until,
        "defects": list(result.defects),
        "remarks": list(result.remarks),
    }  # fmt: skip


if __name__ == "__main__":
    main()

"""Tries another text of a rule on the log of this hub: a process of its own, which may be ended.

It takes one line of JSON (`data`, `rule`, `text`, `since` in ms, `zone`, `report`), writes the report with
its charts, and says lines of JSON: how far it is, and at last what came of it in short, or why not.
"""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from cases.comparing import Kind
from model.entry import Entry, EntryKind, Versioned
from model.errors import HubError

from .backtest.page import written
from .backtest.replay import Side, recorded, replay
from .backtest.result import Result, conclude
from .backtest.source import from_log, log_folder
from .backtest.words import percent
from .log.view import LogView
from .rule_edit import failing_tests, with_text
from .trial_child import orders, say
from .trial_process import Json

CPU_S = 900
EVERY = 500  # entries between two words of how far it is


def main() -> None:
    """Take the orders, and say what came of them."""
    given = orders(cpu_s=CPU_S)
    try:
        say(result=tried(given, lambda done: say(done=done)))
    except HubError as error:
        say(error=str(error))
    except MemoryError:
        say(
            error="the log of this time needs too much memory; choose a shorter time 请缩短时间范围"
        )


def tried(given: Json, progress: Callable[[float], None]) -> Json:
    """Replay the log with the rules in force and with the changed one; raises HubError."""
    folder, rule = log_folder(Path(str(given["data"]))), str(given["rule"])
    since = int(str(given["since"]))
    view = LogView(folder)
    newest = view.newest(EntryKind.RULES, view.end)
    if newest is None:
        raise HubError("the log holds no rules yet; try again in a moment")
    in_force = msgspec.json.decode(newest.payload, type=Versioned)
    changed = with_text(in_force, rule, str(given["text"]))
    recording = from_log(folder, since=since, until=None, whole=False)
    sides = [
        recorded(recording),
        Side("in force 现行", in_force, recording),
        Side(f"{rule} changed 修改后", changed, recording),
    ]
    taken, last = 0, recording.begins_at

    def told(entry: Entry) -> None:
        nonlocal taken, last
        taken, last = taken + 1, max(last, entry.logged_at)
        if taken % EVERY == 0:
            progress(min(1.0, taken / max(1, recording.total)))

    replay(recording.entries(), sides, known=recording.known, told=told)
    zone = ZoneInfo(str(given["zone"]))
    result = conclude(
        sides, since=max(since, recording.begins_at), until=last + 1, exact=recording.exact,
        remarks=recording.remarks, judged=sides[0].cases.values(), zone=zone,
    )  # fmt: skip
    report = Path(str(given["report"]))
    report.write_text(written(result, zone, made_by=f"{rule}:\n{given['text']}"), encoding="utf-8")
    return {**in_short(result), "failing_tests": failing_tests(changed.documents, rule)}


def in_short(result: Result) -> Json:
    """Return what a person wants to know first."""
    return {
        "passes": result.passes,
        "missed": len(result.missed),
        "cases": [sum(len(row.old) for row in result.rows), sum(len(row.new) for row in result.rows)],
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

"""Trials of changed rules on this hub's own log, ordered on the page; their reports stay for an hour."""

import asyncio
import secrets
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

from .scratch import LEFT_S, clear_left, room_for
from .trial_process import Json, TrialRuns

LIMIT_S = 600.0
REPORT_BYTES = 16 << 20  # a report of 2,000 cases has a tenth of it


class RuleTrials:
    """At most one trial at a time."""

    def __init__(self, scratch: Path, zone: ZoneInfo) -> None:
        """Take the hub's folder for what passes through, which lies beside its log, and the site's zone."""
        self._data = scratch.parent
        self._folder = scratch / "rules"
        self._zone = zone
        self._reports: dict[str, Path] = {}
        shutil.rmtree(self._folder, ignore_errors=True)  # of a hub that ran before
        self._runs = TrialRuns(
            "hub.rule_trial",
            limit_s=lambda: LIMIT_S,
            slow="choose a shorter time, or use `smarthub rules backtest` 请缩短时间范围",
            broke="the trial broke; `smarthub rules backtest` says more 试算出错",
        )

    def start(self, owner: str, rule: str, text: str | None, *, since: int) -> str:
        """Begin to try a rule's text on what was logged since a time (ms); return the trial's name.

        Without a text stricter limits of the rule are tried (`rule_proposal`).

        Raises Refused while another one runs, Transient without room for the report; for worker threads
        it is not: it must run where the event loop is.
        """
        room_for(self._folder, REPORT_BYTES)
        clear_left(self._folder)
        report = self._folder / f"{secrets.token_urlsafe(12)}.html"
        name = self._runs.start(
            owner,
            {
                "data": str(self._data), "rule": rule, "text": text, "since": since,
                "zone": self._zone.key, "report": str(report),
            },
        )  # fmt: skip
        self._reports = {k: path for k, path in self._reports.items() if path.exists()}
        self._reports[name] = report
        asyncio.get_running_loop().call_later(LEFT_S + 1, clear_left, self._folder)
        return name

    def state(self, owner: str, trial: str) -> Json | None:
        """Return how a trial of somebody's is (`trial_process.TrialRuns.state`)."""
        return self._runs.state(owner, trial)

    def stop(self, owner: str, trial: str) -> None:
        """End a trial that runs."""
        self._runs.stop(owner, trial)

    def report(self, owner: str, trial: str) -> Path | None:
        """Return the report of a trial of somebody's, while it is kept."""
        path, state = self._reports.get(trial), self._runs.state(owner, trial)
        if path is None or state is None or state["state"] != "done" or not self._folder.is_dir():
            return None
        clear_left(self._folder)
        return path if path.is_file() else None

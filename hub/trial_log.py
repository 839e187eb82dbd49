"""What a trial on the page is tried on: this hub's own log from a time on, and the rules in force."""

from pathlib import Path

import msgspec

from model.entry import EntryKind, Versioned
from model.errors import HubError

from .backtest.source import from_log, log_folder
from .log.view import LogView
from .trial_process import Json


class TrialLog:
    """The log of the hub that ordered a trial."""

    def __init__(self, given: Json) -> None:
        """Open it by the orders `data` and `since` (ms); raises HubError without a log or rules."""
        folder = log_folder(Path(str(given["data"])))
        self.since = int(str(given["since"]))
        view = LogView(folder)
        newest = view.newest(EntryKind.RULES, view.end)
        if newest is None:
            raise HubError("the log holds no rules yet; try again in a moment")
        self.in_force = msgspec.json.decode(newest.payload, type=Versioned)
        self.recording = from_log(folder, since=self.since, until=None, whole=False)

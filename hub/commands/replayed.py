"""Replays a recording under a progress bar and compares sides, for the commands that try rules."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hub.backtest.replay import Side
    from hub.backtest.result import Result
    from hub.backtest.source import Recording

EVERY = 2_000
"""So many entries between two looks of the progress bar."""


def compared(
    recording: "Recording",
    sides: "list[Side]",
    pairs: "Iterable[tuple[Side, Side]]",
    *,
    span: tuple[int | None, int | None],
    zone: "ZoneInfo",
) -> "list[Result]":
    """Replay all sides at once, the first as it was recorded; return what each pair's cases differ in.

    `span`: which cases count, by their opening (ms); left out, from the first entry to the last.
    """
    from rich.progress import Progress

    from hub.backtest.replay import replay
    from hub.backtest.result import conclude
    from model.entry import Entry

    last, taken = recording.begins_at, 0
    with Progress(transient=True) as progress:
        bar = progress.add_task("replaying 回放", total=recording.total)

        def told(entry: Entry) -> None:
            nonlocal taken, last
            taken, last = taken + 1, max(last, entry.logged_at)
            if taken % EVERY == 0:
                progress.update(bar, completed=taken)

        replay(recording.entries(), sides, known=recording.known, told=told)
    return [
        conclude(
            pair,
            since=span[0] or recording.begins_at,
            until=span[1] or last + 1,
            exact=recording.exact,
            remarks=recording.remarks,
            judged=sides[0].cases.values(),
            zone=zone,
        )
        for pair in pairs
    ]

"""Shows a progress bar while sides are replayed, for the commands that try rules."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hub.backtest.replay import Side
    from hub.backtest.result import Result
    from hub.backtest.source import Recording


def compared(
    recording: "Recording",
    sides: "list[Side]",
    pairs: "Iterable[tuple[Side, Side]]",
    *,
    span: tuple[int | None, int | None],
    zone: "ZoneInfo",
) -> "list[Result]":
    """Replay all sides at once under a bar (`backtest.compared`)."""
    from rich.progress import Progress

    from hub.backtest import compared as work

    with Progress(transient=True) as shown:
        bar = shown.add_task("replaying 回放", total=1.0)
        return work.compared(
            recording, sides, pairs, span=span, zone=zone,
            progress=lambda done: shown.update(bar, completed=done),
        )  # fmt: skip

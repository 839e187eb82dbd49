"""The live tap: every frame of a device as it comes, while its page is open."""

import contextlib
from collections import deque

from nicegui import ui

from model.reading import Reading

from .device_words import said
from .event_words import EVENTS
from .fragment import Fragment
from .site import Visit
from .tables import Row, table
from .words import word

LOOK_S = 1.0
SHOWN = 100
"""Newest frames on the page; how many came in all is said above them."""


class Frames:
    """What one screen has seen of a device since it was opened."""

    def __init__(self, last: Reading | None) -> None:
        """Begin with the newest Reading before that, if there is one."""
        self.shown: deque[Reading] = deque([last] if last else [], maxlen=SHOWN)
        self.came = self.skipped = 0
        self._before = last

    def add(self, readings: list[Reading], skipped: int) -> None:
        """Take what came since the last look, oldest first, and how many were too fast for it."""
        before = self._before
        for reading in readings:
            # The newest one before may also be the first that the tap caught.
            if before and (reading.epoch, reading.order) == (before.epoch, before.order):
                continue
            self.came += 1
            self.shown.appendleft(reading)
        self.came += skipped
        self.skipped += skipped


def tap(visit: Visit, name: str) -> None:
    """Show a device's frames as they come, and say how many are not shown."""
    say = visit.say
    tapped = visit.hub.watch(name)
    ui.context.client.on_delete(tapped.close)
    frames = Frames(visit.hub.last_reading(name))
    with ui.element("section").classes("sh-card"):
        ui.label(say("实时报文", "Live tap")).classes("sh-h2").props(
            'role="heading" aria-level="2"'
        )
        shown = Fragment(tap_html(visit, frames))

    def look() -> None:
        taken = tapped.take()
        if taken.readings:
            frames.add(*taken)
            shown.set_content(tap_html(visit, frames))

    ui.timer(LOOK_S, look)


def tap_html(visit: Visit, frames: Frames) -> str:
    """Return the frames, newest first, under a line that counts them."""
    say = visit.say
    head = [
        say("时间", "Time"),
        say("序号", "Order"),
        say("事件", "Event"),
        say("数值", "Values"),
        say("原始报文", "Raw frame"),
    ]
    rows: list[Row] = [
        [
            visit.time(item.received_at, day=False),
            str(item.order),
            word(EVENTS, str(item.event), visit.lang),
            said(item),
            frame_text(item.raw),
        ]
        for item in frames.shown
    ]
    counted = say(f"打开以来 {frames.came:,} 条", f"{frames.came:,} since this page was opened")
    if frames.came > SHOWN:
        counted += say(f"，列出最近 {SHOWN} 条", f", the newest {SHOWN} are listed")
    if frames.skipped:
        counted += say(
            f"，其中 {frames.skipped:,} 条来得太快未列出",
            f", {frames.skipped:,} of them came too fast to be listed",
        )
    empty = say("还没有报文", "No frame yet")
    return (
        f'<p class="sh-muted">{counted}</p>'
        f"{table(say('实时报文', 'Live tap'), head, rows, empty=empty, stacks=True)}"
    )


def frame_text(raw: str) -> str:
    """Return a frame to be read in one line: JSON as its text, anything else in hex, byte by byte."""
    try:
        data = bytes.fromhex(raw)
    except ValueError:
        return raw
    if data[:1] in (b"{", b"["):
        with contextlib.suppress(UnicodeDecodeError):
            return " ".join(data.decode().split())
    return data.hex(" ")

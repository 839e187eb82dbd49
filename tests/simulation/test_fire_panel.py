"""A simulated transmission device keeps to the standard: it sends again until acknowledged."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.gb26875.frame import Command, Frame, acknowledge, deny, encode
from hub.simulation.fire_adu import FireState, system_state
from hub.simulation.fire_panel import Centre, FireCounts, FirePanel
from hub.simulation.ledger import Ledger
from hub.simulation.messages import DeviceMessage, FireContent
from model.reading import Event

from .centre import LABEL, TestCentre, always, eventually, listening

SOURCE = 15_030_200_001


def message(event: Event = Event.FIRE_ALARM, at: int = 1_790_000_000_000) -> DeviceMessage:
    """Return a panel's fire, or with an empty event its normal state."""
    adu = system_state(1, FireState.RUNNING | FireState.FIRE, LABEL)
    return DeviceMessage(at, f"gb-{SOURCE}-1-1", "fire_system", event, FireContent(SOURCE, adu))


class Setting:
    """A panel with its counts and its ledger."""

    def __init__(self, centre: TestCentre) -> None:
        self.counts = FireCounts()
        self.text = io.StringIO()
        self.panel = FirePanel(
            SOURCE,
            Centre(host="127.0.0.1", port=centre.port, ack_within_s=0.05, reconnect_s=(0.01, 0.02)),
            self.counts,
            ledger=Ledger(self.text),
        )

    def ledger(self) -> list[tuple[str, bool]]:
        """Return (event, acked) of each line."""
        lines = [json.loads(line) for line in self.text.getvalue().splitlines()]
        return [(line["event"], line["acked"]) for line in lines]


@asynccontextmanager
async def at_work(centre: TestCentre) -> AsyncIterator[Setting]:
    """Run a panel against a centre."""
    setting = Setting(centre)
    task = asyncio.create_task(setting.panel.run())
    try:
        yield setting
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_an_acknowledged_fire_is_sent_once_and_written_down_twice() -> None:
    """The ledger holds the alarm as sent and as acknowledged."""
    async with listening(always) as centre, at_work(centre) as setting:
        setting.panel.send(message())
        await eventually(lambda: setting.panel.idle)
        assert len(centre.frames) == 1
        assert setting.ledger() == [("fire_alarm", False), ("fire_alarm", True)]


async def test_a_frame_without_acknowledgement_is_sent_again_byte_for_byte() -> None:
    """Twice unanswered, then acknowledged: three copies of the same bytes."""

    def third(frame: Frame, number: int) -> bytes:
        return acknowledge(frame, LABEL) if number >= 3 else b""

    async with listening(third) as centre, at_work(centre) as setting:
        setting.panel.send(message())
        await eventually(lambda: setting.panel.idle)
        assert len(centre.frames) == 3
        assert len({frame.raw for frame in centre.frames}) == 1
        assert setting.counts.resent == 2
        assert setting.ledger()[-1] == ("fire_alarm", True)


async def test_an_alarm_outlives_a_failed_communication() -> None:
    """After three resends the panel connects anew and sends the same frame again."""

    def sixth(frame: Frame, number: int) -> bytes:
        return acknowledge(frame, LABEL) if number >= 6 else b""

    async with listening(sixth) as centre, at_work(centre) as setting:
        setting.panel.send(message())
        await eventually(lambda: setting.panel.idle)
        assert centre.connections == 2
        assert len({frame.raw for frame in centre.frames}) == 1
        assert setting.counts.failed == 1
        assert setting.ledger() == [("fire_alarm", False), ("fire_alarm", True)]


async def test_a_denied_frame_is_sent_three_times_more_and_given_up() -> None:
    """A centre that denies for good does not stop what comes behind."""
    fire = message()

    def refuse_first(frame: Frame, _number: int) -> bytes:
        return deny(frame, LABEL) if frame.serial == 0 else acknowledge(frame, LABEL)

    async with listening(refuse_first) as centre, at_work(centre) as setting:
        setting.panel.send(fire)
        setting.panel.send(message(Event.RESET))
        await eventually(lambda: setting.panel.idle)
        assert [frame.serial for frame in centre.frames] == [0, 0, 0, 0, 1]
        assert setting.ledger() == [
            ("fire_alarm", False),
            ("reset", False),
            ("reset", True),
        ]


async def test_an_acknowledgement_of_another_serial_number_is_not_taken() -> None:
    """Only the frame's own serial number acknowledges it."""

    def wrong_then_right(frame: Frame, number: int) -> bytes:
        answered = frame if number > 1 else frame._replace(serial=frame.serial + 7)
        return acknowledge(answered, LABEL)

    async with listening(wrong_then_right) as centre, at_work(centre) as setting:
        setting.panel.send(message())
        await eventually(lambda: setting.panel.idle)
        assert len(centre.frames) == 2


async def test_alarms_overtake_normal_life_that_waits() -> None:
    """A fire queued behind fifty reports is the next frame."""
    async with listening(always) as centre:
        setting = Setting(centre)
        for _ in range(50):
            setting.panel.send(message(Event.NONE))
        setting.panel.send(message())
        task = asyncio.create_task(setting.panel.run())
        await eventually(lambda: setting.panel.idle)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert len(centre.frames) == 51
        assert setting.ledger()[0] == ("fire_alarm", False)
        assert setting.counts.acknowledged == 51


async def test_the_centre_is_answered() -> None:
    """Control is acknowledged, a request answered with type 28, an unknown one denied."""
    async with listening(lambda _frame, _number: b"") as centre, at_work(centre):
        await eventually(lambda: bool(centre.writers))
        for serial, (command, adu) in enumerate(
            ((Command.CONTROL, b"\x5a\x01" + LABEL), (Command.REQUEST, b"\x58\x01\x00"),
             (Command.REQUEST, b"\x7f\x01\x00"))
        ):  # fmt: skip
            centre.writers[0].write(
                encode(
                    serial=900 + serial,
                    command=command,
                    source=88_888,
                    destination=SOURCE,
                    label=LABEL,
                    adu=adu,
                )
            )
        await eventually(lambda: len(centre.frames) == 3)
        assert [(f.serial, f.command) for f in centre.frames] == [
            (900, Command.CONFIRM),
            (901, Command.RESPOND),
            (902, Command.DENY),
        ]
        assert centre.frames[1].adu[:2] == b"\x1c\x01"

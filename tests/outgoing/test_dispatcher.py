"""Every event reaches every channel, in order within a case, and nobody waits for anybody."""

import asyncio
from random import Random

import msgspec
import pytest

from hub.case_store import CaseStore, OutgoingEvent
from hub.outgoing.channel import HOUR, MINUTE, SECOND, Channel, Gone, RetryLater, Schedule
from hub.outgoing.dispatcher import JITTER, Dispatcher
from hub.outgoing.mqtt_events import MqttEvents
from model.case import Change
from model.errors import Refused, Transient
from tests.case_store.samples import T0, Story, make_case, opened


class Clock:
    """The hub's clock, moved by the test."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        """Return the time."""
        return self.now


class Recorder:
    """A channel that writes down what it got, and fails as told: by case, in turn."""

    address = "recorder"
    reaches_compound = False

    def __init__(self, name: str = "recorder", *, at_once: int = 8) -> None:
        self.name = name
        self.at_once = at_once
        self.schedule = Schedule((5 * SECOND, 5 * MINUTE))
        self.got: list[str] = []
        self.faults: dict[str, list[Exception]] = {}

    async def send(self, event: OutgoingEvent) -> None:
        """Take the event, or fail as told."""
        faults = self.faults.get(event.case)
        if faults:
            raise faults.pop(0)
        self.got.append(f"{event.case}.{event.sequence}")


def apply(store: CaseStore, *changes: Change) -> None:
    """Write changes as the desk does."""
    store.apply(changes, log_id="log", pos=1)


@pytest.fixture
def clock() -> Clock:
    """A clock at T0."""
    return Clock()


def dispatcher(store: CaseStore, clock: Clock, *channels: Channel) -> Dispatcher:
    """Return a dispatcher with known jitter."""
    return Dispatcher(store, channels, clock=clock, random=Random(7))


async def exhaust(sender: Dispatcher, channel: Channel) -> int:
    """Run rounds until nothing is due; return how long the channel may rest."""
    while not (wait := await sender.round(channel)):
        pass
    return wait


async def test_events_of_a_case_arrive_in_their_order(store: CaseStore, clock: Clock) -> None:
    """A failed event holds back its own case, and no other."""
    channel = Recorder()
    sender = dispatcher(store, clock, channel)
    one, two = Story(make_case("one")), Story(make_case("two"))
    apply(store, one.change(), two.change(), one.change(), two.change(), one.change())
    channel.faults["one"] = [RetryLater("busy")]
    await exhaust(sender, channel)
    assert channel.got == ["two.1", "two.2"]
    clock.now += 6 * SECOND
    await exhaust(sender, channel)
    assert channel.got == ["two.1", "two.2", "one.1", "one.2", "one.3"]


async def test_an_absent_receiver_delays_only_itself(store: CaseStore, clock: Clock) -> None:
    """One channel is stuck inside its send; the other one gets everything meanwhile."""

    class Stuck(Recorder):
        async def send(self, event: OutgoingEvent) -> None:  # noqa: ARG002 - never gets there
            await asyncio.Event().wait()

    stuck, well = Stuck("stuck"), Recorder("well")
    sender = dispatcher(store, clock, stuck, well)
    apply(store, *(opened(f"c{n}") for n in range(20)))
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(10):
        while store.outbox.depth().get("well.delivered") != 20:
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sorted(well.got) == sorted(f"c{n}.1" for n in range(20))
    assert store.outbox.depth() == {"stuck.pending": 20, "well.delivered": 20}


async def test_waits_grow_as_the_schedule_says_and_end_in_the_dead_letters(
    store: CaseStore, clock: Clock
) -> None:
    """Each wait is the schedule's plus at most a tenth; the last failure is kept for a person."""
    channel = Recorder()
    sender = dispatcher(store, clock, channel)
    apply(store, opened("one"))
    channel.faults["one"] = [RetryLater("busy") for _ in range(3)]
    waits = []
    for _ in range(2):
        waits.append(await exhaust(sender, channel))
        clock.now += waits[-1]
    for planned, wait in zip((5 * SECOND, 5 * MINUTE), waits, strict=True):
        assert planned <= wait <= planned * (1 + JITTER)
    await exhaust(sender, channel)
    assert store.outbox.depth() == {"recorder.dead": 1}
    letter = store.dead_letters()[0]
    assert (letter.source, letter.reason, letter.detail) == ("recorder", "not_delivered", "busy")


async def test_a_given_up_event_lets_the_next_of_its_case_go(
    store: CaseStore, clock: Clock
) -> None:
    """An event that nobody can take does not silence its case."""
    channel = Recorder()
    sender = dispatcher(store, clock, channel)
    story = Story(make_case("one"))
    apply(store, story.change(), story.change())
    channel.faults["one"] = [Refused("too long")]
    await exhaust(sender, channel)
    assert channel.got == ["one.2"]


async def test_a_receiver_may_ask_for_a_longer_wait(store: CaseStore, clock: Clock) -> None:
    """What the receiver asks for holds, up to an hour."""
    channel = Recorder()
    sender = dispatcher(store, clock, channel)
    apply(store, opened("one"))
    channel.faults["one"] = [
        RetryLater("busy", after=20 * MINUTE),
        RetryLater("x", after=99 * HOUR),
    ]
    wait = await exhaust(sender, channel)
    assert 20 * MINUTE <= wait <= 22 * MINUTE
    clock.now += wait
    assert HOUR <= await exhaust(sender, channel) <= 1.1 * HOUR


async def test_a_receiver_that_is_gone_gets_nothing_more(store: CaseStore, clock: Clock) -> None:
    """410 disables the channel for good; another address enables it."""
    channel = Recorder(at_once=1)
    sender = dispatcher(store, clock, channel)
    apply(store, opened("one"), opened("two"))
    channel.faults["one"] = [Gone("410")]
    await exhaust(sender, channel)
    apply(store, opened("three"))
    await exhaust(sender, channel)
    assert channel.got == []
    assert store.outbox.disabled("recorder") == "410"
    moved = Recorder()
    moved.address = "elsewhere"
    await exhaust(dispatcher(store, clock, moved), moved)
    assert moved.got == ["three.1"]


async def test_a_restart_neither_loses_nor_repeats(store: CaseStore, clock: Clock) -> None:
    """What a stopped dispatcher had not delivered, the next one delivers."""
    channel = Recorder(at_once=1)
    sender = dispatcher(store, clock, channel)
    apply(store, opened("one"), opened("two"))
    await sender.round(channel)
    again = dispatcher(store, clock, channel)
    await exhaust(again, channel)
    assert channel.got == ["one.1", "two.1"]


async def test_a_new_channel_is_not_told_the_past(store: CaseStore, clock: Clock) -> None:
    """Adding a receiver starts with what happens then, not with a flood."""
    first = Recorder("first")
    dispatcher(store, clock, first)
    apply(store, opened("old"))
    late = Recorder("late")
    sender = dispatcher(store, clock, first, late)
    apply(store, opened("new"))
    await exhaust(sender, late)
    await exhaust(sender, first)
    assert late.got == ["new.1"]
    assert first.got == ["old.1", "new.1"]


async def test_duress_is_silent_at_the_compound(store: CaseStore, clock: Clock) -> None:
    """A channel whose screen hangs at the compound is not told; the others are."""
    compound, police = Recorder("compound"), Recorder("police")
    compound.reaches_compound = True
    sender = dispatcher(store, clock, compound, police)
    apply(store, msgspec.structs.replace(opened("one"), quiet_at_compound=True))
    await exhaust(sender, compound)
    await exhaust(sender, police)
    assert (compound.got, police.got) == ([], ["one.1"])


async def test_a_full_round_of_failures_pauses_the_channel(store: CaseStore, clock: Clock) -> None:
    """A dead receiver with a long backlog is not hammered: 2 s, 4 s … 30 s between rounds."""
    channel = Recorder(at_once=2)
    sender = dispatcher(store, clock, channel)
    names = [f"c{n}" for n in range(14)]
    apply(store, *(opened(name) for name in names))
    channel.faults = {name: [RetryLater("away")] for name in names}
    waits = [await sender.round(channel) for _ in range(6)]
    assert waits == [2000, 4000, 8000, 16000, 30000, 30000]


async def test_the_broker_may_be_away_for_days(store: CaseStore, clock: Clock) -> None:
    """The MQTT channel never gives an event up, and publishes it on the site's topic."""
    published: list[tuple[str, bytes]] = []
    away = [Transient("broker away")] * 50

    async def publish(topic: str, payload: bytes) -> None:
        if away:
            raise away.pop()
        published.append((topic, payload))

    channel = MqttEvents("home", publish)
    sender = dispatcher(store, clock, channel)
    apply(store, opened("one"))
    for _ in range(60):
        clock.now += await exhaust(sender, channel)
    assert [topic for topic, _ in published] == ["smarthub/v1/home/cases"]
    assert b"one" in published[0][1]


async def test_delivered_events_are_forgotten_and_pending_ones_are_not(
    store: CaseStore, clock: Clock
) -> None:
    """Tidying keeps what a channel still has to say."""
    channel = Recorder()
    sender = dispatcher(store, clock, channel)
    apply(store, opened("one"), opened("two"))
    channel.faults["two"] = [RetryLater("busy")]
    await exhaust(sender, channel)
    apply(store, opened("unseen"))
    assert store.outbox.forget(before=T0 + HOUR) == 1
    clock.now += MINUTE
    await exhaust(sender, channel)
    assert sorted(channel.got) == ["one.1", "two.1", "unseen.1"]

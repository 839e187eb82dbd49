"""People are told of every case: fires first, never too fast, nothing lost over a restart."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from hub.case_store import CaseStore
from hub.outgoing.courier import TooSoon
from hub.outgoing.pace import PER_MINUTE
from model.anomaly import Severity
from model.case import EventClass
from model.reading import Mode
from tests.case_store.samples import GRID_B, Story

from .notice_world import (
    Clock,
    apply,
    case,
    courier_of,
    driver,
    exhaust,
    opened,
    sender,
    until_told,
    upkeep,
)
from .robot_server import robot


@pytest.fixture
def clock() -> Clock:
    """A clock at T0."""
    return Clock()


def busiest_minute(times: Sequence[int]) -> int:
    """Return the most messages in any 60 s."""
    return max(sum(0 <= at - start < 60_000 for at in times) for start in times)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_a_storm_of_200_cases_is_told_whole_and_never_too_fast(
    store: CaseStore, clock: Clock, kind: str
) -> None:
    """At most 18 messages in any minute, every id told, and the robot never had to refuse."""
    async with robot(kind, clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        for n in range(200):
            apply(store, [opened(case(f"F-{n:05}", place=f"b{n}"))])
            if n % 4 == 0:
                await exhaust(courier)
                clock.now += 1_200
        await until_told(courier, clock, store)
    text = "\n".join(group.texts)
    assert [n for n in range(200) if f"F-{n:05}" not in text] == []
    assert busiest_minute(group.attempts) <= PER_MINUTE
    assert len(group.told) == len(group.attempts)
    assert any("more cases" in told for told in group.texts)


async def test_a_fire_goes_ahead_of_everything_that_waits(store: CaseStore, clock: Clock) -> None:
    """100 batteries are waiting and the channel is as busy as they may make it: the fire is next."""
    async with robot("wecom", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        apply(store, (opened(upkeep(f"M-{n:03}")) for n in range(100)))
        wait = await exhaust(courier)
        assert wait > 0
        before = len(group.told)
        apply(store, [opened(upkeep("M-999")), opened(case("F-1"))])
        await exhaust(courier)
    assert "F-1" in group.texts[before]
    assert "M-" not in group.texts[before]


async def test_emergencies_never_share_a_digest_with_upkeep(store: CaseStore, clock: Clock) -> None:
    """And within a digest the fire stands first."""
    async with robot("dingtalk", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        doors = [case(f"D-{n:03}", category="door_forced", cause="d") for n in range(40)]
        apply(store, map(opened, [*(upkeep(f"M-{n:03}") for n in range(40)), *doors]))
        await exhaust(courier)
        apply(store, [opened(case("F-001"))])
        await until_told(courier, clock, store)
    for text in group.texts:
        assert not ("M-" in text and ("D-" in text or "F-" in text))
    assert "F-001" in "".join(group.texts)


async def test_other_emergencies_leave_room_for_a_fire(store: CaseStore, clock: Clock) -> None:
    """However many doors are forced for minutes, a fire waits less than ten seconds."""
    async with robot("feishu", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        for n in range(240):
            apply(store, [opened(case(f"D-{n:03}", category="door_forced", cause="d"))])
            await exhaust(courier)
            clock.now += 500
        asked = clock.now
        apply(store, [opened(case("F-1"))])
        while not any("F-1" in text for text in group.texts):
            clock.now += await exhaust(courier)
    assert group.told[-1][0] - asked < 10_000
    assert busiest_minute(group.attempts) <= PER_MINUTE


async def test_only_what_carries_a_notice_is_told(store: CaseStore, clock: Clock) -> None:
    """A note in the history is for programs, not for a group of people."""
    async with robot("wecom", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        story = Story(case("F-1"))
        apply(store, [story.change("opened"), msgspec.structs.replace(story.change(), notice="")])
        await exhaust(courier)
    assert len(group.told) == 1
    assert store.notices.count("duty") == 0


async def test_what_happened_meanwhile_is_told_in_one_message(
    store: CaseStore, clock: Clock
) -> None:
    """The newest state, and the way there, so that nothing is untold."""
    async with robot("wecom", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        story = Story(case("F-1"))
        apply(
            store, [story.change("opened"), story.change("corroborated"), story.change("escalated")]
        )
        await exhaust(courier)
    (text,) = group.texts
    assert "新案件 new → 机器印证 corroborated → 逾期升级 escalated" in text


async def test_a_restart_in_the_middle_loses_nothing_and_keeps_the_limit(
    store: CaseStore, clock: Clock
) -> None:
    """The next process knows what the last one sent in this minute."""
    async with robot("wecom", clock) as group:
        channel = driver(group, clock)
        apply_to = courier_of(sender(store, clock, channel))
        apply(store, (opened(case(f"F-{n:03}")) for n in range(120)))
        await exhaust(apply_to)
        assert 0 < len(group.told) < PER_MINUTE
        for _ in range(5):
            again = courier_of(sender(store, clock, channel))
            await exhaust(again)
        await until_told(again, clock, store)
    told = "\n".join(group.texts)
    assert busiest_minute(group.attempts) <= PER_MINUTE
    assert [n for n in range(120) if f"F-{n:03}" not in told] == []
    cards = [text for text in group.texts if "more cases" not in text]
    assert len(cards) == len(set(cards))


async def test_a_kill_between_sending_and_writing_tells_at_most_once_more(
    store: CaseStore, clock: Clock
) -> None:
    """At least once: the message is repeated, and it counts in the minute."""
    async with robot("wecom", clock) as group:
        channel = driver(group, clock)
        courier = courier_of(sender(store, clock, channel))
        apply(store, [opened(case("F-1"))])
        group.delay_s = 30
        killed = asyncio.create_task(courier.round())
        while not group.attempts:
            await asyncio.sleep(0.01)
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
        group.delay_s = 0
        again = courier_of(sender(store, clock, channel))
        await exhaust(again)
    assert len(group.told) == 2
    assert len(store.outbox.records.of("duty").recent) == 2


async def test_duress_is_never_told_where_the_compound_reads(
    store: CaseStore, clock: Clock
) -> None:
    """Not even what was queued before the file said that the compound reads along."""
    async with robot("wecom", clock) as group:
        before = courier_of(sender(store, clock, driver(group, clock)))
        silent = msgspec.structs.replace(opened(case("P-1")), quiet_at_compound=True)
        apply(store, [silent, opened(case("F-1"))])
        store.notices.enrol("duty", before.channel.wants)
        there = driver(group, clock, reaches_compound=True)
        await exhaust(courier_of(sender(store, clock, there)))
        assert ["P-1" in text for text in group.texts] == [False]
        apply(store, [msgspec.structs.replace(opened(case("P-2")), quiet_at_compound=True)])
        await exhaust(courier_of(sender(store, clock, there)))
        assert len(group.told) == 1
        police = courier_of(sender(store, clock, driver(group, clock)))
        apply(store, [msgspec.structs.replace(opened(case("P-3")), quiet_at_compound=True)])
        await exhaust(police)
    assert "P-3" in group.texts[-1]
    assert "静默警情" in group.texts[-1]


@pytest.mark.parametrize(
    "settings",
    [
        {"classes": ["maintenance"]},
        {"severity": "critical"},
        {"compounds": ["c9"]},
        {"grid": GRID_B[:9]},
    ],
)
async def test_a_filter_lets_through_what_it_names(
    store: CaseStore, clock: Clock, settings: dict[str, object]
) -> None:
    """By class, severity, compound and grid; what it keeps out is not left waiting."""
    wanted = {
        "classes": upkeep("YES", severity=Severity.MINOR),
        "severity": case("YES"),
        "compounds": case("YES", compound="c9"),
        "grid": case("YES", grid=GRID_B),
    }[next(iter(settings))]
    other = case("NO", cls=EventClass.EMERGENCY, severity=Severity.MAJOR)
    async with robot("wecom", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock, **settings)))
        apply(store, [opened(other), opened(wanted)])
        await exhaust(courier)
    assert ["YES" in text and "NO" not in text for text in group.texts] == [True]
    assert store.notices.count("duty") == 0


async def test_a_clock_that_is_set_back_silences_nobody(store: CaseStore, clock: Clock) -> None:
    """A day back in time, the next fire is told within a minute."""
    async with robot("wecom", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        apply(store, (opened(case(f"F-{n:03}")) for n in range(40)))
        await exhaust(courier)
        clock.now -= 86_400_000
        apply(store, [opened(case("F-900"))])
        await until_told(courier, clock, store, minutes=2)
    assert any("F-900" in text for text in group.texts)


async def test_drills_stand_behind_the_real_thing_and_are_marked(
    store: CaseStore, clock: Clock
) -> None:
    """Of two fires the real one is told first; the other can be taken for nothing but a drill."""
    async with robot("feishu", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        apply(store, [opened(case("F-DRILL", mode=Mode.DRILL)), opened(case("F-REAL"))])
        await exhaust(courier)
    real, drill = group.texts
    assert "F-REAL" in real
    assert "演练" not in real
    assert drill.startswith("**【演练 DRILL】")
    assert "不是真实警情 NOT A REAL EVENT" in drill


async def test_tests_are_rare_and_count_in_the_minute(store: CaseStore, clock: Clock) -> None:
    """One each ten seconds, and none while the channel is busy with notices."""
    async with robot("wecom", clock) as group:
        dispatcher = sender(store, clock, driver(group, clock))
        await dispatcher.trial("duty", "home")
        with pytest.raises(TooSoon):
            await dispatcher.trial("duty", "home")
        for _ in range(13):
            clock.now += 10_000 if len(group.attempts) < 2 else 0
            courier_of(dispatcher)._trial_at = 0
            await dispatcher.trial("duty", "home")
        courier_of(dispatcher)._trial_at = 0
        with pytest.raises(TooSoon, match="busy"):
            await dispatcher.trial("duty", "home")
    assert len(group.told) == 14
    assert "【测试 TEST】" in group.texts[0]


async def test_the_running_dispatcher_tells_within_seconds(store: CaseStore, clock: Clock) -> None:
    """With its real loop: a change, a wake, a message."""
    async with robot("dingtalk", clock) as group:
        dispatcher = sender(store, clock, driver(group, clock))
        running = asyncio.create_task(dispatcher.run())
        apply(store, [opened(case("F-1"))])
        dispatcher.wake()
        async with asyncio.timeout(10):
            while not group.told:
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "F-1" in group.texts[0]

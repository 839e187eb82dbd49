"""What a robot refuses, and a robot that is away or gone, cost as little as can be."""

import asyncio

import pytest

from hub.case_store import CaseStore

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
from .robot_server import Robot, robot


@pytest.fixture
def clock() -> Clock:
    """A clock at T0."""
    return Clock()


@pytest.mark.parametrize(
    ("kind", "code", "wait"),
    [("wecom", 45009, 60_000), ("dingtalk", 130101, 600_000), ("feishu", 11232, 60_000)],
)
async def test_too_many_is_answered_with_quiet(
    store: CaseStore, clock: Clock, kind: str, code: int, wait: int
) -> None:
    """The whole channel waits as long as the service asks; nothing is given up."""
    async with robot(kind, clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        apply(store, [opened(case("F-1")), opened(case("F-2"))])
        group.code(code)
        assert await exhaust(courier) == wait
        assert len(group.attempts) == 1
        clock.now += wait
        await exhaust(courier)
    assert len(group.told) == 2


@pytest.mark.parametrize(
    ("kind", "code"), [("wecom", 93000), ("dingtalk", 300005), ("feishu", 19001)]
)
async def test_a_robot_that_is_no_more_disables_its_channel(
    store: CaseStore, clock: Clock, kind: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said in the log and the dead letters; a test that gets through enables it again."""
    async with robot(kind, clock) as group:
        dispatcher = sender(store, clock, driver(group, clock))
        courier = courier_of(dispatcher)
        apply(store, [opened(case("F-1"))])
        group.code(code, "gone")
        await exhaust(courier)
        (shown,) = dispatcher.channels()
        assert (shown.enabled, shown.waiting) == (False, 0)
        assert str(code) in shown.disabled_reason
        assert store.dead_letters()[0].reason == "channel_gone"
        assert "channel_disabled" in capsys.readouterr().out
        apply(store, [opened(case("F-2"))])
        await exhaust(courier)
        assert group.told == []
        await dispatcher.trial("duty", "home")
        await exhaust(courier)
    assert dispatcher.channels()[0].enabled
    assert "F-2" in group.texts[-1]


async def test_a_refused_card_is_told_as_plain_text(store: CaseStore, clock: Clock) -> None:
    """A service that dislikes a card takes the words; the case is told."""
    async with robot("wecom", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        apply(store, [opened(case("F-1"))])
        group.code(40058)
        await exhaust(courier)
    assert [body["msgtype"] for _at, _text, body in group.told] == ["text"]
    assert store.dead_letters() == []


async def test_what_a_robot_never_takes_is_given_up_loudly_and_alone(
    store: CaseStore, clock: Clock
) -> None:
    """Refused as card and as text: a dead letter. Its neighbours in the digest are told."""
    async with robot("wecom", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        group.poison = {"F-017": 45002}
        apply(store, (opened(case(f"F-{n:03}")) for n in range(30)))
        await until_told(courier, clock, store)
    assert [letter.payload for letter in store.dead_letters()] == [b"F-017"]
    told = "".join(group.texts)
    assert [n for n in range(30) if f"F-{n:03}" not in told] == [17]


async def test_an_unknown_code_is_tried_five_times_while_the_others_go_on(
    store: CaseStore, clock: Clock
) -> None:
    """It may be about this message, so nobody waits for it; in the end it is a dead letter."""
    async with robot("feishu", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        group.poison = {"F-1": 777_777}
        apply(store, [opened(case("F-1")), opened(case("F-2"))])
        await until_told(courier, clock, store)
    assert [letter.payload for letter in store.dead_letters()] == [b"F-1"]
    assert ["F-2" in text for text in group.texts] == [True]
    assert len(group.attempts) == 6


async def test_an_absent_robot_costs_nothing_but_time(store: CaseStore, clock: Clock) -> None:
    """Hours later everything is told, fires first, and the failure was shown meanwhile."""
    async with robot("wecom", clock) as group:
        channel = driver(group, clock)
        port = group.port
    dispatcher = sender(store, clock, channel)
    courier = courier_of(dispatcher)
    apply(store, [opened(upkeep("M-1")), opened(case("F-1"))])
    for _ in range(20):
        clock.now += await exhaust(courier)
    (shown,) = dispatcher.channels()
    assert shown.waiting == 2
    assert shown.last_failure is not None
    assert shown.last_success is None
    back = Robot("wecom", clock, port)
    server = await asyncio.start_server(back.serve, "127.0.0.1", port)
    async with server:
        clock.now += 60_000
        await exhaust(courier)
    assert ["F-1" in text for text in back.texts] == [True, False]
    assert dispatcher.channels()[0].last_success is not None


async def test_notices_older_than_three_days_become_dead_letters(
    store: CaseStore, clock: Clock
) -> None:
    """Nobody is called out for the day before yesterday's fire; somebody is told that it was missed."""
    async with robot("wecom", clock) as group:
        courier = courier_of(sender(store, clock, driver(group, clock)))
        apply(store, [opened(case("F-1"))])
        clock.now += 73 * 3_600_000
        await exhaust(courier)
    assert group.told == []
    assert [letter.payload for letter in store.dead_letters()] == [b"F-1"]

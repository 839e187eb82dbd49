"""Cases that people must be told of, and drivers that tell a test's own servers."""

from collections.abc import Callable, Iterable
from random import Random

import msgspec

from hub.case_store import CaseStore
from hub.outgoing.channel import NoticeChannel
from hub.outgoing.courier import Courier
from hub.outgoing.dingtalk import DINGTALK
from hub.outgoing.dispatcher import Dispatcher
from hub.outgoing.feishu import FEISHU
from hub.outgoing.robot import GroupRobot
from hub.outgoing.settings import Robot as Settings
from hub.outgoing.wecom import WECOM
from model.case import Case, Change, EventClass
from tests.case_store.samples import T0, Story, make_case

from .robot_server import SECRET, Robot

KINDS = {kind.kind: kind for kind in (WECOM, DINGTALK, FEISHU)}
PUBLIC = "http://hub.example:8080"


class Clock:
    """The hub's clock, moved by the test."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        """Return the time."""
        return self.now


def driver(group: Robot, clock: Callable[[], int], **settings: object) -> GroupRobot:
    """Return the driver for a test's robot."""
    written = {
        "name": "duty",
        "url_env": "X",
        "allow_private": True,
        "kind": group.kind,
        **settings,
    }
    secret = "" if group.kind == "wecom" else SECRET
    checked = Settings.model_validate(written)
    return GroupRobot(KINDS[group.kind], checked, url=group.url, secret=secret, clock=clock)


def sender(store: CaseStore, clock: Callable[[], int], *channels: NoticeChannel) -> Dispatcher:
    """Return a dispatcher for notices only."""
    return Dispatcher(store, (), clock=clock, random=Random(7), notices=channels, public_url=PUBLIC)


def courier_of(dispatcher: Dispatcher, name: str = "duty") -> Courier:
    """Return the courier of a channel."""
    return dispatcher._couriers[name]


async def exhaust(courier: Courier) -> int:
    """Run rounds until the courier wants to wait; return how long (ms)."""
    while not (wait := await courier.round()):
        pass
    return wait


async def until_told(
    courier: Courier, clock: Clock, store: CaseStore, *, minutes: int = 30
) -> None:
    """Let time pass until nothing is left to tell."""
    end = clock.now + minutes * 60_000
    while True:
        wait = await exhaust(courier)
        if not store.notices.count(courier.channel.name):
            return
        clock.now += wait
        assert clock.now < end, "still not told"


def case(name: str, **changed: object) -> Case:
    """Return a case; a fire unless told otherwise."""
    told = {"place_name": "幸福小区 1号楼", **changed}
    return msgspec.structs.replace(make_case(name), **told)


def upkeep(name: str, **changed: object) -> Case:
    """Return a case of the lowest queue."""
    return case(name, cls=EventClass.MAINTENANCE, category="battery_low", cause="b", **changed)


def opened(told: Case) -> Change:
    """Return the change that opens a case."""
    return Story(told).change("opened")


def apply(store: CaseStore, changes: Iterable[Change]) -> None:
    """Write changes as the desk does."""
    store.apply(list(changes), log_id="log", pos=1)

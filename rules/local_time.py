"""What the clock on the wall of the place says at a data time."""

from datetime import datetime, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAYS = (
    "Mon 周一", "Tue 周二", "Wed 周三", "Thu 周四", "Fri 周五", "Sat 周六", "Sun 周日",
)  # fmt: skip


SITE_ZONE = "Asia/Shanghai"
"""For a rule whose text names no zone: all of China has this one."""


class Local(NamedTuple):
    """A moment on the local clock; `day` counts days since 0001-01-01, a Monday, as 0."""

    day: int
    hour: int
    minute: int

    @property
    def weekday(self) -> int:
        """Return 0 for Monday up to 6 for Sunday."""
        return self.day % 7

    @property
    def week(self) -> int:
        """Return the number of the week, which begins on Monday."""
        return self.day // 7


@cache
def zone(name: str) -> ZoneInfo:
    """Return the time zone of that name; raises ZoneInfoNotFoundError."""
    return ZoneInfo(name)


def written(at: int, place: str = SITE_ZONE) -> str:
    """Return a data time in ms as people read it, with its offset: 2026-11-26 10:40:35+08:00."""
    return datetime.fromtimestamp(at / 1000, zone(place)).isoformat(sep=" ", timespec="seconds")


def local(at: int, place: tzinfo) -> Local:
    """Return the local moment of a data time in ms; summer time is as the zone has it."""
    moment = datetime.fromtimestamp(at / 1000, place)
    return Local(moment.toordinal() - 1, moment.hour, moment.minute)

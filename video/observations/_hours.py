"""Hours in which an observation looks: 22:00-06:00, on some days of the week, at the site's own time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WRITTEN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")
_DAY_MINUTES = 1_440


class Hours(NamedTuple):
    """Minutes after midnight; over midnight when the end is not after the begin."""

    begin: int
    end: int

    @classmethod
    def read(cls, text: str) -> "Hours":
        """Read `22:00-06:00`; raises ValueError that says how to write it."""
        found = _WRITTEN.match(text)
        if found is None:
            raise ValueError("write hours as 22:00-06:00 (from-to, 24-hour clock)")
        a, b, c, d = map(int, found.groups())
        if c * 60 + d > _DAY_MINUTES or a * 60 + b == c * 60 + d:
            raise ValueError("hours must end by 24:00 and must not begin when they end")
        return cls(a * 60 + b, c * 60 + d)

    def within(self, at: int, days: tuple[Day, ...], zone: ZoneInfo) -> bool:
        """Return whether time `at` (ms) is in the hours; those over midnight belong to their first day."""
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
        minute = local.hour * 60 + local.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end and _on(local, days)
        if minute >= self.begin:
            return _on(local, days)
        return minute < self.end and _on(local - timedelta(days=1), days)


def _on(moment: datetime, days: tuple[Day, ...]) -> bool:
    return not days or WEEK[moment.weekday()] in days

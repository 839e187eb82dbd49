"""Hours of the day at a place: whether a moment lies in them, when they ended, when a night began."""

from zoneinfo import ZoneInfo

from .local_time import Local, local, zone

MINUTE = 60_000
_DAY_MINUTES = 1_440


class ClockHours:
    """Hours like 22:00-06:00 in a time zone; None: all day."""

    def __init__(self, hours: tuple[int, int] | None, place: str) -> None:
        """Take minutes since midnight, local."""
        self._hours = hours
        self._zone: ZoneInfo = zone(place)

    def within(self, at: int) -> bool:
        """Return whether a data time lies in the hours."""
        if self._hours is None:
            return True
        begin, end = self._hours
        minute = _minute(local(at, self._zone))
        return begin <= minute < end if begin < end else minute >= begin or minute < end

    def over_at(self, now: int) -> int:
        """Return when the hours ended if they are over now, else 0."""
        if self._hours is None or self.within(now):
            return 0
        return self.last(self._hours[1], now)

    def last(self, minute: int, now: int) -> int:
        """Return when the clock last said this minute of the day."""
        back = (_minute(local(now, self._zone)) - minute) % _DAY_MINUTES
        return now - now % MINUTE - back * MINUTE

    def day(self, at: int, begins: int) -> int:
        """Return the number of the day, where a day begins at a minute after midnight."""
        moment = local(at, self._zone)
        return moment.day - (_minute(moment) < begins)


def _minute(moment: Local) -> int:
    return moment.hour * 60 + moment.minute

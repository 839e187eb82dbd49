"""When a rule looks: its schedule laid over the calendar of the site. Pure; times in ms."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from model.calendar import Calendar

from .specs.schedule import WEEK, Schedule

_DAYS_AHEAD = 800
"""No span is looked for beyond two years: a schedule that never holds has no next begin."""

NEVER = 1 << 62


class Window(NamedTuple):
    """A stretch of time in which the rule looks, or does not; `until` is when that changes."""

    begin: int
    until: int
    active: bool


class Hours:
    """Answers whether a rule looks at a time; the last answer is kept, for most questions are of now."""

    def __init__(self, schedule: Schedule, calendar: Calendar) -> None:
        """Take the rule's text and the site's calendar."""
        self._schedule = schedule
        self._calendar = calendar
        self._last = Window(0, 0, active=False)

    def window(self, at: int) -> Window:
        """Return the stretch around a time; its begin may be later than the true one, never `until`."""
        last = self._last
        if last.begin <= at < last.until:
            return last
        self._last = self._find(at)
        return self._last

    def _find(self, at: int) -> Window:
        begin, end = at, None
        for start, stop in self._spans(self._calendar.day_of(at) - timedelta(days=1)):
            if end is not None:
                if start > end:
                    break
                end = max(end, stop)
            elif start > at:
                return Window(begin, start, active=False)
            elif stop > at:
                begin, end = start, stop
        return Window(begin, NEVER if end is None else end, active=end is not None)

    def _spans(self, day: date) -> Iterator[tuple[int, int]]:
        at, ranges = self._calendar.at, self._schedule.ranges
        for number in range(_DAYS_AHEAD):
            found = day + timedelta(days=number)
            if self._fits(found):
                for begin, end in ranges:
                    yield at(found, begin), at(found, end)

    def _fits(self, day: date) -> bool:
        schedule, calendar = self._schedule, self._calendar
        if schedule.seasons and not any(
            (calendar.heating if season == "heating" else season).holds(day)
            for season in schedule.seasons
        ):
            return False
        return not schedule.days or any(self._is(word, day) for word in schedule.days)

    def _is(self, word: str, day: date) -> bool:
        calendar = self._calendar
        if word in {"workday", "holiday"}:
            return calendar.works(day) == (word == "workday")
        if word in {"school", "no_school"}:
            return calendar.schools(day) == (word == "school")
        return WEEK[day.weekday()] == word

"""The text of a rule's hours `schedule:`, what every kind of rule may have."""

import re
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from model.calendar import Season

from .base import Written

DAY = 1440
_RANGE = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_HOURS = 24
_MINUTES = 60

DayWord = Literal[
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "holiday", "school", "no_school"
]
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Range(NamedTuple):
    """Minutes of a day; an end beyond 1440 lies on the day after."""

    begin: int
    end: int


def minutes_of(text: str) -> Range:
    """Read `22:00-06:00`: over midnight it belongs to the day on which it begins. Raises ValueError."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise ValueError("hours are written as 08:00-18:00; 22:00-06:00 goes over midnight")
    first, second = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
    for hour, minute in (first, second):
        if minute >= _MINUTES or hour * _MINUTES + minute > DAY:
            raise ValueError(f"{hour:02}:{minute:02} is no time of day: 00:00 to 24:00")
    begin, end = (hour * _MINUTES + minute for hour, minute in (first, second))
    if begin in {end, DAY}:
        raise ValueError(f"{text} is no span; the whole day is 00:00-24:00")
    return Range(begin, end if end > begin else end + DAY)


def _checked(text: str) -> str:
    minutes_of(text)
    return text.strip()


class Schedule(Written):
    """When a rule looks, by the site's clock: on one of `days`, within `hours`, in one of `seasons`."""

    hours: tuple[Annotated[str, AfterValidator(_checked)], ...] = ()  # left out: the whole day
    days: tuple[DayWord, ...] = ()  # left out: every day
    seasons: tuple[Literal["heating"] | Season, ...] = Field(default=())  # left out: all year

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.hours or self.days or self.seasons):
            raise ValueError("a schedule needs `hours`, `days` or `seasons`; else leave it out")
        return self

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The hours as minutes of the day."""
        return tuple(sorted(minutes_of(text) for text in self.hours)) or (Range(0, DAY),)

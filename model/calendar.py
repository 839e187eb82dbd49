"""The calendar of a site 日历: its zone, holidays and make-up workdays, school terms, the heating season.

It is data: it stands in the durable log beside the rules, so that a replay needs no library.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from .errors import ConfigError
from .yamlfile import ConfigErrors, YamlText

SHIPPED_CALENDAR = "calendar-shipped.yaml"
CALENDAR_YAML = "calendar.yaml"
"""The documents of a calendar, the later one overriding the earlier."""

_SATURDAY = 5
_LEAP = 2024
"""A year that has every day a season may begin or end on."""


def _date(value: object) -> object:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("a day is written as 2026-02-14") from error


def _month_day(value: str) -> str:
    try:
        return date.fromisoformat(f"{_LEAP}-{value}").strftime("%m-%d")
    except ValueError as error:
        raise ValueError("a day of the year is written as month-day: 10-15") from error


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no such time zone: {value!r}; as in Asia/Shanghai") from error
    return value


Day = Annotated[date, BeforeValidator(_date)]
MonthDay = Annotated[str, AfterValidator(_month_day)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Term(_Written):
    """A school term 学期, first and last day included."""

    begin: Day = Field(alias="from")
    end: Day = Field(alias="to")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.begin:
            raise ValueError(f"the term ends on {self.end}, before it begins on {self.begin}")
        return self


class Season(_Written):
    """Days of every year, first and last included; 10-15 to 04-15 goes over the new year."""

    begin: MonthDay = Field(alias="from")
    end: MonthDay = Field(alias="to")

    def holds(self, day: date) -> bool:
        """Return whether a day lies in the season."""
        at = day.strftime("%m-%d")
        if self.begin <= self.end:
            return self.begin <= at <= self.end
        return at >= self.begin or at <= self.end


HEATING = Season(begin="10-15", end="04-15")
"""供暖期 in Wuhai, 15 October to 15 April: the city's custom, our assumption where none is written."""


class CalendarFile(_Written):
    """What people write in `calendar.yaml`; a day named here overrides the one that is shipped."""

    version: Literal[1] = Field(default=1, alias="schema")
    zone: Annotated[str, AfterValidator(_zone)] | None = None
    holidays: tuple[Day, ...] = ()
    workdays: tuple[Day, ...] = ()
    school: tuple[Term, ...] = ()
    heating: Season | None = None

    @model_validator(mode="after")
    def _one_kind_each(self) -> Self:
        both = sorted(set(self.holidays) & set(self.workdays))
        if both:
            raise ValueError(f"{both[0]} is both a holiday and a workday")
        return self


class Calendar:
    """Knows what kind of day a day is at the site. Without data: Monday to Friday are workdays."""

    def __init__(
        self,
        *,
        zone: str = "Asia/Shanghai",
        days: Mapping[date, bool] | None = None,
        school: tuple[Term, ...] = (),
        heating: Season = HEATING,
    ) -> None:
        """Take the zone, the days that break the week (True: a workday), terms and season."""
        self.zone = zone
        self.school = school
        self.heating = heating
        self._days = dict(days or {})

    @cached_property
    def _clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def years(self) -> frozenset[int]:
        """The years whose holidays are known."""
        return frozenset(day.year for day in self._days)

    def day_of(self, at: int) -> date:
        """Return the local day of a time (ms)."""
        return datetime.fromtimestamp(at / 1000, self._clock).date()

    def at(self, day: date, minutes: int) -> int:
        """Return the time (ms) so many minutes after a local day's midnight, by the wall clock."""
        later, rest = divmod(minutes, 1440)
        clock = time(rest // 60, rest % 60)
        local = datetime.combine(day + timedelta(days=later), clock, self._clock)
        return round(local.timestamp() * 1000)

    def of_clock(self, clock: datetime) -> int:
        """Return the time (ms) that the site's clock shows so; one with a zone is what it says."""
        local = clock if clock.tzinfo else clock.replace(tzinfo=self._clock)
        return round(local.timestamp() * 1000)

    def works(self, day: date) -> bool:
        """Return whether a day is a workday: by the list of holidays and make-up days, else the week."""
        known = self._days.get(day)
        return day.weekday() < _SATURDAY if known is None else known

    def schools(self, day: date) -> bool:
        """Return whether there is school: a workday within a term."""
        return self.works(day) and any(term.begin <= day <= term.end for term in self.school)


def load_calendar(texts: Mapping[str, str]) -> Calendar:
    """Read a calendar from documents by name; raises ConfigErrors with file, line and key.

    Documents of other names are passed over. A site's `calendar.yaml` overrides what is shipped.
    """
    zone, days, school, heating = "Asia/Shanghai", dict[date, bool](), tuple[Term, ...](), HEATING
    problems: list[ConfigError] = []
    for wanted in (SHIPPED_CALENDAR, CALENDAR_YAML):
        for name in sorted(texts):
            if name.rpartition("/")[2] != wanted:
                continue
            try:
                file = YamlText(texts[name], name).check(CalendarFile)
            except ConfigErrors as errors:
                problems.extend(errors.problems)
                continue
            except ConfigError as error:
                problems.append(error)
                continue
            zone, heating = file.zone or zone, file.heating or heating
            school = file.school or school
            days |= dict.fromkeys(file.holidays, False) | dict.fromkeys(file.workdays, True)
    if problems:
        raise ConfigErrors(problems)
    return Calendar(zone=zone, days=days, school=school, heating=heating)


def is_calendar(name: str) -> bool:
    """Return whether a document of that name is a calendar."""
    return name.rpartition("/")[2] in {SHIPPED_CALENDAR, CALENDAR_YAML}

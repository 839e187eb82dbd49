"""Reads a device's own clock out of a vendor's JSON, and says when it cannot be right."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from .contract import Settings
from .json_fields import Document, getter

EARLIEST_MS = 1_420_070_400_000  # 2015-01-01: older is a clock that was never set (our assumption)
AHEAD_MS = 5 * 60 * 1000

TakeTime = Callable[[Document, int, list[str]], int | None]


class TimeMapping(Settings):
    """The field with the device's own clock; an ISO time without a zone is local to `timezone`."""

    field: str = Field(min_length=1)
    unit: Literal["ms", "s", "iso"] = "ms"
    timezone: str = "Asia/Shanghai"

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {name!r}; write one like Asia/Shanghai") from error
        return name


def compile_time(mapping: TimeMapping) -> TakeTime:
    """Compile the device's clock; a time before 2015 or over 5 min ahead is flagged, not kept."""
    path, get, flaw = mapping.field, getter(mapping.field), f"field:{mapping.field}"
    flat = "." not in path
    read, plain = _TIME_READERS[mapping.unit](mapping), mapping.unit == "ms"

    def take(document: Document, at: int, flaws: list[str]) -> int | None:
        value = document.get(path) if flat else get(document)
        if value is None:
            return None
        try:
            observed_at = value if plain and value.__class__ is int else read(value)
        except (ValueError, OverflowError):
            flaws.append(flaw)
            return None
        if EARLIEST_MS <= observed_at <= at + AHEAD_MS:
            return observed_at
        flaws.append("device_clock")
        return None

    return take


def _clock_reader(factor: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if value.__class__ is int:
            return value * factor
        if value.__class__ is not float:
            raise ValueError
        return round(value * factor)

    return read


def _iso_reader(mapping: TimeMapping) -> Callable[[object], int]:
    zone = ZoneInfo(mapping.timezone)

    def read(value: object) -> int:
        if value.__class__ is not str:
            raise ValueError
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1000)

    return read


_TIME_READERS: Mapping[str, Callable[[TimeMapping], Callable[[object], int]]] = {
    "ms": lambda _: _clock_reader(1),
    "s": lambda _: _clock_reader(1000),
    "iso": _iso_reader,
}

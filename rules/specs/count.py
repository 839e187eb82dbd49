"""The text of a rule of the kind `count`."""

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from model.reading import Event, Value

from .base import Duration, Span, Word, Words, Written, Zone
from .spec import BaseSpec

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _minute(text: object) -> int:
    """Read a time of day, 04:00, as minutes since midnight. Raises ValueError."""
    match = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a time of day is written as '04:00', in quotes")
    return int(match[1]) * 60 + int(match[2])


def _range(text: object) -> tuple[int, int]:
    """Read hours, 22:00-06:00, over midnight or not. Raises ValueError."""
    parts = text.split("-") if isinstance(text, str) else []
    if len(parts) != 2:  # noqa: PLR2004 - from and to
        raise ValueError("hours are written as '22:00-06:00'")
    begin, end = _minute(parts[0]), _minute(parts[1])
    if begin == end:
        raise ValueError("hours must not begin when they end; leave them out for all day")
    return begin, end


class Level(Written):
    """How many are there now, as each device says; the devices of a place are summed."""

    quantity: Word = ""
    states: tuple[Word, ...] = ()  # a device that says one of these counts as one
    fresh_for: Span = 300_000  # a device not heard for so long counts no more

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if bool(self.quantity) == bool(self.states):
            raise ValueError("level needs either `quantity` or `states`")
        return self


class Passage(Written):
    """What a device says when one person passes."""

    events: tuple[Event, ...]
    values: dict[str, tuple[Value, ...]] = Field(default={})  # direction: [in]


class Passages(Written):
    """Entries minus exits since the reset of the night."""

    enter: Passage
    leave: Passage
    reset_at: Annotated[int, BeforeValidator(_minute)]  # minutes since midnight, local


class Unseen(Written):
    """Nobody was seen in a household for so long; only with its consent."""

    seen: Words
    after: Span

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if not (self.seen.states or self.seen.events):
            raise ValueError("seen needs `states` or `events`")
        return self


class CountSpec(BaseSpec):
    """How many are in a place: too many, any at all, or nobody for too long."""

    kind: Literal["count"]
    level: Level | None = None
    passages: Passages | None = None
    unseen: Unseen | None = None
    place: Literal["device", "building", "compound"] = "building"
    over: Annotated[float, Field(ge=0)] | None = None
    clear_at: Annotated[float, Field(ge=0)] | None = None
    hold: Duration = Field(default=0, alias="for")
    hours: Annotated[tuple[int, int], BeforeValidator(_range)] | None = None
    lateness: Duration = 5_000
    timezone: Zone = "Asia/Shanghai"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(part is not None for part in (self.level, self.passages, self.unseen)) != 1:
            raise ValueError("give exactly one of `level`, `passages` and `unseen`")
        if (self.over is None) != (self.unseen is not None):
            raise ValueError("`level` and `passages` need `over`; `unseen` has none")
        if self.over is not None and self.clear_at is not None and self.clear_at > self.over:
            raise ValueError(f"clear_at {self.clear_at:g} must not lie above over {self.over:g}")
        return self

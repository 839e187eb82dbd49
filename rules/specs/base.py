"""What the texts of all kinds of rules have in common: time spans, titles, which devices, which words."""

import re
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from model.reading import Event, Value
from rules.expression import LONGEST, Expression

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
LONGEST_MS = 100 * 366 * 86_400_000
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def duration_ms(text: object) -> int:
    """Read a time span as people write it: 500ms, 90s, 5m, 26h, 2d. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a time span needs a number and a unit: 500ms, 90s, 5m, 26h or 2d")
    span = float(match[1]) * _UNITS_MS[match[2]]
    if span > LONGEST_MS:
        raise ValueError("a time span of more than 100 years; write a shorter one")
    return round(span)


def condition(text: object) -> Expression:
    """Read a condition over quantities: `pressure_kpa < 70 and pump_running`. Raises ValueError."""
    if isinstance(text, Expression):
        return text
    if not isinstance(text, str):
        raise ValueError("a condition is a text: `pressure_kpa < 70`")  # noqa: TRY004 - pydantic's way
    return Expression(text)


def watched(when: Expression) -> Expression:
    """Return a condition that no Reading meets which says none of its quantities. Raises ValueError.

    Such a Reading wakes no rule, so nobody would hear that it is met.
    """
    if when({}) is True:
        name = min(when.names)
        raise ValueError(
            f"`{when}` is true of a Reading that says nothing of it, so of every Reading of those "
            f"devices; ask for what it must say: `known({name}) and …`"
        )
    return when


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(f"no time zone {text!r}; write it as Asia/Shanghai")
    return text


Duration = Annotated[int, BeforeValidator(duration_ms)]
Span = Annotated[Duration, Field(gt=0)]
Word = Annotated[str, Field(min_length=1, max_length=64)]
Condition = Annotated[
    Expression,
    PlainValidator(condition),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST}),
]
Watched = Annotated[Condition, AfterValidator(watched)]
Zone = Annotated[str, AfterValidator(_zone)]
RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]


class Written(BaseModel):
    """A part of what people write: no key that is not known, and nothing changes it afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(Written):
    """What the rule is called on the page, in Chinese and English."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Devices(Written):
    """Which devices a rule watches: their kinds, what the registry calls them, what they say they are.

    What an `except_` names is left out; a device that does not say what it is stays in.
    """

    kinds: tuple[Word, ...] = ()
    except_kinds: tuple[Word, ...] | None = None
    roles: tuple[str, ...] = ()
    except_roles: tuple[str, ...] = ()
    values: dict[str, tuple[Value, ...]] = {}  # component_type: [96, 99]
    except_values: dict[str, tuple[Value, ...]] | None = None


class Words(Written):
    """What a device says: an alarm state that is true, or an event word."""

    states: tuple[Word, ...] = ()
    events: tuple[Event, ...] = ()


class Clearing(Written):
    """What takes it back: an alarm state that is false, or an event word, unless in doubt.

    A device that is isolated or faulty says nothing about a fire by "not fire"; `unless` names the
    states whose truth makes a clearing worthless (design: panel semantics).
    """

    states_false: tuple[Word, ...] = ()
    events: tuple[Event, ...] = ()
    unless: tuple[Word, ...] = ()


class ByHand(Written):
    """How a person's hand is told from a detector: event word, registered role, or a value."""

    events: tuple[Event, ...] = ()
    roles: tuple[str, ...] = ()
    values: dict[str, tuple[Value, ...]] = {}

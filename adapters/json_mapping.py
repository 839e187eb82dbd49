"""Turns a vendor's JSON into named quantities, by a mapping that people write in YAML.

The mapping is compiled to closures once; a message then costs a dictionary look-up and a range
check a field. An alarm is worth more than the fields beside it: a field that makes no sense is
dropped and flagged, and only an unreadable alarm or identity refuses the message.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import Field, ValidationInfo, field_validator

from model.errors import FrameError
from model.reading import ALARM_EVENTS, ALARM_STATES, Event, Value

from .contract import Settings
from .json_fields import (
    Document,
    Read,
    divisor_of,
    flag_reader,
    getter,
    number_reader,
    numeric_text_reader,
    read_text,
)
from .json_time import TimeMapping, compile_time

_MAX = 1.7976931348623157e308  # the largest float: one comparison refuses inf and NaN too

Take = Callable[[Document, dict[str, Value], list[str]], None]

STATE_OF = {
    Event.FIRE_ALARM: "fire", Event.MANUAL_ALARM: "manual_alarm", Event.PRE_ALARM: "pre_alarm",
    Event.FAULT: "fault", Event.MAINS_FAULT: "mains_fault", Event.BACKUP_FAULT: "backup_fault",
    Event.LINE_FAULT: "line_fault", Event.CHANNEL_FAULT: "channel_fault",
    Event.ISOLATED: "isolated", Event.SUPERVISORY: "supervisory", Event.DOOR_FORCED: "forced",
    Event.DOOR_HELD_OPEN: "held_open", Event.DURESS: "duress", Event.PANIC: "panic",
    Event.TAMPER: "tamper", Event.REMOVED: "removed",
}  # fmt: skip
"""The alarm state that an event switches on."""

_ALL_CLEAR = frozenset({Event.NONE, Event.NORMAL, Event.ALARM_CLEARED})
_CLEARS = {
    Event.FIRE_CLEARED: frozenset({"fire"}),
    Event.FAULT_CLEARED: frozenset({"fault"}),
    Event.TAMPER_CLEARED: frozenset({"tamper"}),
    Event.ISOLATION_CLEARED: frozenset({"isolated"}),
}


class FieldMapping(Settings):
    """One JSON field becomes one quantity: value * scale + offset, flagged outside min..max."""

    type: Literal["number", "numeric_text", "flag", "text"] = "number"
    to: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="quantity, unit in its name")
    scale: float = Field(default=1.0, allow_inf_nan=False)
    offset: float = Field(default=0.0, allow_inf_nan=False)
    min: float = Field(default=-_MAX, allow_inf_nan=False)
    max: float = Field(default=_MAX, allow_inf_nan=False)
    invert: bool = Field(default=False, description="for flags: true means the opposite")

    @field_validator("scale")
    @classmethod
    def _not_nothing(cls, scale: float) -> float:
        if scale == 0:
            raise ValueError("a scale of 0 loses the value; remove it or correct it")
        return scale

    @field_validator("to")
    @classmethod
    def _no_alarm_in_passing(cls, to: str, info: ValidationInfo) -> str:
        # Files wrote `to: panic` for a flag before it was an alarm state: an upgrade stops no gateway.
        if to in ALARM_STATES and (to, info.data.get("type")) != ("panic", "flag"):
            raise ValueError(
                f"{to!r} is an alarm state; map it under `alarm`, where it is required"
            )
        return to


class AlarmMapping(Settings):
    """The field that says alarm, and what each of its values means (a word of ours, "" = none)."""

    field: str = Field(min_length=1)
    values: dict[str, Event] = Field(min_length=1)
    required: bool = True

    @field_validator("values", mode="before")
    @classmethod
    def _keys_are_text(cls, values: object) -> object:
        # YAML reads 1 and true as number and truth; JSON names are text.
        if isinstance(values, Mapping):
            return {
                str(key).lower() if isinstance(key, bool) else str(key): value
                for key, value in values.items()
            }
        return values


class Said(NamedTuple):
    """What one value of an alarm field means: a word, the states it sets, whether it is evidence."""

    event: Event
    states: dict[str, Value]
    is_alarm: bool


_SILENT = Said(Event.NONE, {}, is_alarm=False)
TakeAlarm = Callable[[Document], Said]


Mapped = tuple[dict[str, Value], Said, int | None, tuple[str, ...]]
"""What a message says in our names: values, alarm, device time (ms), quality flags."""


class JsonMapping:
    """A compiled mapping: `read` turns one JSON object into values, event, time and flags."""

    def __init__(
        self,
        *,
        fields: Mapping[str, FieldMapping],
        alarms: Sequence[AlarmMapping],
        time: TimeMapping | None = None,
    ) -> None:
        """Compile; the first of `alarms` that speaks gives the event, all of them their states."""
        plain = {path: field for path, field in fields.items() if _is_plain(path, field)}
        self._numbers = tuple(
            (
                path,
                divisor_of(field.scale),
                field.min,
                field.max,
                field.to,
                compile_field(path, field),
            )
            for path, field in plain.items()
        )
        self._takes = tuple(
            compile_field(path, field) for path, field in fields.items() if path not in plain
        )
        self._alarms = {mapping.field: compile_alarm(mapping) for mapping in alarms}
        self._only = next(iter(self._alarms.values())) if len(self._alarms) == 1 else None
        self._time = compile_time(time) if time else None

    def read(self, document: Document, at: int) -> Mapped:
        """Read a message that came in at `at` (ms); raises FrameError for an unreadable alarm."""
        flaws: list[str] = []
        said = self._only(document) if self._only else self._loudest(document, flaws)
        values = said.states.copy()
        # Plain numbers are read here, without a call a field: this loop is most of the intake's cost.
        for path, divisor, low, high, to, slow in self._numbers:
            value = document.get(path)
            if value.__class__ is int or value.__class__ is float:
                try:
                    number = value / divisor
                except OverflowError:
                    number = math.nan
                if low <= number <= high:
                    values[to] = number
                    continue
            slow(document, values, flaws)
        for take in self._takes:
            take(document, values, flaws)
        observed_at = self._time(document, at, flaws) if self._time else None
        return values, said, observed_at, tuple(dict.fromkeys(flaws)) if flaws else ()

    def _loudest(self, document: Document, flaws: list[str]) -> Said:
        """Read several alarm fields: the first alarm gives the event, all of them their states.

        One that cannot be read refuses the message only when no other tells of an alarm.
        """
        loudest, states = _SILENT, dict[str, Value]()
        unreadable: list[FrameError] = []
        for path, alarm in self._alarms.items():
            try:
                said = alarm(document)
            except FrameError as error:
                unreadable.append(error)
                flaws.append(f"field:{path}")
                continue
            states.update(said.states)
            loudest = said if said.is_alarm and not loudest.is_alarm else loudest
        if unreadable and not loudest.is_alarm:
            raise unreadable[0]
        return loudest._replace(states=states)


def _is_plain(path: str, field: FieldMapping) -> bool:
    return field.type == "number" and not field.offset and "." not in path


def compile_field(path: str, mapping: FieldMapping) -> Take:
    """Compile one side field; what it cannot read it drops and flags `field:<path>`."""
    get, to, flaw = getter(path), mapping.to, f"field:{path}"
    low, high = mapping.min, mapping.max
    read = _reader(mapping)

    def take(document: Document, values: dict[str, Value], flaws: list[str]) -> None:
        value = get(document)
        if value is None:
            return
        try:
            result = read(value)
        except (ValueError, OverflowError):
            flaws.append(flaw)
            return
        values[to] = result
        if result.__class__ is float and not low <= result <= high:
            flaws.append("range")

    return take


def _reader(mapping: FieldMapping) -> Read:
    if mapping.type == "number":
        return number_reader(scale=mapping.scale, offset=mapping.offset)
    if mapping.type == "numeric_text":
        return numeric_text_reader(scale=mapping.scale, offset=mapping.offset)
    return flag_reader(invert=mapping.invert) if mapping.type == "flag" else read_text


def compile_alarm(mapping: AlarmMapping) -> TakeAlarm:
    """Compile the alarm field: an alarm sets its state true, "no alarm" sets all states false.

    One alarm code never clears another's state: a fault after a fire is not the fire's end.
    """
    path, required, get = mapping.field, mapping.required, getter(mapping.field)
    flat = "." not in path
    words: dict[object, Said] = {}
    flags: dict[object, Said] = {}
    states = frozenset(STATE_OF[event] for event in mapping.values.values() if event in STATE_OF)
    for key, event in mapping.values.items():
        # An enum's hash is slow in Python: what an event means is looked up here, not per message.
        said = Said(event, _effect(event, states), event in ALARM_EVENTS)
        words[key] = said
        if key in ("true", "false"):
            flags[key == "true"] = said
        elif key.removeprefix("-").isdecimal():
            words[int(key)] = said
    known = ", ".join(mapping.values)

    def take(document: Document) -> Said:
        value = document.get(path) if flat else get(document)
        # 1, 1.0 and true are equal in Python; a device that says true for 1 changed its dialect.
        kind = value.__class__
        said = None
        if kind is int or kind is str or kind is float:
            said = words.get(value)
        elif kind is bool:
            said = flags.get(value)
        elif value is None and not required:
            return _SILENT
        if said is None:
            raise _unreadable(path, value, known)
        return said

    return take


def _effect(event: Event, states: frozenset[str]) -> dict[str, Value]:
    if event in STATE_OF:
        return {STATE_OF[event]: True}
    cleared = _CLEARS.get(event, frozenset())
    return dict.fromkeys(states if event in _ALL_CLEAR else states & cleared, False)


def _unreadable(path: str, value: object, known: str) -> FrameError:
    if value is None:
        return FrameError("type", f"alarm field {path!r} is missing")
    if value.__class__ is float and not math.isfinite(value):
        return FrameError("nan", f"alarm field {path!r} is not a number")
    return FrameError("type", f"alarm field {path!r} is none of its known values: {known}")

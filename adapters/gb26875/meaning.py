"""Says what an uploaded object means: event, values by name, and what is odd about it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from model.reading import Event, Value

from . import objects as upload
from . import tables
from .description import read_text
from .tables import Analogue, Bit


class Meaning(NamedTuple):
    """An object in the words of the model; when and by whom is not yet said."""

    event: Event
    values: dict[str, Value]
    quality: tuple[str, ...] = ()


def meaning_of(item: upload.UploadObject, analogues: Mapping[int, Analogue]) -> Meaning:
    """Return the meaning of any object; `analogues` are the standard's and the user's types."""
    meaning = _own_meaning(item, analogues)
    if isinstance(item, upload.OfSystem):
        meaning.values["system_type"] = float(item.system_type)
    if isinstance(item, upload.OfComponent):
        meaning.values["component_type"] = float(item.component_type)
    return meaning


def _own_meaning(item: upload.UploadObject, analogues: Mapping[int, Analogue]) -> Meaning:  # noqa: PLR0911 - one return for each type of object
    match item:
        case upload.SystemState():
            return _state(item.state, tables.SYSTEM_STATE)
        case upload.TransmitterState():
            return _state(item.state, tables.TRANSMITTER_STATE)
        case upload.ComponentState():
            return _described(_state(item.state, tables.COMPONENT_STATE), item)
        case upload.ComponentConfiguration():
            return _described(Meaning(Event.CONFIGURATION, {}), item)
        case upload.ComponentAnalogue():
            return _analogue(item, analogues)
        case upload.SystemOperation():
            return _operation(item.operation, item.operator, tables.SYSTEM_OPERATION)
        case upload.TransmitterOperation():
            return _operation(item.operation, item.operator, tables.TRANSMITTER_OPERATION)
        case upload.SystemVersion() | upload.TransmitterVersion():
            version = f"{item.major}.{item.minor}"
            return Meaning(Event.CONFIGURATION, {"software_version": version})
        case upload.SystemConfiguration() | upload.TransmitterConfiguration():
            return _with_text(Meaning(Event.CONFIGURATION, {}), "configuration", item.text)
        case upload.SystemClock() | upload.TransmitterClock():
            return Meaning(Event.CLOCK, {})


def _state(word: int, bits: Sequence[Bit]) -> Meaning:
    """Name every bit; the first set one that has an event names the event of the word."""
    values: dict[str, Value] = {bit.name: bool(word & bit.mask) for bit in bits}
    in_test = not word & tables.NORMAL_BIT
    values["test_bit"] = in_test
    named = sum(bit.mask for bit in bits)
    # Feedback, delay or manual mode alone is neither an alarm nor "normal".
    quiet = Event.NONE if word & named else Event.NORMAL
    event = next((bit.event for bit in bits if bit.event and word & bit.mask), quiet)
    flags = ("test_bit",) if in_test else ()
    return Meaning(event, values, flags + _reserved(word, named | tables.NORMAL_BIT))


def _operation(word: int, operator: int, bits: Sequence[Bit]) -> Meaning:
    """Name what a person did; several keys may be in one message."""
    values: dict[str, Value] = {bit.name: bool(word & bit.mask) for bit in bits}
    values["operator"] = float(operator)
    if not values["manual_alarm"]:
        # An operation is a moment, not a state: silencing must not say "no manual alarm".
        del values["manual_alarm"]
    event = next((bit.event for bit in bits if word & bit.mask), Event.NONE)
    return Meaning(event, values, _reserved(word, sum(bit.mask for bit in bits)))


def _reserved(word: int, named: int) -> tuple[str, ...]:
    return ("reserved_bits",) if word & ~named else ()


def _analogue(item: upload.ComponentAnalogue, analogues: Mapping[int, Analogue]) -> Meaning:
    analogue = analogues.get(item.analogue_type)
    if analogue is None:
        kept = {
            "analogue_type": float(item.analogue_type),
            "analogue_steps": float(item.steps),
        }
        return Meaning(Event.VENDOR, {**kept})
    if (item.component_type, item.analogue_type) == (tables.CABLE_DETECTOR, tables.TEMPERATURE):
        analogue = tables.CABLE_TEMPERATURE
    # 3 x 0.1 is 0.30000000000000004; six decimals are finer than any step in use.
    value = round(float(item.steps * analogue.step), 6)
    inside = analogue.low <= value <= analogue.high
    return Meaning(Event.NONE, {analogue.name: value}, () if inside else ("out_of_range",))


def _described(
    meaning: Meaning, item: upload.ComponentState | upload.ComponentConfiguration
) -> Meaning:
    """Add the name of the component's type, when table 5 has one that says something, and place."""
    if item.component_type and item.component_type in tables.COMPONENT_TYPES:
        meaning.values["component_type_name"] = tables.COMPONENT_TYPES[item.component_type]
    return _with_text(meaning, "description", item.description)


def _with_text(meaning: Meaning, name: str, data: bytes) -> Meaning:
    """Add a text unless it is empty."""
    text, damaged = read_text(data)
    if text:
        meaning.values[name] = text
    if not damaged:
        return meaning
    return meaning._replace(quality=(*meaning.quality, "description_bytes"))

"""Reads single fields out of a vendor's JSON: numbers, flags, texts and identities.

Whatever a device sends, only FrameError comes out, and its text never quotes the payload.
"""

import json
import math
from collections.abc import Callable, Mapping

import msgspec

from model.errors import FrameError
from model.reading import Value

MAX_PAYLOAD = 64 * 1024
MAX_ID = 128
MAX_TEXT = 256

Document = Mapping[str, object]
Get = Callable[[Document], object]
Read = Callable[[object], Value]

_decode = msgspec.json.Decoder().decode


def parse_object(payload: bytes) -> dict[str, object]:
    """Read a JSON object; raises FrameError `oversize`, `json` or `type`.

    NaN, Infinity and 1e999 are read as such, so that a broken side field does not cost an alarm.
    """
    if len(payload) > MAX_PAYLOAD:
        raise FrameError("oversize", f"{len(payload)} bytes; at most {MAX_PAYLOAD} are read")
    try:
        document = _decode(payload)
    except (ValueError, RecursionError):  # DecodeError and UnicodeDecodeError are ValueErrors
        document = _parse_leniently(payload)
    if document.__class__ is not dict:
        raise FrameError("type", "the payload is JSON but not an object")
    return document


def _parse_leniently(payload: bytes) -> object:
    # `from None`: the library's errors carry the whole payload, which may hold a card number.
    try:
        return json.loads(payload.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise FrameError("json", f"{error.msg} at character {error.pos}") from None
    except UnicodeDecodeError as error:
        raise FrameError("json", f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise FrameError("json", "nested too deeply") from None
    except ValueError:
        raise FrameError("json", "a number has too many digits") from None


def clean(text: str, *, limit: int = MAX_TEXT) -> str:
    """Cut text to `limit` and replace control, direction and surrogate characters by `_`."""
    text = text[:limit]
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "_" for char in text)


def identity_text(value: object, name: str) -> str:
    """Return an identity as text, from text or a whole number; raises FrameError."""
    if value.__class__ is str:
        text = str(value)
    elif value.__class__ is int:
        if abs(value) >= 10**40:
            raise FrameError("identity", f"field {name!r} has too many digits")
        text = str(value)
    elif value is None:
        raise FrameError("identity", f"field {name!r} is missing")
    elif value.__class__ is float and not math.isfinite(value):
        raise FrameError("nan", f"field {name!r} is not a number")
    else:
        raise FrameError("type", f"field {name!r} is a {_kind(value)}, not text")
    if not text or text.isspace() or len(text) > MAX_ID:
        raise FrameError("identity", f"field {name!r} is empty or longer than {MAX_ID}")
    return clean(text)


def _kind(value: object) -> str:
    return {bool: "truth value", dict: "object", list: "list"}.get(
        value.__class__, value.__class__.__name__
    )


def getter(path: str) -> Get:
    """Compile a dotted path: `data.smoke.value` looks into nested objects; absent gives None."""
    first, *rest = path.split(".")
    if not rest:
        return lambda document: document.get(first)

    def get(document: Document) -> object:
        node = document.get(first)
        for part in rest:
            if node.__class__ is not dict:
                return None
            node = node.get(part)
        return node

    return get


def divisor_of(scale: float) -> float:
    """Return what to divide by: 57 / 100 is 0.57, while 57 * 0.01 is 0.5700000000000001."""
    inverse = 1 / scale
    if abs(inverse) >= 2**53:
        return inverse
    whole = round(inverse)
    return float(whole) if whole and math.isclose(inverse, whole, rel_tol=1e-12) else inverse


def number_reader(*, scale: float, offset: float) -> Read:
    """Compile a reader of JSON numbers; it raises ValueError or OverflowError for all else."""
    divisor = divisor_of(scale)

    def read(value: object) -> float:
        if value.__class__ is not float and value.__class__ is not int:
            raise ValueError
        number = value / divisor + offset
        if not math.isfinite(number):
            raise ValueError
        return float(number)

    return read


def numeric_text_reader(*, scale: float, offset: float) -> Read:
    """Compile a reader of numbers that a vendor puts in quotes."""
    number = number_reader(scale=scale, offset=offset)
    return lambda value: number(float(value) if isinstance(value, str) else value)


def flag_reader(*, invert: bool) -> Read:
    """Compile a reader of true, false, 1 and 0."""

    def read(value: object) -> bool:
        if value.__class__ not in (bool, int) or value not in (0, 1):
            raise ValueError
        return bool(value) is not invert

    return read


def read_text(value: object) -> str:
    """Return text, cleaned; raises ValueError for all else."""
    if value.__class__ is not str:
        raise ValueError
    return clean(str(value))

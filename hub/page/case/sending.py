"""Turns what somebody typed into an action, and a refusal into words beside what it needs."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hub.page.words import Lang
from model.errors import Refused
from model.reading import Value

from .forms import Field
from .vocabulary import part

_BESIDE = {
    "result_on_site": ("result",),
    "handler_named": ("by",),
    "sensor_normal": ("photo",),
    "sensor_healthy": ("photo",),
    "satisfaction": ("satisfied",),
    "asked_the_reporter": ("asked",),
    "false_alarm_cause": ("false_alarm_cause", "cause"),
    "checked_by_and_how": ("checked_by",),
}
"""Beside which field a missing part is said; a part that is a field's own name stands beside it."""


class Problem(NamedTuple):
    """Something that is missing or wrong; `field` is empty when no field of the form can mend it."""

    field: str
    text: str


def read(fields: tuple[Field, ...], typed: Mapping[str, str], zone: ZoneInfo) -> dict[str, Value]:
    """Return the fields of an action; what was left empty is left out.

    Raises Refused naming what is needed and was not given, or is no time.
    """
    found: dict[str, Value] = {}
    lacking: list[str] = []
    for field in fields:
        text = typed.get(field.name, "").strip()
        if not text:
            if field.needed:
                lacking.append(field.name)
            continue
        value = _value(field, text, zone)
        if value is None:
            lacking.append(field.name)
        else:
            found[field.name] = value
    if lacking:
        raise Refused("the form is not complete", missing=tuple(lacking))
    return found


def _value(field: Field, text: str, zone: ZoneInfo) -> Value | None:
    """Return a field's value, None when it is none of what may be chosen."""
    if field.kind == "flag":
        return True
    if field.kind == "time":
        try:
            return float(int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000))
        except (ValueError, OverflowError):
            return None
    if field.kind == "choice":
        if text not in {value for value, _, _ in field.choices}:
            return None
        return {"yes": True, "no": False}.get(text, text)
    return text


def problems(refused: Refused, fields: tuple[Field, ...], lang: Lang) -> list[Problem]:
    """Return each missing part in words, beside the field that can mend it; never none."""
    by_name = {field.name: field for field in fields}
    found = [_problem(name, by_name, lang) for name in refused.missing]
    return found or [Problem("", str(refused))]


def _problem(name: str, fields: Mapping[str, Field], lang: Lang) -> Problem:
    beside = _BESIDE.get(name, (name,))
    if name.startswith("normal_for_"):
        beside = ("photo",)
    where = next((field for field in beside if field in fields), "")
    if name in fields:
        label = fields[name].label(lang)
        return Problem(name, f"请填写：{label}" if lang is Lang.ZH else f"Needed: {label}")
    return Problem(where, part(name, lang))

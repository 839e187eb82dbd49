"""Reads what people send with an action, and names what is wrong or missing."""

from model.entry import Action
from model.errors import Refused

from .chain import Detail

TEXT_MAX = 4_000
LIST_MAX = 100


def text(action: Action, name: str) -> str:
    """Return a text that the action must have; raises Refused naming it."""
    found = optional_text(action, name)
    if not found:
        raise Refused(f"{action.name} needs {name} (缺少 {name})", missing=(name,))
    return found


def optional_text(action: Action, name: str) -> str:
    """Return a text without blanks around it, empty when it was not given; raises Refused."""
    value = action.fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(f"{action.name}: {name} must be a text, not {value!r}", missing=(name,))
    return value.strip()


def flag(action: Action, name: str) -> bool:
    """Return a true or false that the action must have; raises Refused."""
    value = action.fields.get(name)
    if not isinstance(value, bool):
        raise Refused(f"{action.name} needs {name}: true or false", missing=(name,))
    return value


def optional_flag(action: Action, name: str) -> bool | None:
    """Return a true or false, or None when it was not given; raises Refused."""
    return None if action.fields.get(name) is None else flag(action, name)


def moment(action: Action, name: str) -> int:
    """Return a time in ms since 1970 UTC that the action must have; raises Refused."""
    value = action.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:  # noqa: PLR2004 - year 33658
        raise Refused(f"{action.name} needs {name}: a time in ms since 1970", missing=(name,))
    return int(value)


def recorded(action: Action) -> Detail:
    """Return what was sent, for the history; raises Refused when it is too much to keep."""
    for name, value in action.fields.items():
        parts = value if isinstance(value, list) else [value]
        long = any(isinstance(part, str) and len(part) > TEXT_MAX for part in parts)
        if long or len(parts) > LIST_MAX:
            raise Refused(f"{action.name}: {name} is too long (at most {TEXT_MAX} characters)")
    return {name: value for name, value in action.fields.items() if value is not None}

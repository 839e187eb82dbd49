"""Whose face, card or car it was never leaves: what of a notification may be shown and kept.

Vendors name persons in items that no table knows, so this says what may stay, not what must go.
"""

import re
from typing import Final

from .topics import CLASSES, NO, YES

PERSONAL: Final = re.compile(
    r"user|person|people|face|name|holder|employee|staff|visitor|resident|owner|student|child"
    r"|card|credential|identi|badge|plate|licen[cs]e|vehicle|phone|mobile|mail|address|pass|pin|code"
    r"|birth|age$|gender|id$|ids$|no$|num$|number$",
    re.IGNORECASE,
)
"""In an item's name: a number in it may be somebody's; a plain yes or no is nobody's."""
SECRET: Final = frozenset({"pin", "password", "card", "cardno", "cardnumber", "identifiervalue"})
TOKENS: Final = frozenset(
    {"VideoSourceConfigurationToken", "VideoSourceToken", "VideoSource", "Source", "Rule"}
    | {"VideoAnalyticsConfigurationToken", "AudioSourceConfigurationToken", "ProfileToken"}
    | {
        "AlarmInToken",
        "InputToken",
        "RelayToken",
        "DoorToken",
        "AccessPointToken",
        "RecordingToken",
    }
    | {"RecordingJobToken", "TrackToken", "AnalyticsModuleName", "Token"}
    | {"RadiometryModuleID"}
)
"""Items that name a part of a device, by the ONVIF specifications; installers give these words."""
_WORDS: Final = frozenset(
    {*YES, *NO, *CLASSES, "open", "opened", "closed", "normal", "alarm", "fault", "locked", "unlocked", "unknown"}
    | {"idle", "start", "stop", "initialized", "changed", "deleted", "tamperdetected", "notintamper"}
    | {"dooropentoolong", "doorforcedopen", "faultdetected", "notinfault", "failed", "ok", "critical"}
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,47}")
_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_NUMBER = re.compile(r"[-+]?\d{1,4}(\.\d{1,4})?|\d{4}-\d\d-\d\dT[\d:.]{5,16}Z?")
"""A short number or a moment."""
_STAYS = frozenset({"dialect", "utctime", "propertyoperation", "version", "encoding"})

_OPAQUE = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|$)|<!--.*?(?:-->|$)", re.DOTALL)
_ATTRIBUTE = re.compile(rb"(\s([\w:.-]+)\s*=\s*)(\"[^\"]*\"?|'[^']*'?|[^\s\"'<>]+)")
_TEXT = re.compile(rb"(?:^|>)[^<]+")
_ITEM_NAME = re.compile(rb"\sName\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_TOPIC = re.compile(rb"<(?:[\w.-]+:)?Topic[\s>]")
_PATH = re.compile(rb"[\s\w:.-]+(?:/[\w:.-]+)+\s*")


def shown(name: str, value: str) -> str:
    """Return an item as `name=value`; what may be somebody's is `***`."""
    plain = name if _NAME.fullmatch(name) else "***"
    return f"{plain}={value if may_stay(name, value) else '***'}"


def may_stay(name: str, value: str) -> bool:
    """Return whether an item's value can be nobody's: yes or no, a state, a short number, a part's token."""
    if not value:
        return True
    if not _NAME.fullmatch(name) or name.lower() in SECRET:
        return False
    words = value.lower().replace(",", " ").split()
    if all(word in _WORDS and not word.isdigit() for word in words):
        return True
    if name in TOKENS:
        return _TOKEN.fullmatch(value) is not None
    return _NUMBER.fullmatch(value) is not None and not PERSONAL.search(name)


def redacted(payload: bytes) -> bytes:
    """Return any payload, also a broken one, with all overwritten that may be somebody's; same length.

    Tags, topics, times, names of items, and values that `may_stay` are left.
    """
    if b"\0" in payload or not _is_text(payload):
        return b"*" * len(payload)  # another encoding spells names in ways that no search finds
    opaque = _OPAQUE.sub(lambda found: b"<!" + b"*" * (len(found[0]) - 3) + b">", payload)
    masked = _ATTRIBUTE.sub(lambda found: found[1] + _attribute(found), opaque)
    return _TEXT.sub(_text, masked)


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _attribute(found: re.Match[bytes]) -> bytes:
    """Return an attribute's value, overwritten unless it is known to be nobody's."""
    quoted = found[3]
    name = found[2].decode().rpartition(":")[2].lower()
    if found[2].startswith(b"xmlns") or name in _STAYS:
        return quoted if len(quoted) < 128 else _stars(quoted)  # noqa: PLR2004 - no namespace is longer
    text = quoted.strip(b"\"'").decode()
    whole = found.string
    if name == "name":
        return quoted if _NAME.fullmatch(text) else _stars(quoted)
    if name == "value":
        tag = whole[whole.rfind(b"<", 0, found.start()) : _tag_end(whole, found.end())]
        names = [a or b for a, b in _ITEM_NAME.findall(tag)]
        if len(names) == 1 and may_stay(names[0].decode(), text):
            return quoted
    return _stars(quoted)


def _tag_end(whole: bytes, since: int) -> int:
    end = whole.find(b"<", since)
    return len(whole) if end < 0 else end


def _stars(quoted: bytes) -> bytes:
    return re.sub(rb"[^\"']", b"*", quoted)


def _text(found: re.Match[bytes]) -> bytes:
    """Overwrite text between tags unless it is white space or a topic."""
    text = found[0]
    mark = text[:1] if text.startswith(b">") else b""
    inner = text[len(mark) :]
    if inner.isspace():
        return text
    whole = found.string
    if (
        mark
        and _TOPIC.match(whole, max(0, whole.rfind(b"<", 0, found.start() + 1)))
        and _PATH.fullmatch(inner)
    ):
        return text
    return mark + b"*" * len(inner)

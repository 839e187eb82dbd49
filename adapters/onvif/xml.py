"""Reads ONVIF's XML without trusting it: no entities, no network, bounded, whatever the prefixes are.

ONVIF Core Specification 9.4 (message format) and OASIS WS-BaseNotification 1.3; names are compared by
their local part, because devices differ in prefixes and some in namespaces.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree

from adapters.json_fields import clean
from model.errors import FrameError

MAX_PAYLOAD = 1 << 20
MAX_ITEMS = 256
MAX_VALUE = 512
TOPICS = "http://www.onvif.org/ver10/topics"
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)

Items = tuple[tuple[str, str], ...]
"""Names and values in their order; a name may come several times."""


class Notification(NamedTuple):
    """One notification: the topic as sent and as a plain path, and what it says."""

    topic: str
    path: str  # without prefixes: RuleEngine/CellMotionDetector/Motion; "" in a foreign namespace
    operation: str  # Initialized, Changed, Deleted; "" for what is no property
    utc_time: str
    source: Items  # Source and Key: of what the news is
    data: Items


def parsed(payload: bytes, *, limit: int = MAX_PAYLOAD) -> Any:
    """Return the root element; raises FrameError `oversize`, `encoding`, `xml` or `doctype`.

    The error never quotes the payload, which may hold a card number.
    """
    if len(payload) > limit:
        raise FrameError("oversize", f"{len(payload)} bytes; at most {limit} are read")
    try:
        payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FrameError("encoding", f"not UTF-8 at byte {error.start}") from None
    if _DOCTYPE.search(payload):
        raise FrameError("doctype", "a document type is not read: it could name entities")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )
    try:
        root = etree.fromstring(payload, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise FrameError("xml", f"not well-formed{f' in line {line}' if line else ''}") from None
    if root is None:
        raise FrameError("xml", "empty")
    return root


def local(element: Any) -> str:
    """Return an element's name without namespace; "" for comments."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def named(element: Any, name: str) -> Iterator[Any]:
    """Yield the element itself and everything below it that has that local name."""
    return (found for found in element.iter() if local(found) == name)


def first(element: Any, name: str) -> Any:
    """Return the first of that name, or None."""
    return next(named(element, name), None)


def text_of(element: Any) -> str:
    """Return an element's own text without white space around it; "" for None.

    Not what is inside of its children: nested a hundred times, that is a hundred times the answer.
    """
    if element is None:
        return ""
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def notifications(root: Any) -> list[bytes]:
    """Cut a PullMessagesResponse or Notify into its messages, each a document of its own."""
    return [
        etree.tostring(found, encoding="utf-8", with_tail=False)
        for found in named(root, "NotificationMessage")
        if not any(local(outer) == "NotificationMessage" for outer in found.iterancestors())
    ]


def read_notification(payload: bytes) -> Notification:
    """Read one wsnt:NotificationMessage; raises FrameError, also `topic` and `message`."""
    root = parsed(payload)
    holder = first(root, "NotificationMessage")
    if holder is None:
        raise FrameError("message", "holds no NotificationMessage")
    topic = next((found for found in holder if local(found) == "Topic"), None)
    if topic is None or not text_of(topic):
        raise FrameError("topic", "the message names no topic")
    message = _message(holder)
    text = clean(" ".join(text_of(topic).split()))
    source: list[tuple[str, str]] = []
    data: list[tuple[str, str]] = []
    for part in message:
        if (name := local(part)) in ("Source", "Key"):
            source += _items(part)
        elif name == "Data":
            data += _items(part)
    if len(source) + len(data) > MAX_ITEMS:
        raise FrameError("oversize", f"over {MAX_ITEMS} items")
    return Notification(
        text,
        _path(text, topic.nsmap),
        _attribute(message, "PropertyOperation").capitalize(),
        _attribute(message, "UtcTime"),
        tuple(source),
        tuple(data),
    )


def _message(holder: Any) -> Any:
    """Return tt:Message, which is inside wsnt:Message; some devices leave the outer one away."""
    every = list(named(holder, "Message"))
    if not every:
        raise FrameError("message", "the notification holds no Message")
    return every[-1]


def _attribute(element: Any, name: str) -> str:
    value = str(element.get(name, "")).strip()[:MAX_VALUE]
    return "" if value == "None" else clean(value)


def _items(part: Any) -> list[tuple[str, str]]:
    return [
        (clean(str(item.get("Name", ""))), str(item.get("Value", "")).strip()[:MAX_VALUE])
        for item in named(part, "SimpleItem")
        if item.get("Name")
    ]


def _path(topic: str, prefixes: dict[str | None, str]) -> str:
    """Return the topic without prefixes, or "" when its root is declared as somebody else's.

    An undeclared prefix is taken as ONVIF's: devices forget to declare it.
    """
    parts = [part.strip() for part in topic.split("/")]
    prefix, colon, _ = parts[0].partition(":")
    space = prefixes.get(prefix if colon else None)
    if colon and space is not None and space != TOPICS:
        return ""
    return "/".join(part.rpartition(":")[2] for part in parts)

"""Builds HTML whose data can do nothing: whatever is not built here is text, and text is inert."""

import re
from collections.abc import Iterable
from html import escape

_VOID = frozenset({"input", "br", "hr", "img"})
# Marks that turn the direction of what follows, and controls that no name needs.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)


class Markup(str):
    """HTML that was built from escaped parts; a plain str is data and becomes text."""

    __slots__ = ()


Part = str | Markup | None
Attribute = str | int | bool | None


def tag(element: str, *content: Part, **attributes: Attribute) -> Markup:
    """Return an element; `class_` and `for_` lose their line, `aria_label` becomes `aria-label`."""
    head = element + "".join(
        _attribute(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items()
    )
    if element in _VOID:
        return Markup(f"<{head}>")
    return Markup(f"<{head}>{joined(content)}</{element}>")


def joined(parts: Iterable[Part]) -> Markup:
    """Return parts one behind the other, data escaped."""
    return Markup("".join(_part(part) for part in parts if part is not None))


def icon(name: str) -> Markup:
    """Return a symbol of the page's own font; the word beside it says the same."""
    return tag("i", name, class_="q-icon notranslate material-icons", aria_hidden="true")


def badge(text: str, tone: str = "") -> Markup:
    """Return a word in a frame."""
    return tag("span", text, class_=f"sh-badge {tone}".strip())


def inert(text: str) -> str:
    """Return a text without marks that would turn the direction of the page around it."""
    return _HARMFUL.sub("", text)


def _part(part: str | Markup) -> str:
    return part if isinstance(part, Markup) else escape(inert(part))


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(inert(str(value)))}"'

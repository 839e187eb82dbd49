"""Lists that do not fit on one page are turned page by page, and say how much there is."""

from collections.abc import Callable
from html import escape
from typing import NamedTuple

from .site import Visit

_DIGITS = 6


class Part(NamedTuple):
    """One page of a list: its number from 1, how many rows a page has, how many there are in all."""

    number: int
    size: int
    total: int


def page_of(query: dict[str, str], name: str) -> int:
    """Return the page that an address asks for; what is no number is the first."""
    asked = query.get(name, "1")
    good = asked.isascii() and asked.isdecimal() and len(asked) <= _DIGITS
    return max(1, int(asked)) if good else 1


def pager(visit: Visit, part: Part, counted: str, address: Callable[[int], str]) -> str:
    """Return the line that says how much there is, with the ways to the pages before and after."""
    last = max(1, -(-part.total // part.size))
    where = visit.say(f"第 {part.number} / {last} 页", f"page {part.number} of {last}")

    def link(to: int, text: str) -> str:
        if not 1 <= to <= last:
            return ""
        return f'<a class="sh-navlink" href="{escape(address(to), quote=True)}">{text}</a>'

    before = link(min(part.number - 1, last), visit.say("上一页", "Previous"))
    after = link(part.number + 1, visit.say("下一页", "Next"))
    return (
        f'<nav class="sh-form" aria-label="{visit.say("翻页", "Pages")}">'
        f"<span>{counted} · {where}</span>{before}{after}</nav>"
    )

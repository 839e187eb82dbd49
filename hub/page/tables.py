"""Writes plain tables as HTML, each cell made inert; enough for lists that fit on one page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a tone for its colour, and where a click leads."""

    text: str
    tone: str = ""
    link: str = ""


Row = Sequence[Cell | str]


def table(
    caption: str, head: Sequence[str], rows: Iterable[Row], *, empty: str, stacks: bool = False
) -> str:
    """Return a table with a caption for screen readers; `empty` is said when there are no rows.

    One that `stacks` turns each row into a block of named lines where the screen is narrow.
    """
    body = "".join(
        f"<tr>{''.join(_cell(c, t) for c, t in zip(row, head, strict=True))}</tr>" for row in rows
    )
    if not body:
        return f'<p class="sh-empty">{inert(empty)}</p>'
    titles = "".join(f'<th scope="col">{inert(name)}</th>' for name in head)
    return (
        '<div class="sh-scroll" tabindex="0" role="region" '
        f'aria-label="{escape(caption, quote=True)}"><table class="sh-table{" sh-stack" if stacks else ""}">'
        f'<caption class="sh-hidden">{inert(caption)}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cell: Cell | str, title: str) -> str:
    named = f' data-title="{escape(title, quote=True)}"'
    if isinstance(cell, str):
        return f"<td{named}>{inert(cell)}</td>"
    shown = inert(cell.text)
    if cell.link:
        shown = f'<a href="{escape(cell.link, quote=True)}">{shown}</a>'
    tone = f' class="sh-{escape(cell.tone)} sh-tone"' if cell.tone else ""
    return f"<td{tone}{named}>{shown}</td>"


def inert(value: object) -> str:
    """Return text as inert HTML: no tags, no line breaks, marks of direction kept inside."""
    return f"<bdi>{escape(' '.join(str(value).split()))}</bdi>"

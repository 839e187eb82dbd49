"""Which cases someone asks for, and where in the list the next page begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64

import msgspec
from sqlalchemy import ColumnElement, and_, or_

from model.case import State
from model.errors import HubError

from .tables import cases


class BadCursor(HubError):  # noqa: N818 - reads as a word at the raise
    """The cursor is not one that this store gave out."""


class CaseFilter(msgspec.Struct, frozen=True):
    """Which cases are meant: every named field must hold; several words in one field are "or".

    `open` is True for cases that are not closed, False for closed ones, None for both.
    `grid_prefix` limits the answer to one territory; cases without a grid are outside any.
    """

    cls: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    grid: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    compound: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    open: bool | None = None
    grid_prefix: str = ""


_WORDS = (
    "category", "severity", "state", "level", "mode", "grid", "place", "subject", "rule",
    "compound", "assignee",
)  # fmt: skip


def conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """Turn a filter into conditions on the table of cases."""
    found: list[ColumnElement[bool]] = []
    if wanted.cls:
        found.append(cases.c["class"].in_(wanted.cls))
    for name in _WORDS:
        words = getattr(wanted, name)
        if words:
            found.append(cases.c[name].in_(words))
    if wanted.open is not None:
        closed = cases.c.state == State.CLOSED.value
        found.append(~closed if wanted.open else closed)
    if wanted.grid_prefix:
        found.append(cases.c.grid.startswith(wanted.grid_prefix, autoescape=True))
    return found


def behind(cursor: str) -> ColumnElement[bool]:
    """Return the condition for cases behind the cursor, newest first; raises BadCursor."""
    try:
        opened, _, case = urlsafe_b64decode(cursor.encode()).decode().partition("/")
        at = int(opened)
    except (BadBase64, ValueError) as error:
        raise BadCursor("the cursor is not one that this store gave out") from error
    if not case or abs(at) >= 2**63 or "\x00" in case:
        raise BadCursor("the cursor is not one that this store gave out")
    return or_(cases.c.opened_at < at, and_(cases.c.opened_at == at, cases.c.id < case))


def cursor_of(opened_at: int, case: str) -> str:
    """Return the cursor that stands behind a case."""
    return urlsafe_b64encode(f"{opened_at}/{case}".encode()).decode()

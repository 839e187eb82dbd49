"""Keeps the history of a case honest: every line carries the hash of the one before it."""

import json
from collections.abc import Iterable
from hashlib import sha256

import msgspec

from model.case import HistoryItem, Member
from model.reading import Value

Detail = dict[str, Value | list[str] | None]


def item_hash(item: HistoryItem) -> str:
    """Return the SHA-256 (hex) of a history line, its own hash left out, as canonical JSON.

    Canonical: keys sorted, no blanks, UTF-8, a whole number without a fraction (a store may give
    3 back as 3.0).
    """
    content = {
        "action": item.action,
        "actor": item.actor,
        "at": item.at,
        "case": item.case,
        "detail": {name: _plain(value) for name, value in item.detail.items()},
        "number": item.number,
        "previous": item.previous,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def next_item(
    *, case: str, number: int, previous: str, at: int, actor: str, action: str, detail: Detail
) -> HistoryItem:
    """Return the next line of a case's history, chained to the hash `previous` (empty: the first)."""
    item = HistoryItem(
        case=case,
        number=number,
        at=at,
        actor=actor,
        action=action,
        detail=detail,
        previous=previous,
    )
    return msgspec.structs.replace(item, hash=item_hash(item))


def verify_chain(items: Iterable[HistoryItem]) -> int | None:
    """Return None if the history of one case is whole, else the number of the first wrong line.

    Give the lines from the first; a line that was changed, left out, swapped or added shows. Lines
    cut off at the end show only beside `Case.history_length` and `Case.history_hash`.
    """
    previous, case = "", ""
    for expected, item in enumerate(items, start=1):
        case = case or item.case
        whole = item.number == expected and item.previous == previous and item.case == case
        if not whole or item.hash != item_hash(item):
            return expected
        previous = item.hash
    return None


def described(member: Member) -> Detail:
    """Return a member as a history line tells it."""
    detail: Detail = {
        "anomaly": member.anomaly,
        "rule": member.rule,
        "subject": member.subject,
        "category": member.category,
        "started_at": member.started_at,
    }
    if member.ended_at is not None:
        detail |= {"ended_at": member.ended_at, "ended_by": member.ended_by}
    if member.explanation:
        detail["explanation"] = member.explanation
    return detail


def _plain(value: Value | list[str] | None) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value

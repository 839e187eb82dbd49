"""Says of each channel whether people and programs behind it can be reached, without any secret."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from cases.events import rfc3339
from hub.case_store import CaseStore
from hub.case_store.channel_records import ChannelRecord
from hub.case_store.outbox import PENDING

from .channel import Channel, NoticeChannel


class Shown(msgspec.Struct, frozen=True):
    """A channel as the API and the page show it; times are RFC 3339 text, or null for never."""

    name: str
    kind: str
    address: str
    enabled: bool
    disabled_reason: str
    last_success: str | None
    last_failure: str | None
    failure: str
    waiting: int
    testable: bool


def shown(
    store: CaseStore, channels: Sequence[Channel], notices: Sequence[NoticeChannel]
) -> list[Shown]:
    """Return every channel: those for people first."""
    records, depth = store.outbox.records.all(), store.outbox.depth()
    rows = [(item.name, item.kind, item.address, True) for item in notices]
    rows += [(c.name, c.name.partition(":")[0], _masked(c.address), False) for c in channels]
    found = []
    for name, kind, address, testable in rows:
        record = records.get(name, ChannelRecord(name))
        disabled = store.outbox.disabled(name)
        found.append(
            Shown(
                name=name,
                kind=kind,
                address=address,
                enabled=not disabled,
                disabled_reason=disabled,
                last_success=_time(record.succeeded_at),
                last_failure=_time(record.failed_at),
                failure=record.failure,
                waiting=depth.get(f"{name}.{PENDING}", 0),
                testable=testable,
            )
        )
    return found


def _masked(address: str) -> str:
    """Return a webhook's URL without its path and query, which often hold a token."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/***" if parts.scheme else address


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)

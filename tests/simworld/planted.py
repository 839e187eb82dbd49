"""Bugs planted on purpose: each is a mistake that somebody could make, and that the simulation must find.

A bug is a context manager that patches product code (or, where the product's shell would make it,
the glue that moves the parts here). `docs/simulation.md` lists them with the seeds that find them.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import MappingProxyType
from typing import Any
from unittest import mock

import msgspec

from cases import actions, opening
from cases.desk import Desk
from cases.joining import of_walk_test
from gateway.intake import Intake
from gateway.outbox import Outbox
from gateway.window import LaneWindow
from hub.case_store import CaseStore
from hub.desk_reader import DeskReader
from hub.intake import HubIntake, _Seen
from hub.log.sqlite import SqliteLog
from model.anomaly import Anomaly
from model.case import Change, State
from model.codec import Receipt, Uplink
from model.entry import Entry, RowId
from model.errors import Refused
from model.reading import Event, Reading
from rules.book import WALK_TESTS, Book
from rules.kinds import event

from .gateway import Packet, SimGateway

Planted = Callable[[], AbstractContextManager[Any]]


def _instead(owner: object, name: str, make: Callable[[Any], Any]) -> Planted:
    """Replace a function by what `make` builds around the real one."""
    return lambda: mock.patch.object(owner, name, make(getattr(owner, name)))


def _receipt_before_commit(_real: Any) -> Any:
    async def commit_group(self: HubIntake) -> None:
        group, self._waiting = list(self._waiting), deque()
        again, self._again = self._again, {}
        await self._send_receipts(group, again)
        named = [item.draft.row for item in group]
        payloads = [item.draft.payload for item in group]
        decoded = [
            self._decode(row, payload) if row else None
            for row, payload in zip(named, payloads, strict=True)
        ]
        if group:
            await self._append(group, decoded)

    return commit_group


def _highest_number(real: Any) -> Any:
    def take(self: HubIntake, seen: Any, name: RowId, payload: bytes) -> None:
        if seen.rows and name.first <= max(seen.rows):
            self._answer(name, new_epoch=False)
        else:
            real(self, seen, name, payload)

    return take


def _any_epoch(_real: Any) -> Any:
    def knows(self: SqliteLog, row: RowId) -> list[str]:
        query = "SELECT 1 FROM entries WHERE gateway=? AND lane=? AND first=?"
        found = [
            known
            for segment in self._segments
            for known in segment._finder.execute(query, (row.gateway, row.lane, row.first))
        ]
        return [row.hash] if found else []

    return knows


def _forget_when_sent(real: Any) -> Any:
    def send(self: SimGateway, now_s: float) -> list[Packet]:
        packets: list[Packet] = real(self, now_s)
        for window in self.windows.values():
            self.intake.receipted([sent.row.id for sent in window.sent.values()])
        return packets

    return send


def _states_without_position(real: Any) -> Any:
    def apply(self: CaseStore, changes: Sequence[Change], **named: Any) -> None:
        if named.get("states"):
            stored = self.position("rules")
            named["states_pos"] = stored[1] if stored else 0
        real(self, changes, **named)

    return apply


def _position_first(real: Any) -> Any:
    def chunk(self: DeskReader, entries: list[Entry]) -> None:
        keep = self._keeper.keep

        def position_first(changes: list[Change], pos: int) -> None:
            self._store.apply([], log_id=self._log.id, pos=pos)
            self._crash("after_case_commit")
            keep(changes, pos)

        with mock.patch.object(self._keeper, "keep", position_first):
            real(self, entries)

    return chunk


def _silenced_is_calm(real: Any) -> Any:
    def is_clearing(self: event.EventRule, reading: Reading) -> bool:
        return reading.event is Event.SILENCED or real(self, reading)

    return is_clearing


def _tests_are_quiet(real: Any) -> Any:
    def receive(self: Desk, anomaly: Anomaly, now: int) -> list[Change]:
        return [] if of_walk_test(anomaly) else real(self, anomaly, now)

    return receive


def _order_starts_anew(real: Any) -> Any:
    def numbers(self: Outbox) -> Any:
        return real(self)._replace(order=0)

    return numbers


def _trusts_low(real: Any) -> Any:
    def take(self: HubIntake, seen: _Seen, name: RowId, payload: bytes) -> None:
        if name.first < seen.low:
            self._answer(name, new_epoch=False)
        else:
            real(self, seen, name, payload)

    return take


def _low_of_message(real: Any) -> Any:
    def message(self: LaneWindow, rows: Any, *, not_durable: bool) -> Uplink:
        made: Uplink = real(self, rows, not_durable=not_durable)
        return msgspec.structs.replace(made, low=rows[0].first)

    return message


@contextmanager
def low_watermark_wrong() -> Iterator[None]:
    """The gateway names its newest row as the lowest open one, and the hub believes it."""
    with ExitStack() as stack:
        stack.enter_context(_instead(LaneWindow, "_message", _low_of_message)())
        stack.enter_context(_instead(HubIntake, "_row", _trusts_low)())
        yield


def _wall_clock(_real: Any) -> Any:
    def tick(self: Book, *, at: int, awake: int) -> None:
        clock = self._clock.rows[""]
        clock.awake, clock.tick, clock.at = at, awake, at
        self.awake = clock.awake
        self._clock.put("", clock)

    return tick


def _any_content(_real: Any) -> Any:
    def take_receipt(self: LaneWindow, receipt: Receipt, now: float) -> list[int]:
        del now
        found = [self.sent.pop((receipt.epoch, first), None) for first, _, _ in receipt.rows]
        return [sent.row.id for sent in found if sent]

    return take_receipt


def _acknowledged_at_once(real: Any) -> Any:
    def store(self: Intake, *args: Any, **named: Any) -> Any:
        done = real(self, *args, **named)
        done.set_result(True)
        return done

    return store


def _tests_end_at_restart(real: Any) -> Any:
    def restore(self: Book, name: str, subject: str, state: bytes) -> None:
        if name != WALK_TESTS:
            real(self, name, subject, state)

    return restore


def _anything_goes(real: Any) -> Any:
    def target(state: State, step: Any) -> State:
        try:
            found: State = real(state, step)
        except Refused:
            return State.HANDLING
        return found

    return target


def _key_of_now(real: Any) -> Any:
    def case_key(place: str, cause: str, _ordinal: int) -> str:
        key: str = real(place, cause, time.time_ns())
        return key

    return case_key


def _constant(value: object) -> Callable[[Any], Any]:
    return lambda _real: lambda *_args, **_named: value


PLANTED: MappingProxyType[str, Planted] = MappingProxyType(
    {
        "receipt before commit": _instead(HubIntake, "_commit_group", _receipt_before_commit),
        "repeats known in memory only": _instead(SqliteLog, "knows", _constant([])),
        "repeats by highest number": _instead(HubIntake, "_row", _highest_number),
        "epoch ignored": _instead(SqliteLog, "knows", _any_epoch),
        "outbox forgets what is sent": _instead(SimGateway, "send", _forget_when_sent),
        "receipt of other content believed": _instead(LaneWindow, "take_receipt", _any_content),
        "low watermark wrong": low_watermark_wrong,
        "nothing is sent again": _instead(LaneWindow, "expire", _constant(None)),
        "acknowledged before the commit": _instead(Intake, "store", _acknowledged_at_once),
        "order not persisted": _instead(Outbox, "numbers", _order_starts_anew),
        "repeat table never forgets": _instead(_Seen, "advance", _constant(None)),
        "states saved without position": _instead(CaseStore, "apply", _states_without_position),
        "position saved before effect": _instead(DeskReader, "_chunk", _position_first),
        "timers by the wall clock": _instead(Book, "tick", _wall_clock),
        "retained is taken for news": _instead(Book, "is_news", _constant(1)),
        "old normal clears fire": _instead(event, "_newer", _constant(1)),
        "silencing ends the anomaly": _instead(
            event.EventRule, "_is_clearing", _silenced_is_calm
        ),
        "suppression covers a fire": _instead(Desk, "receive", _tests_are_quiet),
        "case key from wall time": _instead(opening, "case_key", _key_of_now),
        "walk tests forgotten at a restart": _instead(Book, "restore", _tests_end_at_restart),
        "transition table bypassed": _instead(actions, "target", _anything_goes),
    }
)  # fmt: skip

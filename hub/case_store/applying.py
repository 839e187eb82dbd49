"""Writes what the desk did, all of it or nothing, and the same thing only once."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec
from sqlalchemy import Connection, Engine, Table, delete, insert, select
from sqlalchemy.exc import DataError, IntegrityError

from cases.events import outgoing_event
from model.case import Case, Change, HistoryItem

from .footage import episodes_of
from .letters import DeadLetter, plain
from .rows import insert_into, put_into
from .tables import case_episodes, cases, history, outgoing, reader_positions, rule_states

DESK = "desk"
RULES = "rules"

_CHUNK = 500  # SQLite allows 32,766 variables in a statement


class Stored(msgspec.Struct, frozen=True):
    """How far the database is with a case."""

    history_length: int = 0
    sequence: int = 0
    updated_at: int = 0

    def is_older_than(self, case: Case) -> bool:
        """Return whether `case` may replace what is stored; a replayed old state may not."""
        mine = (self.history_length, self.sequence, self.updated_at)
        return mine <= (case.history_length, case.sequence, case.updated_at)


class Applier:
    """Writes changes of one batch into an open transaction."""

    def __init__(self, engine: Engine, connection: Connection, site: str) -> None:
        self._engine = engine
        self._connection = connection
        self._site = site

    def write_changes(self, changes: Sequence[Change]) -> list[DeadLetter]:
        """Write cases, new history and outgoing events; return what of it was not written.

        A contradiction is a line whose number exists with another hash: what was written first
        stays, and a person must look.
        """
        stored = self._stored({change.case.id for change in changes})
        newest: dict[str, Case] = {}
        lines: dict[tuple[str, int], HistoryItem] = {}
        events: dict[tuple[str, int], Change] = {}
        repeated: list[HistoryItem] = []
        for change in changes:
            before = stored.get(change.case.id, Stored())
            if before.is_older_than(change.case):
                newest[change.case.id] = change.case
            for item in change.history:
                if item.number > before.history_length:
                    lines[item.case, item.number] = item
                else:
                    repeated.append(item)
            if change.case.sequence > before.sequence:
                events.setdefault((change.case.id, change.case.sequence), change)
        self._upsert_cases(newest.values())
        refused = self._refer(newest.values())
        self._insert(history, [_history_row(item) for item in lines.values()])
        self._insert(outgoing, [self._event_row(change) for change in events.values()])
        return [*self._contradictions(repeated), *refused]

    def write_states(self, states: Sequence[tuple[str, str, bytes]]) -> None:
        """Write rule states by (rule, subject); empty bytes mean that the state is gone."""
        kept = {(rule, subject): state for rule, subject, state in states}
        gone = [key for key, state in kept.items() if not state]
        for rule, subject in gone:
            mine = (rule_states.c.rule == rule, rule_states.c.subject == subject)
            self._connection.execute(delete(rule_states).where(*mine))
        rows = [
            {"rule": rule, "subject": subject, "state": state}
            for (rule, subject), state in kept.items()
            if state
        ]
        if rows:
            self._connection.execute(put_into(self._engine, rule_states), rows)

    def position(self, reader: str) -> tuple[str, int] | None:
        """Return a reader's log id and position, or None before its first batch."""
        query = select(reader_positions.c.log_id, reader_positions.c.pos)
        row = self._connection.execute(query.where(reader_positions.c.reader == reader)).first()
        return None if row is None else (row.log_id, row.pos)

    def move(self, reader: str, log_id: str, pos: int) -> bool:
        """Move a reader forward; False if it was further already in the same log."""
        before = self.position(reader)
        if before is not None and before[0] == log_id and before[1] > pos:
            return False
        statement = put_into(self._engine, reader_positions)
        self._connection.execute(statement, {"reader": reader, "log_id": log_id, "pos": pos})
        return True

    def _stored(self, ids: Iterable[str]) -> dict[str, Stored]:
        found = {}
        for chunk in _chunks(ids):
            query = select(
                cases.c.id, cases.c.history_length, cases.c.sequence, cases.c.updated_at
            ).where(cases.c.id.in_(chunk))
            for row in self._connection.execute(query):
                found[row.id] = Stored(row.history_length, row.sequence, row.updated_at)
        return found

    def _upsert_cases(self, changed: Iterable[Case]) -> None:
        rows = [_case_row(case) for case in changed]
        if rows:
            self._connection.execute(put_into(self._engine, cases), rows)

    def _refer(self, changed: Iterable[Case]) -> list[DeadLetter]:
        """Note which episodes of cameras a case is about, so that what they showed is kept for it.

        An episode is less than the case: one that the database refuses costs the case nothing.
        """
        rows = [row for case in changed for row in episodes_of(case)]
        if not rows:
            return []
        statement = insert_into(self._engine, case_episodes).on_conflict_do_nothing()
        try:
            with self._connection.begin_nested():
                self._connection.execute(statement, rows)
        except (DataError, IntegrityError) as error:
            row = rows[0]
            letter = DeadLetter(
                at=int(str(row["at"])), origin="hub", source=str(row["case_id"]),
                reason="episode_refused", detail=str(error.orig or error),
                payload=msgspec.json.encode(rows),
            )  # fmt: skip
            return [letter]
        return []

    def _insert(self, table: Table, rows: list[dict[str, object]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)

    def _event_row(self, change: Change) -> dict[str, object]:
        payload = msgspec.json.encode(outgoing_event(change, self._site)).decode()
        return {
            "case_id": change.case.id,
            "sequence": change.case.sequence,
            "kind": change.kind.value,
            "notice": plain(change.notice),
            "quiet_at_compound": change.quiet_at_compound,
            "payload": payload,
            "created_at": change.case.updated_at,
        }

    def _contradictions(self, items: Sequence[HistoryItem]) -> list[DeadLetter]:
        found = []
        for item in items:
            query = select(history.c.hash).where(
                history.c.case_id == item.case, history.c.number == item.number
            )
            known = self._connection.execute(query).scalar()
            if known is not None and known != item.hash:
                detail = f"line {item.number} of case {item.case} exists with another hash"
                letter = DeadLetter(
                    at=item.at,
                    origin="hub",
                    source=item.case,
                    reason="history_contradiction",
                    detail=detail,
                    payload=msgspec.json.encode(item),
                )
                found.append(letter)
        return found


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(sorted(ids))
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _case_row(case: Case) -> dict[str, object]:
    return {
        "id": case.id,
        "key": case.key,
        "class": case.cls.value,
        "category": plain(case.category),
        "severity": case.severity.value,
        "state": case.state.value,
        "level": case.level.value,
        "mode": case.mode.value,
        "grid": plain(case.grid),
        "place": plain(case.place),
        "birthplace": case.birthplace,
        "subject": plain(case.subject),
        "rule": plain(case.rule),
        "compound": plain(case.compound),
        "cause": case.cause,
        "ordinal": case.ordinal,
        "opened_at": case.opened_at,
        "due": case.due,
        "assignee": None if case.assignee is None else plain(case.assignee),
        "closed_at": case.closed_at,
        "updated_at": case.updated_at,
        "sequence": case.sequence,
        "history_length": case.history_length,
        "doc": msgspec.json.encode(case).decode(),
    }


def _history_row(item: HistoryItem) -> dict[str, object]:
    return {
        "case_id": item.case,
        "number": item.number,
        "at": item.at,
        "actor": plain(item.actor),
        "action": item.action,
        "detail": msgspec.json.encode(item.detail).decode(),
        "previous": item.previous,
        "hash": item.hash,
    }

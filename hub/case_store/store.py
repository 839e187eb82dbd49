"""The one place where cases live: what the desk did is written whole, once, and can be asked for."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import func, or_, select

from model.case import Case, Change, HistoryItem, State

from .accounts import Accounts
from .applying import DESK, RULES, Applier
from .database import open_database
from .filters import CaseFilter, behind, conditions, cursor_of
from .footage import FootageRecords
from .handovers import Handovers
from .letters import DeadLetter, Letters
from .notice_queue import NoticeQueue
from .outbox import Outbox
from .rows import record
from .rule_records import RuleRecords
from .tables import cases, history, reader_positions, rule_states

_case = msgspec.json.Decoder(Case)
_detail = msgspec.json.Decoder(dict[str, float | bool | str | list[str] | None])

LIMIT_MAX = 500


class CaseStore:
    """Cases, their history, the engines' positions and states, and the events for the outside.

    One engine thread calls `apply`; any thread may read. Raises ConfigError at construction when
    the database cannot be opened; later `sqlalchemy.exc.SQLAlchemyError` when it is away or full,
    and then nothing of the call was written.
    """

    def __init__(self, url: str, *, site: str = "site") -> None:
        """Open `url` (SQLAlchemy's form) and bring it to the newest version; `site` names us to others."""
        self._engine = open_database(url)
        self._writer = self._engine.execution_options(writes=True)
        self._site = site
        self._letters = Letters(self._engine, self._writer)
        self.outbox = Outbox(self._engine, self._writer)
        self.notices = NoticeQueue(self._engine, self._writer)
        self.accounts = Accounts(self._engine, self._writer)
        self.handovers = Handovers(self._engine, self._writer)
        self.footage = FootageRecords(self._engine, self._writer)
        self.rule_texts = RuleRecords(self._engine, self._writer)

    def close(self) -> None:
        """Give back connections and files."""
        self._engine.dispose()

    def apply(
        self,
        changes: Sequence[Change],
        *,
        log_id: str,
        pos: int,
        states: Sequence[tuple[str, str, bytes]] = (),
        states_pos: int | None = None,
    ) -> None:
        """Write what came of the log up to `pos`, in one transaction: all of it or nothing.

        Cases, history, outgoing events and the desk's position go together; `states` (rule,
        subject, bytes; empty bytes: gone) go with the rules' position `states_pos`. A change that
        is written already (by its history numbers and event sequence) changes nothing.
        """
        if states and states_pos is None:
            raise ValueError("states need the position that they belong to")
        with self._writer.begin() as connection:
            applier = Applier(self._engine, connection, self._site)
            refused = applier.write_changes(changes)
            applier.move(DESK, log_id, pos)
            if states_pos is not None and applier.move(RULES, log_id, states_pos):
                applier.write_states(states)
        self._letters.add(refused)

    def position(self, reader: str) -> tuple[str, int] | None:
        """Return (log id, position) of the reader "desk" or "rules", or None before its first batch."""
        query = select(reader_positions.c.log_id, reader_positions.c.pos)
        with self._engine.connect() as connection:
            row = connection.execute(query.where(reader_positions.c.reader == reader)).first()
        return None if row is None else (row.log_id, row.pos)

    def save_position(self, reader: str, log_id: str, pos: int) -> None:
        """Save how far a reader with effects outside this database has come (the recorder)."""
        with self._writer.begin() as connection:
            Applier(self._engine, connection, self._site).move(reader, log_id, pos)

    def working_set(self, *, closed_after: int) -> list[Case]:
        """Return the cases that the desk keeps in mind: not closed, or closed since then (ms)."""
        unfinished = [state.value for state in State if state is not State.CLOSED]
        kept = or_(cases.c.state.in_(unfinished), cases.c.closed_at >= closed_after)
        query = select(cases.c.doc).where(kept).order_by(cases.c.opened_at, cases.c.id)
        with self._engine.connect() as connection:
            return [_case.decode(doc) for doc in connection.execute(query).scalars()]

    def ordinals(self) -> dict[tuple[str, str], int]:
        """Return the highest ordinal by (birthplace, cause), so that a new case's key is new."""
        query = select(cases.c.birthplace, cases.c.cause, func.max(cases.c.ordinal))
        query = query.group_by(cases.c.birthplace, cases.c.cause)
        with self._engine.connect() as connection:
            rows = connection.execute(query)
            return {(place, cause): ordinal for place, cause, ordinal in rows}

    def rule_states(self) -> list[tuple[str, str, bytes]]:
        """Return every rule state as (rule, subject, bytes), as of the position of "rules"."""
        query = select(rule_states.c.rule, rule_states.c.subject, rule_states.c.state)
        with self._engine.connect() as connection:
            return [(rule, subject, state) for rule, subject, state in connection.execute(query)]

    def find(
        self, wanted: CaseFilter | None = None, *, cursor: str = "", limit: int = 100
    ) -> tuple[list[Case], str | None]:
        """Return matching cases, newest first, and the cursor of the next page (None: no more).

        Pages are stable: cases that are opened meanwhile appear before the first page only. At
        most 500 a page. Raises BadCursor.
        """
        limit = max(1, min(limit, LIMIT_MAX))
        query = select(cases.c.doc).where(*conditions(wanted or CaseFilter()))
        if cursor:
            query = query.where(behind(cursor))
        query = query.order_by(cases.c.opened_at.desc(), cases.c.id.desc()).limit(limit + 1)
        with self._engine.connect() as connection:
            found = [_case.decode(doc) for doc in connection.execute(query).scalars()]
        if len(found) <= limit:
            return found, None
        last = found[limit - 1]
        return found[:limit], cursor_of(last.opened_at, last.id)

    def get(self, case: str) -> Case | None:
        """Return a case by its id, or None."""
        with self._engine.connect() as connection:
            doc = connection.execute(select(cases.c.doc).where(cases.c.id == case)).scalar()
        return None if doc is None else _case.decode(doc)

    def history(self, case: str) -> list[HistoryItem]:
        """Return a case's history from its first line; empty for a case nobody knows."""
        query = select(history).where(history.c.case_id == case).order_by(history.c.number)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return [_item(dict(row)) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many cases there are by state."""
        query = select(cases.c.state, func.count()).group_by(cases.c.state)
        with self._engine.connect() as connection:
            return dict(connection.execute(query).tuples().all())

    def dead_letter(
        self,
        *,
        at: int,
        source: str,
        reason: str,
        detail: str = "",
        payload: bytes = b"",
        origin: str = "hub",
        count: int = 1,
    ) -> None:
        """Keep a rejected message (its first 4 KiB); equal ones are one letter with a count."""
        letter = DeadLetter(at, origin, source, reason, detail, payload, count)
        self._letters.add([letter])

    def add_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        """Keep many rejected messages in one transaction."""
        self._letters.add(letters)

    def dead_letters(self, limit: int = 100, reason: str = "") -> list[DeadLetter]:
        """Return the newest rejected messages, all or those of one reason."""
        return self._letters.newest(limit, reason)

    def dead_letter_reasons(self, since: int = 0) -> dict[str, int]:
        """Return how many messages were rejected for each reason, of letters not older (ms)."""
        return self._letters.reasons(since)

    def count(self, amounts: Mapping[str, int]) -> None:
        """Add to counters that survive a restart."""
        self._letters.count(amounts)

    def counters(self) -> dict[str, int]:
        """Return the counters that survive a restart."""
        return self._letters.counters()


def _item(row: dict[str, object]) -> HistoryItem:
    detail = _detail.decode(str(row["detail"]))
    return record(HistoryItem, {**row, "case": row["case_id"], "detail": detail})

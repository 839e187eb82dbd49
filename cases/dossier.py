"""A case while the desk has it in hand (案卷): the record, and its members where they are quick to find."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from model.case import ENDED_STATES, Case, Change, ChangeKind, HistoryItem, Member

from .chain import Detail, next_item
from .deadlines import Timer, due, next_timer

QUIET = "quiet_at_compound"
ISOLATED = "isolated_during_fire"


class Line(NamedTuple):
    """What is to be written into the history."""

    at: int
    actor: str
    action: str
    detail: Detail


class Dossier:
    """Holds one case; every change goes through `change`, which writes history and numbers."""

    __slots__ = ("_last_end", "active", "case", "leaving", "members", "sources", "watched_at")

    def __init__(self, case: Case) -> None:
        self.case = msgspec.structs.replace(case, members=())
        self.members = {(member.rule, member.subject): member for member in case.members}
        self.active = sum(member.ended_at is None for member in case.members)
        self.sources = {source for m in case.members if (source := m.source)}
        self.watched_at: int | None = None  # the desk has a timer for then
        self.leaving = False  # the desk knows when to forget it
        self._last_end: Member | None = None

    @property
    def ended(self) -> bool:
        """Return whether somebody already said that the case is done."""
        return self.case.state in ENDED_STATES

    @property
    def last_ended(self) -> Member | None:
        """Return the member that ended last, if none is active."""
        if self.active:
            return None
        if self._last_end is None:
            self._last_end = max(self.members.values(), key=_end, default=None)
        return self._last_end

    @property
    def timer(self) -> Timer | None:
        """Return what time does next to the case."""
        return next_timer(self.case)

    def joinable(self, at: int, window: int | None) -> bool:
        """Return whether an alarm of data time `at` joins: something is active, or ended just now.

        `window` in ms, None: for as long as the case is open.
        """
        if self.ended:
            return False
        if window is None or self.active or ISOLATED in self.case.flags:
            return True
        last = self.last_ended
        return last is None or at - _end(last) < window

    def put(self, member: Member) -> None:
        """Add a member, or replace what was known of the same rule and subject."""
        key = (member.rule, member.subject)
        before = self.members.get(key)
        self.active += (member.ended_at is None) - (before is not None and before.ended_at is None)
        self.members[key] = member
        self._last_end = None

    def snapshot(self) -> Case:
        """Return the case as a record, members included."""
        return msgspec.structs.replace(self.case, members=tuple(self.members.values()))

    def change(
        self,
        case: Case,
        lines: Sequence[Line],
        *,
        now: int,
        notice: str = "",
        kind: ChangeKind = ChangeKind.UPDATE,
    ) -> Change:
        """Take over `case`, write the lines into its history and return what is to be stored.

        Without lines it is bookkeeping: the event sequence stays, nobody is told.
        """
        items: list[HistoryItem] = []
        number, previous = case.history_length, case.history_hash
        for line in lines:
            number += 1
            item = next_item(
                case=case.id,
                number=number,
                previous=previous,
                at=line.at,
                actor=line.actor,
                action=line.action,
                detail=line.detail,
            )
            items.append(item)
            previous = item.hash
        self.case = msgspec.structs.replace(
            case,
            members=(),
            active=self.active,
            due=due(case),
            # A clock that was set back must not make the newest state look like an old one.
            updated_at=max(now, case.updated_at),
            sequence=case.sequence + bool(items),
            history_length=number,
            history_hash=previous,
        )
        return Change(kind, self.snapshot(), tuple(items), notice, QUIET in self.case.flags)


def _end(member: Member) -> int:
    return member.started_at if member.ended_at is None else member.ended_at

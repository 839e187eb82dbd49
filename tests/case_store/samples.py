"""Cases and changes for tests, with a history that is really chained."""

from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from cases.chain import next_item
from model.anomaly import Severity
from model.case import Case, Change, ChangeKind, EventClass, HistoryItem, State
from model.place import Level
from model.reading import Mode

T0 = 1_790_000_000_000
GRID_A = "150302001001001"
GRID_B = "150302002001001"


def key_of(name: str) -> str:
    """Return a key of the form that the desk makes."""
    return sha256(name.encode()).hexdigest()[:32]


def make_case(name: str, *, at: int = T0, grid: str = GRID_A, place: str = "b1") -> Case:
    """Return a fire case as it is before its first change."""
    return Case(
        id=name,
        key=key_of(name),
        cls=EventClass.EMERGENCY,
        category="fire",
        severity=Severity.CRITICAL,
        state=State.FILED,
        level=Level.GRID,
        mode=Mode.REAL,
        grid=grid,
        place=place,
        birthplace=place,
        subject=f"device-of-{name}",
        rule="fire",
        opened_at=at,
        compound="c1",
        cause="fire",
        owner="fire_control_room",
    )


@dataclass
class Story:
    """Writes changes of one case, one after the other."""

    case: Case
    lines: list[HistoryItem] = field(default_factory=list)

    def change(self, action: str = "note", **changed: object) -> Change:
        """Return the next change: one more line of history, one more event."""
        number = self.case.history_length + 1
        at = self.case.opened_at + number * 1000
        line = next_item(
            case=self.case.id,
            number=number,
            previous=self.case.history_hash,
            at=at,
            actor="李雷",
            action=action,
            detail={"text": f"line {number}", "count": 3, "parts": ["a", "b"], "none": None},
        )
        self.lines.append(line)
        self.case = msgspec.structs.replace(
            self.case,
            history_length=number,
            history_hash=line.hash,
            sequence=self.case.sequence + 1,
            updated_at=at,
            **changed,
        )
        kind = ChangeKind.CREATE if number == 1 else ChangeKind.UPDATE
        return Change(kind, self.case, (line,), notice=action)


def opened(name: str, *, at: int = T0, grid: str = GRID_A, place: str = "b1") -> Change:
    """Return the change that opens a case."""
    return Story(make_case(name, at=at, grid=grid, place=place)).change("opened")

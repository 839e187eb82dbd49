"""A small world for the stories: two buildings, a control room, a few devices, and words for time."""

import msgspec

from cases.closing import missing
from cases.desk import Desk
from cases.policy import Policy
from model.anomaly import Anomaly, Evidence, Phase, Severity, anomaly_key
from model.case import Case, Change, Health
from model.entry import Action
from model.place import Building, Compound, Contact, Device, Division, Registry
from model.reading import Mode, Value

T0 = 1_790_000_000_000
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
GRID = "150302001001001"

REGISTRY = Registry(
    divisions=[Division("150302001001", "一社区", "community", "150302001")],
    compounds=[Compound("c1", "幸福小区", GRID)],
    buildings=[
        Building("b1", "1号楼", "c1", GRID),
        Building("b2", "2号楼", "c1", "150302001001002"),
        Building("room", "消控室", "c1", GRID),
    ],
    devices=[
        Device("uitd1", "uitd", building="room", compound="c1"),
        Device("uitd1/sys", "panel", building="room", compound="c1"),
        Device("uitd1/a", "detector", building="b1", compound="c1", floor="3F"),
        Device("uitd1/b", "detector", building="b1", compound="c1"),
        Device("uitd1/far", "detector", building="b2", compound="c1"),
        Device("nb1", "detector", building="b2", compound="c1"),
        Device("door1", "door", building="b1", compound="c1"),
        Device("door2", "door", building="b1", compound="c1"),
    ],
    contacts=[
        Contact("c1", "grid_worker", "网格员", "3"),
        Contact("c1", "fire_control_room", "消控室", "1"),
        Contact("c1", "micro_fire_station", "微站", "2", from_hour=20, to_hour=8),
        Contact("c1", "contractor", "维保", "4"),
    ],
)


class HealthBook:
    """Says of every device what the story says of it; otherwise it is well."""

    def __init__(self) -> None:
        self.known: dict[str, Health] = {}

    def health(self, device: str) -> Health:
        """Return the device's health in the story."""
        return self.known.get(device, Health(heard=True))


class Story:
    """A desk, and short words for what happens to it; times are ms after T0."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.health = HealthBook()
        self.desk = Desk(REGISTRY, self.health, policy)
        self.changes: list[Change] = []

    def receive(self, found: Anomaly, at: int | None = None) -> list[Change]:
        """Let the desk receive an anomaly, by default right after its newest data."""
        data = max(found.last_at, found.ended_at or 0, found.started_at)
        return self._kept(self.desk.receive(found, T0 + at if at is not None else data))

    def act(
        self,
        case: Case,
        name: str,
        when: int,
        /,
        *,
        actor: str = "li",
        level: str = "grid",
        **fields: Value | list[str] | None,
    ) -> list[Change]:
        """Let somebody do something to a case."""
        action = Action(case.id, name, actor, fields=fields, level=level)
        return self._kept(self.desk.act(action, T0 + when))

    def tick(self, at: int) -> list[Change]:
        """Let time pass."""
        return self._kept(self.desk.tick(T0 + at))

    def now(self, case: Case) -> Case:
        """Return the case as it is."""
        found = self.desk.get(case.id)
        assert found is not None
        return found

    @property
    def notices(self) -> list[str]:
        """Return why people were told, in order."""
        return [change.notice for change in self.changes if change.notice]

    def _kept(self, changes: list[Change]) -> list[Change]:
        self.changes += changes
        return changes


def alarm(
    subject: str = "uitd1/a",
    at: int = 0,
    *,
    category: str = "fire",
    severity: Severity = Severity.CRITICAL,
    scope: str = "component",
    source: str = "",
    mode: Mode = Mode.REAL,
    phase: Phase = Phase.STARTED,
    until: int | None = None,
    **more: object,
) -> Anomaly:
    """Return an anomaly that started `at` (ms after T0), said last or ended at `until`."""
    start = T0 + at
    last = start if until is None else T0 + until
    rule = f"{category}-event"
    made = Anomaly(
        key=anomaly_key(rule, subject, start),
        rule=rule,
        rule_hash="h1",
        subject=subject,
        category=category,
        severity=severity,
        started_at=start,
        last_at=last,
        phase=phase,
        ended_at=last if phase is Phase.ENDED else None,
        scope=scope,
        source=source or ("uitd1" if subject.startswith("uitd1") else ""),
        mode=mode,
        compound="c1",
        explanation=f"{subject} says {category}",
        evidence=(Evidence(f"gw1/e/alarm/{subject}/{last}", subject, last),),
    )
    return msgspec.structs.replace(made, **more)


def ended(found: Anomaly, at: int, by: str = "cleared") -> Anomaly:
    """Return the statement that an anomaly ended at `at` (ms after T0)."""
    return msgspec.structs.replace(
        found, phase=Phase.ENDED, ended_at=T0 + at, last_at=T0 + at, ended_by=by
    )


def again(found: Anomaly, at: int) -> Anomaly:
    """Return the statement that an anomaly was said once more at `at` (ms after T0)."""
    return msgspec.structs.replace(
        found,
        phase=Phase.CONTINUED,
        last_at=T0 + at,
        evidence=(Evidence(f"gw1/e/alarm/{found.subject}/{T0 + at}", found.subject, T0 + at),),
    )


def numbered(found: Anomaly, number: int) -> Anomaly:
    """Return an anomaly whose Reading its gateway numbered as one of `number` (ms after T0)."""
    item = found.evidence[0]
    reading = f"gw1/e/alarm/{found.subject}/{T0 + number}"
    return msgspec.structs.replace(
        found, evidence=(msgspec.structs.replace(item, reading=reading),)
    )


def parts(story: Story, case: Case, at: int, /, **fields: Value) -> set[str]:
    """Return what a closing at that time (ms after T0) would lack; `who` closes, else zhao."""
    who = str(fields.pop("who", "zhao"))
    action = Action(case.id, "close", who, fields={**fields})
    return set(missing(case, action, T0 + at, story.health, policy=Policy()))


def members(case: Case) -> set[tuple[str, str, int]]:
    """Return what a case is made of, without hub times and counts."""
    return {(member.rule, member.subject, member.started_at) for member in case.members}

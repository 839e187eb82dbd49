"""A log that is written entry by entry, the core that reads it, and what a restart makes of it."""

import itertools
from collections.abc import Iterator, Sequence

import msgspec

from hub.core import Core, Step
from hub.documents import library_rules, versioned
from hub.territory.demo_territory import demo_documents
from model.case import Case
from model.codec import encode
from model.entry import Entry, EntryKind, RowId, Tick
from model.reading import Event, Lane, Reading, Value
from model.silence import SilenceOrder
from model.walk_test import Scope, WalkTestOrder

NOW = 1_800_000_000_000
MINUTE = 60_000


def one_compound() -> dict[str, str]:
    """Return the demo's registry with the devices of one compound: a restart reads it each time."""
    documents = demo_documents()
    head, *devices = documents["devices.csv"].splitlines()
    kept = [line for line in devices if ",hbw-01-" in line]
    return documents | {"devices.csv": "\n".join([head, *kept, ""])}


RULES, REGISTRY = versioned(library_rules()), versioned(one_compound())


class Story:
    """A log, written entry by entry, and the core that reads it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.core = Core(RULES, REGISTRY)
        known = self.core.registry.devices.values()
        smoke = [d for d in known if (d.kind, d.role) == ("smoke_detector", "detector")]
        self.devices = [d for d in smoke if d.compound == smoke[0].compound][:2]
        self.at = NOW
        self.awake = 0
        self._order = itertools.count(1)

    def logs(self, kind: EntryKind, payload: bytes, row: RowId | None = None) -> Step:
        """Append an entry and take it."""
        entry = Entry(len(self.entries) + 1, self.at, kind, payload, row)
        self.entries.append(entry)
        step = self.core.step(entry)
        assert not self.core.engine.failures, self.core.engine.last_failure
        assert not step.failed, step.failed
        return step

    def says(self, device: str, event: Event, **values: Value) -> Step:
        """Let a detector say something."""
        number = next(self._order)
        reading = Reading(
            device=device, kind="smoke_detector", received_at=self.at, order=number, seq=number,
            values=values, event=event,
        )  # fmt: skip
        row = RowId("gw", "e", Lane.ALARM, number, number, number, str(number))
        return self.logs(EntryKind.READINGS, encode([reading]), row)

    def tries(self, subject: str, *, stops: bool = False, minutes: int = 120) -> Step:
        """Start or stop a walk test."""
        order = WalkTestOrder(
            id="t1", actor="li", reason="monthly", stops=stops, subject=subject,
            scope=Scope.COMPOUND if subject in self.core.registry.compounds else Scope.DEVICE,
            lasts_ms=minutes * MINUTE,
        )  # fmt: skip
        return self.logs(EntryKind.WALK_TEST, msgspec.json.encode(order))

    def orders(self, silence: SilenceOrder) -> Step:
        """Create, approve or end a silence."""
        return self.logs(EntryKind.SILENCE, msgspec.json.encode(silence))

    def waits(self, minutes: int, *, awake: int | None = None) -> None:
        """Let ticks pass, one a minute."""
        for _ in range(minutes):
            self.at += MINUTE
            self.awake = self.at - NOW if awake is None else awake
            tick = Tick(self.at, self.awake)
            self.logs(EntryKind.TICK, msgspec.json.encode(tick))

    @property
    def cases(self) -> list[Case]:
        """All cases that are not closed."""
        return list(self.core.desk.open_cases())


def replayed(entries: Sequence[Entry]) -> Iterator[tuple[int, Core]]:
    """Read a log with a restart behind each entry: rules by their rows, the desk from its cases."""
    first = Core(RULES, REGISTRY)
    rows: dict[tuple[str, str], bytes] = {}
    for cut in range(len(entries)):
        second = Core(RULES, REGISTRY)
        second.restore((name, subject, state) for (name, subject), state in rows.items())
        second.desk.restore(list(first.desk.open_cases()))
        for entry in entries[cut:]:
            second.step(entry)
        yield cut, second
        first.step(entries[cut])
        rows |= {(name, subject): state for name, subject, state in first.dirty()}

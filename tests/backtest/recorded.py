"""A log as a live hub leaves it: detectors, ticks, people's actions, written while the desk reads."""

import itertools
from pathlib import Path

import msgspec

from hub.documents import library_rules, versioned
from hub.log.sqlite import SqliteLog
from hub.territory.demo_territory import demo_documents
from model.codec import encode
from model.entry import Action, Draft, EntryKind, RowId, Tick
from model.place import Device
from model.reading import Event, Lane, Reading, Value
from model.silence import Scope, SilenceOrder

from hub.territory.registry_files import load_registry  # isort: skip

NOW = 1_800_000_000_000
SECOND, MINUTE = 1_000, 60_000
RULES, REGISTRY = versioned(library_rules()), versioned(demo_documents())


def detectors() -> list[Device]:
    """Return the smoke detectors of the demo territory."""
    known = load_registry(REGISTRY.documents).devices.values()
    return [d for d in known if (d.kind, d.role) == ("smoke_detector", "detector")]


class Recorder:
    """Writes a log entry by entry."""

    def __init__(self, folder: Path) -> None:
        self.log = SqliteLog(folder)
        self.at = NOW
        self._order = itertools.count(1)
        self._drafts: list[Draft] = []
        self._put(EntryKind.RULES, msgspec.json.encode(RULES))
        self._put(EntryKind.REGISTRY, msgspec.json.encode(REGISTRY))

    def says(self, device: str, event: Event = Event.NONE, **values: Value) -> None:
        """Let a detector say something."""
        number = next(self._order)
        reading = Reading(
            device=device, kind="smoke_detector", received_at=self.at, order=number, seq=number,
            values=values, event=event,
        )  # fmt: skip
        row = RowId("gw", "e", Lane.ALARM, number, number, number, str(number))
        self._put(EntryKind.READINGS, encode([reading]), row)

    def acts(self, case: str, name: str, actor: str = "wang", **fields: Value) -> None:
        """Let a person act on a case."""
        action = Action(case, name, actor, fields=dict(fields), id=f"{name}-{self.at}")
        self._put(EntryKind.ACTION, msgspec.json.encode(action))

    def silences(self, device: str, *, actor: str, reason: str) -> None:
        """Let a person silence a device for an hour."""
        order = SilenceOrder(
            "s1", actor, scope=Scope(device=device), reason=reason, ends_at=self.at + 60 * MINUTE
        )
        self._put(EntryKind.SILENCE, msgspec.json.encode(order))

    def later(self, seconds: int) -> None:
        """Let time pass with a tick an hour, and with gateways that live."""
        until = self.at + seconds * SECOND
        while self.at < until:
            self.at = min(until, self.at + 3_600_000)
            self._put(EntryKind.TICK, msgspec.json.encode(Tick(self.at, self.at - NOW)))

    def waits(self, seconds: int) -> None:
        """Let the hub tick."""
        for _ in range(seconds):
            self.at += SECOND
            self._put(EntryKind.TICK, msgspec.json.encode(Tick(self.at, self.at - NOW)))

    def _put(self, kind: EntryKind, payload: bytes, row: RowId | None = None) -> None:
        self.log.append([Draft(kind, payload, row)], self.at)

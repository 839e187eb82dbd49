"""Raises an anomaly when a device stops reporting: when it is late by its own contract.

Time is the hub's waking time, so a suspended hub or a jumping clock finds nobody silent; and it is
judged only when the device's gateway has proved, after the deadline, that it holds nothing back. So
neither an outage nor its backlog makes a storm. The start is last heard + contract, a data time.

Shortly before a deadline the gateway's proof of exactly that moment is wished for (`Book.want`): when it
comes the silence is told at once, and need not wait for the next heartbeat and tick.
"""

from collections.abc import Sequence

from model.anomaly import Anomaly, anomaly_key
from model.entry import AWAKE_STEP_MS, Tick
from model.reading import Mode
from model.walk_test import WALK_TEST
from rules.book import Book
from rules.contract import Interest, Observation, Over
from rules.deadlines import Deadlines, lead
from rules.finding import concerns, ended, explained, made_real, of_walk_test, scope_of
from rules.rows import DeviceRow, GatewayRow
from rules.specs import SilenceSpec
from rules.states import StateTable
from rules.still_open import StillOpen


class SilenceRule:
    """Watches registered devices for the time between two Readings."""

    ticks = True

    def __init__(self, spec: SilenceSpec, book: Book) -> None:
        self.id = spec.id
        self.hash = spec.hash
        self._spec = spec
        self._book = book
        self._silent = StateTable(StillOpen)
        self._deadlines = Deadlines()
        kinds = spec.silent_after if isinstance(spec.silent_after, dict) else {}
        self._by_kind = kinds
        # A sign of life under any kind ends a silence; plain telemetry wakes the rule only where it waits.
        self.interest = Interest(frozenset(), frozenset(), {})

    def watch(self, device: str) -> None:
        """Start the clock of a device that is newly known."""
        found = self._watched(device)
        if found:
            row, contract = found
            self._deadlines.wait(device, self._base(row) + contract - lead(contract))

    def watch_all(self) -> None:
        """Start every clock again, after a restart or with a new registry; nothing is judged by it.

        It stands then where an uninterrupted run stands after its last tick.
        """
        self._deadlines.clear()
        for device in self._book.devices:
            self.watch(device)
        for device in self._deadlines.over(self._book.awake):
            if self._is_over(device):
                self._deadlines.park(device, self._book.devices[device].last.gateway)

    def contract_ms(self, device: str, kind: str) -> int:
        """Return how long a device may be quiet: the registry's word, else its kind's; 0: not judged.

        The registry's word holds for the kinds listed here, and for every other one if the rule says
        `unlisted_kinds`. Where a device spoke last under a kind without contract, that of its kind in
        the registry holds.
        """
        known = self._book.registry.devices.get(device)
        if known is None or not concerns(self._spec.devices, known.kind, known.role):
            return 0
        span = self._by_kind.get(kind) or self._by_kind.get(known.kind, 0)
        if not span and not self._spec.unlisted_kinds:
            return 0
        return known.silent_after_s * 1000 or span

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a sign of life; it ends the silence."""
        device = seen.reading.device
        if self._deadlines.heard(device):
            self.watch(device)
        row = self._silent.rows.get(device)
        if row is None:
            return ()
        self._silent.drop(device)
        self._book.silent.discard(device)
        self.watch(device)
        at = seen.reading.received_at
        return (ended(row.anomaly, at=at, by="heard_again", seen=seen),)

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Judge the devices whose time is over."""
        found = []
        for device in self._deadlines.over(tick.awake):
            if self._is_over(device):
                said = self._judge(device)
                if not said:
                    self._wish(device)
                found += said
        return _by_start(found)

    def heartbeat(self, gateway: str) -> Sequence[Anomaly]:
        """Judge the devices that waited for a word of their gateway."""
        found = []
        for device in self._deadlines.parked(gateway):
            found += self._judge(device)
        for device in self._deadlines.near(gateway):
            found += self._judge_near(device, gateway)
        return _by_start(found)

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows; when a device was heard stands in the book."""
        return self._silent.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one row back."""
        self._silent.restore(subject, state)
        if subject in self._silent.rows:
            self._book.silent.add(subject)

    def holds(self, device: str) -> bool:
        """Return whether the device is silent."""
        return device in self._silent.rows

    def open(self) -> Sequence[Anomaly]:
        """Return the silences that have not ended."""
        rows = self._silent.rows
        return [rows[device].anomaly for device in sorted(rows)]

    def forget(self) -> None:
        """Take back what the book was told, when the rule goes."""
        self._book.silent -= self._silent.rows.keys()

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Say anew, as real, who is still silent after a walk test."""
        found: list[Anomaly] = []
        for device in sorted(self._silent.rows):
            anomaly = self._silent.rows[device].anomaly
            if of_walk_test(anomaly) and not over.tested(device):
                old, new = made_real(anomaly, over, mode=over.mode(device))
                self._silent.put(device, StillOpen(new))
                found += [old, new]
        return found

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._silent.rows)

    def explain(self, subject: str) -> str:
        """Say when the device was heard, its contract, and whether its gateway lets us judge."""
        row = self._book.devices.get(subject)
        if row is None:
            return f"{self.id}: {subject} was never heard"
        contract = self.contract_ms(subject, row.last.kind)
        if not contract:
            return f"{self.id}: {subject} has no contract (unregistered, or its kind has none)"
        quiet = (self._book.awake - row.heard_awake) / 1000
        if subject in self._silent.rows:
            judged = "silent"
        elif self._may_judge(row, contract):
            judged = "its gateway is caught up"
        else:
            judged = f"gateway {row.last.gateway or '?'} is away or not caught up: not judged"
        return (
            f"{self.id}: {subject} last heard at {row.heard_at}, {quiet:g} s of waking time ago; "
            f"contract {contract / 1000:g} s; {judged}"
        )

    def _base(self, row: DeviceRow) -> int:
        """From when the contract counts: last heard, or when its gateway came back."""
        gateway = self._book.gateways.rows.get(row.last.gateway)
        return max(row.heard_awake, gateway.back_awake) if gateway else row.heard_awake

    def _may_judge(self, row: DeviceRow, contract: int) -> bool:
        """Whether the gateway is there and everything it had until the deadline has come."""
        gateway = self._listening(row)
        if gateway is None:
            return False
        if _clock_holds(gateway, row):
            return gateway.caught_up_to > max(row.heard_at, gateway.since) + contract
        # No clock disturbs the waking time, but it is known from tick to tick only: so much later the
        # device may have been heard.
        return gateway.caught_awake >= self._base(row) + contract + AWAKE_STEP_MS

    def _listening(self, row: DeviceRow) -> GatewayRow | None:
        """Return the device's gateway if it is there."""
        name = row.last.gateway
        gateway = self._book.gateways.rows.get(name)
        if gateway is None or gateway.state != "online" or name in self._book.lost:
            return None
        return gateway

    def _watched(self, device: str) -> tuple[DeviceRow, int] | None:
        """Return a device that may fall silent, and its contract (ms)."""
        row = self._book.devices.get(device)
        contract = self.contract_ms(device, row.last.kind) if row else 0
        if row is None or not contract or device in self._silent.rows:
            return None
        return row, contract

    def _is_over(self, device: str) -> bool:
        """Return whether a device's deadline is over; if not it waits on, near it or not."""
        found = self._watched(device)
        if found is None:
            return False
        row, contract = found
        deadline, awake = self._base(row) + contract, self._book.awake
        if deadline < awake:
            return True
        early = deadline - lead(contract)
        if early >= awake:
            self._deadlines.wait(device, early)
            return False
        self._deadlines.wait(device, deadline)
        self._deadlines.come_near(device, row.last.gateway)
        self._book.hot.add(device)
        self._wish(device)
        return False

    def _wish(self, device: str) -> None:
        """Let the gateway be asked for its word right after the deadline."""
        found = self._watched(device)
        if found and self._listening(found[0]) is not None:
            self._book.want(found[0].last.gateway, self._exact(*found))

    def _judge_near(self, device: str, gateway: str) -> list[Anomaly]:
        """Judge a device before its deadline in waking time is over: by its gateway's own time alone."""
        found = self._watched(device)
        if found is None or found[0].last.gateway != gateway:
            return []
        row, contract = found
        if self._base(row) + contract - lead(contract) >= self._book.awake:
            return []  # the deadline has moved away
        known = self._listening(row)
        if known and _clock_holds(known, row) and known.caught_up_to >= self._exact(row, contract):
            return [self._start(device, row, contract)]
        self._deadlines.come_near(device, gateway)
        return []

    def _exact(self, row: DeviceRow, contract: int) -> int:
        """Return the first ms in the gateway's time that is after the deadline."""
        gateway = self._book.gateways.rows.get(row.last.gateway)
        moved = row.heard_at + self._base(row) - row.heard_awake
        return max(moved, gateway.since if gateway else 0) + contract + 1

    def _judge(self, device: str) -> list[Anomaly]:
        found = self._watched(device)
        if found is None:
            return []
        row, contract = found
        if self._base(row) + contract >= self._book.awake:
            self.watch(device)
            return []
        self._book.hot.add(device)  # its next Reading ends the silence, or the waiting
        if not self._may_judge(row, contract):
            self._book.notice(self.id, "not_judged")
            self._deadlines.park(device, row.last.gateway)
            return []
        return [self._start(device, row, contract)]

    def _start(self, device: str, row: DeviceRow, contract: int) -> Anomaly:
        anomaly = self._conclude(device, row, contract)
        self._silent.put(device, StillOpen(anomaly))
        self._book.silent.add(device)
        return anomaly

    def _conclude(self, device: str, row: DeviceRow, contract: int) -> Anomaly:
        spec, last = self._spec, row.last
        at = row.heard_at + contract
        place = self._book.registry.place_of(device)
        tested = self._book.under_test(device)
        return Anomaly(
            key=anomaly_key(spec.id, device, at),
            rule=spec.id,
            rule_hash=spec.hash,
            subject=device,
            category=spec.category,
            severity=spec.severity,
            started_at=at,
            last_at=at,
            mode=Mode.TEST if tested else last.mode,
            quality=(WALK_TEST,) if tested else (),
            scope=scope_of(last.kind),
            source=last.source,
            compound=place.compound if place else last.compound,
            explanation=explained(
                spec, f"last heard at {row.heard_at}, contract {contract / 1000:g} s"
            ),
        )


def _by_start(found: list[Anomaly]) -> list[Anomaly]:
    return sorted(found, key=lambda anomaly: (anomaly.started_at, anomaly.subject))


def _clock_holds(gateway: GatewayRow, row: DeviceRow) -> bool:
    """Whether the gateway's clock went as our waking time since the device was heard."""
    return gateway.leapt_awake < row.heard_awake

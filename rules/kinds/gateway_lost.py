"""Raises an anomaly when a gateway is gone: by its last will, or silent for too long.

Its devices are not judged meanwhile: one lost gateway is one anomaly, not a thousand. Silence counts
in the hub's waking time; the start is a data time: last heard, or last heard + the limit.
"""

from collections.abc import Sequence

from model.anomaly import Anomaly, anomaly_key
from model.entry import Tick
from rules.book import Book
from rules.contract import Interest, Observation, Over
from rules.finding import ended, explained
from rules.rows import GatewayRow
from rules.specs import SilenceSpec
from rules.states import StateTable
from rules.still_open import StillOpen

_SUBJECT = "gateway:"


class GatewayLostRule:
    """Watches the gateways themselves."""

    ticks = True

    def __init__(self, spec: SilenceSpec, book: Book) -> None:
        if isinstance(spec.silent_after, dict):
            raise TypeError(f"rule {spec.id}: a gateway has one time span, not one per kind")
        self.id = spec.id
        self.hash = spec.hash
        self._spec = spec
        self._book = book
        self._limit = spec.silent_after
        self._gone = StateTable(StillOpen)
        # No device kind is of this name: Readings never wake the rule, the book's times do.
        self.interest = Interest(frozenset({_SUBJECT}), frozenset(), {})

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take no Reading: the book notes when a gateway was heard."""
        del seen
        return ()

    def heartbeat(self, gateway: str) -> Sequence[Anomaly]:
        """Take a gateway's word: a last will starts it, a sign of life ends it."""
        row = self._book.gateways.rows[gateway]
        return self._judge(gateway, row)

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Judge every gateway; there are few."""
        del tick
        found: list[Anomaly] = []
        for gateway, row in sorted(self._book.gateways.rows.items()):
            found += self._judge(gateway, row)
        return found

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows."""
        return self._gone.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one row back."""
        self._gone.restore(subject, state)
        if subject in self._gone.rows:
            self._book.lost.add(subject.removeprefix(_SUBJECT))

    def holds(self, device: str) -> bool:
        """Return False: this rule holds nothing about devices."""
        del device
        return False

    def open(self) -> Sequence[Anomaly]:
        """Return the gateways that are gone."""
        rows = self._gone.rows
        return [rows[subject].anomaly for subject in sorted(rows)]

    def forget(self) -> None:
        """Take back what the book was told, when the rule goes."""
        self._book.lost -= {subject.removeprefix(_SUBJECT) for subject in self._gone.rows}

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Return nothing: gateways are under no walk test."""
        del over
        return ()

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._gone.rows)

    def explain(self, subject: str) -> str:
        """Say when the gateway was heard, in which state, and the limit."""
        row = self._book.gateways.rows.get(subject.removeprefix(_SUBJECT))
        if row is None:
            return f"{self.id}: {subject} was never heard"
        quiet = (self._book.awake - row.heard_awake) / 1000
        return (
            f"{self.id}: {subject} is {row.state}, last heard at {row.heard_at}, {quiet:g} s of "
            f"waking time ago; limit {self._limit / 1000:g} s"
        )

    def _judge(self, gateway: str, row: GatewayRow) -> list[Anomaly]:
        subject = _SUBJECT + gateway
        quiet = self._book.awake - row.heard_awake > self._limit
        known = self._gone.rows.get(subject)
        if known is None:
            if row.state != "lost" and not quiet:
                return []
            anomaly = self._conclude(subject, row)
            self._gone.put(subject, StillOpen(anomaly))
            self._book.lost.add(gateway)
            return [anomaly]
        if row.state == "lost" or quiet:
            return []
        self._gone.drop(subject)
        self._book.lost.discard(gateway)
        return [ended(known.anomaly, at=row.heard_at, by="heard_again")]

    def _conclude(self, subject: str, row: GatewayRow) -> Anomaly:
        spec = self._spec
        will = row.state == "lost"
        at = row.heard_at if will else row.heard_at + self._limit
        why = "its last will came" if will else f"limit {self._limit / 1000:g} s"
        return Anomaly(
            key=anomaly_key(spec.id, subject, at),
            rule=spec.id,
            rule_hash=spec.hash,
            subject=subject,
            category=spec.category,
            severity=spec.severity,
            started_at=at,
            last_at=at,
            scope="gateway",
            explanation=explained(spec, f"last heard at {row.heard_at}, {why}"),
        )

"""What a rule keeps of a Reading that must wait for its turn, and the anomaly it becomes."""

import msgspec

from model.anomaly import Anomaly, Evidence, anomaly_key
from model.reading import Mode, Value

from .contract import Observation
from .finding import explained, scope_of
from .specs import Spec


class Heard(msgspec.Struct, omit_defaults=True):
    """One Reading: when, by whom, and the one value or word that a rule looks at."""

    at: int  # received_at, ms
    order: int
    id: str
    device: str
    awake: int  # the hub's waking time when it came
    kind: str = ""
    value: float = 0.0
    word: str = ""
    event: str = ""
    mode: Mode = Mode.REAL
    source: str = ""
    compound: str = ""
    late: bool = False
    quality: tuple[str, ...] = ()

    @property
    def turn(self) -> tuple[int, int, str]:
        """Its place among others: by data time, then by order."""
        return self.at, self.order, self.id

    def evidence(self, quantity: str = "") -> Evidence:
        """Return the reference to the Reading, with what was looked at."""
        values: dict[str, Value] = {quantity: self.value} if quantity else {}
        if self.word:
            values[self.word] = True
        return Evidence(self.id, self.device, self.at, values, self.event)


def heard(seen: Observation, *, awake: int, value: float = 0.0, word: str = "") -> Heard:
    """Keep what is needed of an Observation."""
    reading = seen.reading
    return Heard(
        at=reading.received_at,
        order=reading.order,
        id=seen.id,
        device=reading.device,
        awake=awake,
        kind=reading.kind,
        value=value,
        word=word,
        event=str(reading.event),
        mode=reading.mode,
        source=reading.source,
        compound=seen.place.compound if seen.place else reading.compound,
        late=seen.late,
        quality=reading.quality,
    )


def concluded(
    spec: Spec,
    said: Heard,
    *,
    facts: str,
    subject: str = "",
    at: int | None = None,
    evidence: tuple[Evidence, ...] = (),
) -> Anomaly:
    """Write down what starts with a Reading that waited; about its device, or about a place."""
    start = said.at if at is None else at
    subject = subject or said.device
    return Anomaly(
        key=anomaly_key(spec.id, subject, start),
        rule=spec.id,
        rule_hash=spec.hash,
        subject=subject,
        category=spec.category,
        severity=spec.severity,
        started_at=start,
        last_at=max(start, said.at),
        mode=said.mode,
        scope="place" if subject.startswith("place:") else scope_of(said.kind),
        source=said.source,
        compound=said.compound,
        late=said.late,
        explanation=explained(spec, facts),
        quality=said.quality,
        evidence=evidence,
    )

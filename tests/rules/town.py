"""A small town for the rules' tests: an engine, a few registered devices, and simulated time."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from model.anomaly import Anomaly, Phase
from model.codec import Heartbeat
from model.entry import Tick
from model.place import Building, Compound, Device, Registry
from model.reading import Event, Lane, Mode, Reading, Value
from rules.engine import Engine
from rules.rulefile import RuleSet, load_rules

T0 = 1_767_225_600_000  # 2026-01-01 UTC
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
GRID = "150302001001001"
SMOKES = ("nb-1", "nb-2", "nb-3", "nb-4")
COMPONENT, PANEL, TRANSMITTER = "gb-1-1-1-0a000200", "gb-1-1-1", "gb-1"


def library_texts() -> dict[str, str]:
    """Read the ready-made rule files."""
    folder = Path(__file__).parents[2] / "rules" / "library"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}


@cache
def library(*ids: str) -> RuleSet:
    """Return the ready-made rules, or some of them."""
    if not ids:
        return load_rules(library_texts())
    rules = library()
    return rules._replace(specs=tuple(spec for spec in rules.specs if spec.id in ids))


def registry() -> Registry:
    """Two buildings, four detectors, a door, a panel behind a transmission device."""
    devices = [
        *(Device(name, "smoke_detector", "b-1", "c-1", role="detector") for name in SMOKES[:3]),
        Device(SMOKES[3], "smoke_detector", "b-2", "c-1", role="detector"),
        Device("ac-1", "door", "b-1", "c-1", role="door"),
        Device(COMPONENT, "fire_component", "b-1", "c-1", role="detector"),
        Device(PANEL, "fire_system", "b-1", "c-1", role="panel"),
        Device(TRANSMITTER, "fire_transmitter", "b-1", "c-1"),
    ]
    return Registry(
        compounds=[Compound("c-1", "Compound", GRID)],
        buildings=[Building(name, name, "c-1", GRID) for name in ("b-1", "b-2")],
        devices=devices,
    )


class Town:
    """An engine with a clock; `says` and `pass_time` return what came out."""

    def __init__(self, rules: RuleSet | None = None, places: Registry | None = None) -> None:
        self.engine = Engine(places or registry(), rules or library())
        self.now = T0
        self.awake = 0
        self.order = 0
        self.said: list[Anomaly] = []

    def says(
        self,
        device: str,
        *,
        event: Event = Event.NONE,
        values: Mapping[str, Value] | None = None,
        at: int | None = None,
        order: int | None = None,
        kind: str = "smoke_detector",
        source: str = "",
        mode: Mode = Mode.REAL,
        historical: bool = False,
        observed_at: int | None = None,
        epoch: str = "e1",
        gateway: str = "gw",
    ) -> list[Anomaly]:
        """Let a device say something now, or at a time, with an order of its own."""
        if order is None:
            self.order += 1
        reading = Reading(
            device=device,
            kind=kind,
            received_at=self.now if at is None else at,
            order=self.order if order is None else order,
            values=dict(values or {}),
            event=event,
            mode=mode,
            historical=historical,
            observed_at=observed_at,
            source=source,
            gateway=gateway,
            epoch=epoch,
        )
        return self._keep(self.engine.observe([reading], Lane.ALARM, self.now))

    def fire(self, device: str = "nb-1", **more: int) -> list[Anomaly]:
        """Let a detector say fire."""
        return self.says(device, event=Event.FIRE_ALARM, values={"fire": True}, **more)  # type: ignore[arg-type]

    def calm(self, device: str = "nb-1", **more: int) -> list[Anomaly]:
        """Let a detector say that there is no fire."""
        return self.says(device, values={"fire": False, "temperature_c": 21.0}, **more)  # type: ignore[arg-type]

    def panel(
        self, device: str, *, event: Event = Event.NONE, values: Mapping[str, Value] | None = None
    ) -> list[Anomaly]:
        """Let something behind the transmission device say something."""
        kinds = {PANEL: "fire_system", TRANSMITTER: "fire_transmitter"}
        kind = kinds.get(device, "fire_component")
        return self.says(device, event=event, values=values, kind=kind, source=TRANSMITTER)

    def beat(self, *, state: str = "online", gateway: str = "gw", behind: int = 0) -> list[Anomaly]:
        """Let the gateway say that it is there, and how far it is behind."""
        beat = Heartbeat(gateway, "e1", state, at=self.now, caught_up_to=self.now - behind)
        return self._keep(self.engine.heartbeat(beat, self.now))

    def pass_time(self, span: int, *, beats: bool = True, step: int = SECOND) -> list[Anomaly]:
        """Let ticks pass, with a heartbeat of the gateway every 10 s unless it is away."""
        found: list[Anomaly] = []
        for _ in range(span // step):
            self.now += step
            self.awake += step
            found += self._keep(self.engine.tick(Tick(self.now, self.awake)))
            if beats and self.awake % 10_000 == 0:
                found += self.beat()
        return found

    def _keep(self, found: list[Anomaly]) -> list[Anomaly]:
        assert not self.engine.failures, self.engine.last_failure
        self.said += found
        return found


def told(anomalies: list[Anomaly]) -> list[tuple[str, str, str]]:
    """Return (rule, phase, subject) of each statement."""
    return [(a.rule, a.phase.value, a.subject) for a in anomalies]


def started(anomalies: list[Anomaly], rule: str = "") -> list[Anomaly]:
    """Return the statements of a rule that start something."""
    return [a for a in anomalies if a.phase is Phase.STARTED and rule in ("", a.rule)]


def ended(anomalies: list[Anomaly], rule: str = "") -> list[Anomaly]:
    """Return the statements of a rule that end something."""
    return [a for a in anomalies if a.phase is Phase.ENDED and rule in ("", a.rule)]

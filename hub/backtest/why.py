"""Why a rule did, or did not, conclude something about a device at a moment of the past.

The log is replayed up to that moment; what the rule then holds is told in its own words. Then two
futures are looked at: the real one, and one in which nobody says anything more and time passes.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from cases.muting import covers
from hub.core import Core
from hub.device_search import one
from hub.log.readings import readings_of
from model.anomaly import Anomaly, Phase
from model.codec import Heartbeat
from model.entry import Entry, EntryKind, Tick
from model.errors import HubError
from model.place import UNREGISTERED
from model.reading import Reading
from rules.engine import Engine
from rules.finding import fits
from rules.rulefile import load_rules
from rules.specs import Spec

from .source import Recording

HORIZON_MS = 3_600_000
BEAT_MS = 10_000
READINGS_KEPT = 5


class Future(msgspec.Struct, frozen=True):
    """When the rule next said something about the device, and what; nothing within the hour: None."""

    at: int | None = None  # when it was concluded, ms
    anomaly: Anomaly | None = None


class Answer(msgspec.Struct, frozen=True):
    """Why; times in ms."""

    rule: str
    device: str
    at: int
    watches: bool  # the rule is about devices of this kind and role
    holds: str  # the rule's own words on what it holds
    state: str  # of the device: normal, alarm, silent, never_heard …
    flags: tuple[str, ...]
    walk_test: bool
    gateway: str
    gateway_state: str
    muted_by: tuple[str, ...]  # silences that hold back what the rule says of the device
    before: tuple[Reading, ...]  # the last Readings up to then, oldest first
    after: tuple[Reading, ...]  # the first ones afterwards
    said: tuple[Anomaly, ...]  # what the rule had said about the device so far, newest last
    if_nothing_more: Future
    really: Future

    @property
    def short_by_ms(self) -> int | None:
        """Return how much longer it would have had to last, when it waited and did not start."""
        waited = self.if_nothing_more
        if waited.at is None or waited.anomaly is None or waited.anomaly.phase is not Phase.STARTED:
            return None
        if self.really.at is not None and self.really.at <= waited.at:
            return None
        stopped = next((r for r in self.after if r.received_at < waited.at), None)
        return waited.at - (stopped.received_at if stopped else self.at)


def why(recording: Recording, *, rule: str, device: str, at: int) -> Answer:
    """Replay up to `at` (ms) and tell; raises HubError for a rule or device that was not there."""
    core = Core(recording.rules, recording.registry, places=recording.places)
    entries = iter(recording.entries())
    before: deque[Reading] = deque(maxlen=READINGS_KEPT)
    said: deque[Anomaly] = deque(maxlen=READINGS_KEPT)
    following: Entry | None = None
    for entry in entries:
        if entry.logged_at > at:
            following = entry
            break
        before.extend(_of(entry, device))
        said.extend(a for a in core.step(entry).anomalies if _about(a, rule, device))
    spec = _spec(core, rule)
    row = core.engine.book.devices.get(device)
    known = core.registry.devices.get(device)
    if row is None and known is None:
        raise HubError(
            f"no device {device} was registered or heard up to then; the page Devices lists the ids;"
            " or name a later time with --at"
        )
    holds = core.engine.explain(rule, device)
    found = one(core.engine, core.registry, device)
    gateway = row.last.gateway if row else ""
    gateways = {view.id: view.state for view in core.engine.gateways()}
    silent_future = _if_nothing_more(core, rule, device, at)
    after: list[Reading] = []
    rest = entries if following is None else _chained(following, entries)
    really = _really(core, rest, rule=rule, device=device, until=at + HORIZON_MS, after=after)
    sample = row.last if row else None
    role = known.role if known else ""
    return Answer(
        rule=rule,
        device=device,
        at=at,
        watches=sample is None or fits(spec.devices, sample, role),
        holds=holds,
        state=found.view.state if found else "never_heard",
        flags=found.view.flags if found else (),
        walk_test=found.view.walk_test if found else False,
        gateway=gateway,
        gateway_state=gateways.get(gateway, ""),
        muted_by=_muted(core, spec, device),
        before=tuple(before),
        after=tuple(after[:READINGS_KEPT]),
        said=tuple(said),
        if_nothing_more=silent_future,
        really=really,
    )


def _spec(core: Core, rule: str) -> Spec:
    specs = {spec.id: spec for spec in load_rules(core.rules.documents).specs}
    if rule not in specs:
        raise HubError(f"no rule {rule} was in force then; there were: {', '.join(sorted(specs))}")
    return specs[rule]


def _muted(core: Core, spec: Spec, device: str) -> tuple[str, ...]:
    """Name the silences in force that cover what the rule would say of the device."""
    place = core.registry.place_of(device) or UNREGISTERED
    row = core.engine.book.devices.get(device)
    told = Anomaly(
        key="", rule=spec.id, rule_hash=spec.hash, subject=device, category=spec.category,
        severity=spec.severity, started_at=0, source=row.last.source if row else "",
        compound=place.compound,
    )  # fmt: skip
    return tuple(
        f"{silence.id} ({silence.author}: {silence.reason})"
        for silence in core.silences.active()
        if covers(silence.scope, told, place)
    )


def _about(anomaly: Anomaly, rule: str, device: str) -> bool:
    if anomaly.rule != rule:
        return False
    return anomaly.subject == device or any(item.device == device for item in anomaly.evidence)


def _of(entry: Entry, device: str) -> list[Reading]:
    if entry.kind is not EntryKind.READINGS:
        return []
    return [reading for reading in readings_of(entry) if reading.device == device]


def _chained(first: Entry, rest: Iterable[Entry]) -> Iterable[Entry]:
    yield first
    yield from rest


def _really(
    core: Core,
    entries: Iterable[Entry],
    *,
    rule: str,
    device: str,
    until: int,
    after: list[Reading],
) -> Future:
    """Go on with what was recorded until the rule says something of the device."""
    for entry in entries:
        if entry.logged_at > until:
            break
        after += _of(entry, device)
        for anomaly in core.step(entry).anomalies:
            if _about(anomaly, rule, device) and anomaly.phase is not Phase.CONTINUED:
                return Future(entry.logged_at, anomaly)
    return Future()


def _if_nothing_more(core: Core, rule: str, device: str, at: int) -> Future:
    """Let time pass on a copy of the rules while the gateways live and no device says a word."""
    book = core.engine.book
    engine = Engine(core.registry, load_rules(core.rules.documents))
    engine.restore(core.engine.dirty())
    awake = book.awake
    alive = [name for name, row in book.gateways.rows.items() if row.state == "online"]
    epochs = {name: row.epoch for name, row in book.gateways.rows.items()}
    for step in range(1_000, HORIZON_MS + 1, 1_000):
        now = at + step
        found = engine.tick(Tick(now, awake + step))
        if step % BEAT_MS == 0:
            for name in alive:
                beat = Heartbeat(name, epochs[name], "online", at=now, caught_up_to=now)
                found = [*found, *engine.heartbeat(beat, now)]
        for anomaly in found:
            if _about(anomaly, rule, device) and anomaly.phase is not Phase.CONTINUED:
                return Future(now, anomaly)
    return Future()

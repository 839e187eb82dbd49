"""What is known of every device and gateway as of the newest entry read: heard when, saying what."""

from collections.abc import Callable, Iterable

from model.case import Health
from model.codec import Heartbeat
from model.place import Place, Registry
from model.reading import ALARM_EVENTS, Event, Mode, Reading, alarm_states

from .arrival import believed
from .rows import ClockRow, Content, DeviceRow, GatewayRow
from .states import StateTable
from .walk_test import WalkTests

DEVICES, GATEWAYS, CLOCK, WALK_TESTS = "_book", "_gateways", "_clock", "_walk_tests"
"""Names under which the book's rows stand beside those of the rules."""

ABSENCE_MS = 60_000
"""After this long without a word of a gateway, its devices get their whole contract anew."""

STRANGERS = 10_000
"""So many unregistered devices are remembered; beyond it the longest unheard are forgotten."""

ZONE = "camera_zone"
ONLINE = "online"  # false: it tells nothing of what it watches, whatever it said last
FLAGS = frozenset({"isolated", "removed", "testing", "tamper", "fault"})
"""States that say what a device's "normal" is worth."""

_FLAG_EVENTS = {
    Event.ISOLATED: ("isolated", True), Event.ISOLATION_CLEARED: ("isolated", False),
    Event.REMOVED: ("removed", True), Event.TAMPER: ("tamper", True),
    Event.TAMPER_CLEARED: ("tamper", False), Event.FAULT: ("fault", True),
    Event.FAULT_CLEARED: ("fault", False),
}  # fmt: skip


class Book:
    """The one memory that all rules share; also the desk's view of a device's health."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._placed: dict[str, tuple[Place | None, str]] = {}  # of this version of the registry
        self.table = StateTable(DeviceRow)
        self.devices = self.table.rows
        self.gateways = StateTable(GatewayRow)
        self._clock = StateTable(ClockRow)
        self._clock.rows[""] = ClockRow()
        self.awake = 0
        self.hot: set[str] = set()  # devices whose next Reading every rule sees
        self.silent: set[str] = set()  # devices late by their contract
        self.lost: set[str] = set()  # gateways with an open anomaly
        self.strangers: dict[str, None] = {}
        self.walk_tests = WalkTests()
        self.wanted: dict[str, set[int]] = {}  # gateway -> data times, as of this tick; see `want`
        self.notice: Callable[[str, str], None] = lambda *_: None  # of rule tests

    @property
    def now(self) -> int:
        """The hub's time (ms) at its newest tick."""
        return self._clock.rows[""].at

    def tick(self, *, at: int, awake: int) -> None:
        """Take the hub's waking time; it goes on where it was when the hub starts counting anew."""
        clock = self._clock.rows[""]
        clock.awake += awake - clock.tick if awake >= clock.tick else awake
        clock.tick, clock.at = awake, at
        self.awake = clock.awake
        self._clock.put("", clock)
        self.wanted.clear()

    def want(self, gateway: str, at: int) -> None:
        """Note that a gateway's proof of a data time (ms) would settle something; nobody must ask for it."""
        self.wanted.setdefault(gateway, set()).add(at)

    def meet(self, reading: Reading) -> DeviceRow:
        """Open a row for a device that was never heard."""
        row = DeviceRow(
            last=reading,
            values=dict(reading.values),
            heard_at=reading.received_at,
            heard_awake=self.awake,
        )
        self.table.put(reading.device, row)
        self.hot.add(reading.device)
        if reading.device not in self.registry.devices:
            self.strangers[reading.device] = None
            if len(self.strangers) > STRANGERS:
                self._forget_strangers()
        return row

    def hear(self, row: DeviceRow, reading: Reading) -> bool:
        """Take a Reading of a device that was heard before; return whether it is stale."""
        last, values, stale = row.last, reading.values, False
        if reading.order <= last.order or reading.epoch != last.epoch:
            stale = self.is_stale(row, reading)
        if stale:
            if False in values.values():
                self.keep_calm(row, reading)
        else:
            if False in last.values.values() and False not in values.values():
                self.keep_calm(row, last)
            row.last = reading
            row.heard_at = reading.received_at
            row.values.update(values)
        row.heard_awake = self.awake
        self.table.changed.add(reading.device)
        return stale

    def is_stale(self, row: DeviceRow, reading: Reading) -> bool:
        """Return whether a newer Reading of the device was seen: it tells no present state.

        Of two epochs the one that was retired first is the older. Not every retired epoch is: two
        boxes with one cloned card retire each other's, and both go on.
        """
        last = row.last
        if reading.epoch == last.epoch:
            return 0 < reading.order < last.order
        gateway = self.gateways.rows.get(reading.gateway)
        if gateway is None or reading.epoch not in gateway.retired:
            return False
        if last.gateway != reading.gateway or last.epoch not in gateway.retired:
            return True
        return gateway.retired.index(reading.epoch) < gateway.retired.index(last.epoch)

    def keep_calm(self, row: DeviceRow, reading: Reading) -> None:
        """Keep what takes alarms back while plain values pass over it: the alarm may come later."""
        calm = row.calm
        newer = calm is None or calm.epoch != reading.epoch or calm.order < reading.order
        if newer and not all(alarm_states(reading).values()):
            row.calm = reading
            self.table.changed.add(reading.device)

    def is_news(self, reading: Reading) -> bool:
        """Return whether a retained message says anything that was not known (design §4.6).

        With a device time: newer than any seen. Without one, a message whose content was seen as
        the last one, the last alarm or the last retained one is a copy.
        """
        row = self.devices.get(reading.device)
        if row is None:
            return True
        if reading.observed_at is not None and row.last.observed_at is not None:
            return reading.observed_at > row.last.observed_at
        content = Content.of(reading)
        return content not in (Content.of(row.last), row.alarm, row.retained)

    def note(self, row: DeviceRow, reading: Reading) -> None:
        """Keep what is worth knowing of a Reading that is not plain telemetry, or has a flag."""
        content = Content.of(reading)
        if reading.historical:
            row.retained = content
        elif reading.event in ALARM_EVENTS or any(alarm_states(reading).values()):
            row.alarm = content
        flags = {
            name: value for name in FLAGS if isinstance(value := reading.values.get(name), bool)
        }
        if reading.event in _FLAG_EVENTS:
            name, value = _FLAG_EVENTS[reading.event]
            flags.setdefault(name, value)
        if reading.event is Event.NORMAL:
            flags = dict.fromkeys(("removed", "tamper"), False) | flags
        if reading.mode is Mode.TEST:
            flags["testing"] = True
        elif "testing" in row.flags:
            flags.setdefault("testing", False)
        if flags:
            kept = row.flags - flags.keys()
            row.flags = kept | {name for name, value in flags.items() if value}

    def hear_gateway(self, gateway: str, epoch: str, at: int) -> None:
        """Note that Readings of a gateway came; only a heartbeat takes back a last will."""
        row = self.gateways.rows.get(gateway)
        if row is None:
            row = GatewayRow(
                heard_at=at, heard_awake=self.awake, back_awake=self.awake, epoch=epoch
            )
        if self.awake - row.heard_awake > ABSENCE_MS:
            row.back_awake = self.awake
        row.heard_at, row.heard_awake = at, self.awake
        if epoch != row.epoch and epoch not in row.retired:
            row.draw_epoch(epoch)
        self.gateways.put(gateway, row)

    def heartbeat(self, beat: Heartbeat, logged_at: int) -> GatewayRow:
        """Take a gateway's sign of life, orderly stop or last will."""
        at = believed(beat.at, logged_at)
        row = self.gateways.rows.get(beat.gateway)
        if row is None:
            row = GatewayRow(heard_at=at, heard_awake=self.awake, back_awake=self.awake)
        if beat.state == "lost":
            row.state = "lost"
        else:
            if row.state != "online" or self.awake - row.heard_awake > ABSENCE_MS:
                row.back_awake = self.awake
            row.state, row.heard_at, row.heard_awake = beat.state, at, self.awake
            if beat.epoch and beat.epoch != row.epoch:
                row.draw_epoch(beat.epoch)
            row.depth, row.warnings, row.counters = beat.depth, beat.warnings, beat.counters
            row.caught_up_to = beat.caught_up_to
            row.since = beat.since
            row.tell_time(beat.at, self.awake, believed=at == beat.at)
            if beat.state == "online":
                row.caught(beat.at - beat.caught_up_to, self.awake)
        self.gateways.put(beat.gateway, row)
        return row

    def place_of(self, reading: Reading) -> tuple[Place | None, str]:
        """Return where a device is and what the registry says it is."""
        device = reading.device
        if device not in self._placed:
            known = self.registry.devices.get(device)
            if known is None:
                return None, ""
            self._placed[device] = self.registry.place_of(device), known.role
        return self._placed[device]

    def under_test(self, device: str) -> bool:
        """Return whether a device is under a walk test now; at no cost when there is none."""
        if not self.walk_tests.running:
            return False
        row, known = self.devices.get(device), self.registry.devices.get(device)
        last = row.last if row else None
        compound = known.compound if known else last.compound if last else ""
        return self.walk_tests.covers(device, last.source if last else "", compound)

    def own_mode(self, device: str) -> Mode:
        """Return the mode in which a device itself spoke last."""
        row = self.devices.get(device)
        return row.last.mode if row else Mode.REAL

    def health(self, device: str) -> Health:
        """Return what a device's "normal" is worth; one that is late, offline or behind a lost gateway proves nothing."""
        row = self.devices.get(device)
        if row is None:
            return Health(heard=False)
        gateway = self.gateways.rows.get(row.last.gateway)
        away = row.last.gateway in self.lost or (gateway is not None and gateway.state == "lost")
        flags = row.flags
        return Health(
            heard=device not in self.silent and not away,
            offline=self._says_offline(device, row),
            isolated="isolated" in flags,
            removed="removed" in flags,
            testing="testing" in flags or self.under_test(device),
            tampered="tamper" in flags,
            faulty="fault" in flags,
        )

    def _says_offline(self, device: str, row: DeviceRow) -> bool:
        """Whether a device, or the one that fronts it (a zone's camera), says that it sees nothing now."""
        front = row.last.source or (device.rpartition("/")[0] if row.last.kind == ZONE else "")
        rows = (row, self.devices.get(front))
        return any(found is not None and found.values.get(ONLINE) is False for found in rows)

    def snapshot(self) -> list[tuple[str, str, bytes]]:
        """Return the rows that changed since the last call."""
        tables = (
            (DEVICES, self.table),
            (GATEWAYS, self.gateways),
            (CLOCK, self._clock),
            (WALK_TESTS, self.walk_tests.table),
        )
        return [
            (name, subject, state)
            for name, table in tables
            for subject, state in table.snapshot().items()
        ]

    def restore(self, name: str, subject: str, state: bytes) -> None:
        """Put one row back."""
        if name == DEVICES:
            self.table.restore(subject, state)
            self.hot.add(subject)
            if subject not in self.registry.devices:
                self.strangers[subject] = None
        elif name == GATEWAYS:
            self.gateways.restore(subject, state)
        elif name == WALK_TESTS:
            self.walk_tests.restore(subject, state)
        else:
            self._clock.restore(subject, state)
            self.awake = self._clock.rows[""].awake

    def register(self, registry: Registry) -> None:
        """Take a new version of the registry."""
        self.registry = registry
        self._placed.clear()
        self.strangers = dict.fromkeys(d for d in self.devices if d not in registry.devices)

    def _forget_strangers(self) -> None:
        oldest: Iterable[str] = sorted(
            (name for name in self.strangers if name not in self.hot),
            key=lambda name: (self.devices[name].heard_awake, name),
        )
        for name in list(oldest)[: STRANGERS // 10]:
            del self.strangers[name]
            self.table.drop(name)

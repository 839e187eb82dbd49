"""A hub without broker, log and threads: the real desk, the real case store, and the API's port."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from cases.closing import Item, checklist
from cases.desk import Desk
from cases.events import case_json
from cases.silences import Silences
from cases.taxonomy import category as of_category
from hub.access import Principal
from hub.api.services import Json
from hub.cameras import CameraBook
from hub.case_store import CaseStore
from hub.case_store.rule_records import RuleText
from hub.device_pages import Asked, page_of
from hub.device_search import Found, Page, Wanted, one, search
from hub.looks import Looks
from hub.machine import Machine
from hub.outgoing.dispatcher import Dispatcher
from hub.outgoing.status import Shown
from hub.silence_preview import Preview, preview
from hub.tap import Tap, Taps
from hub.territory.registry_import import Merge
from model.anomaly import Anomaly, Evidence, Severity, anomaly_key
from model.case import Case, Change, Health
from model.entry import Action, Report
from model.errors import Refused, Transient
from model.footage import Type
from model.place import Building, Compound, Contact, Device, Registry
from model.reading import Reading, Value
from model.silence import Scope, Silence, SilenceOrder
from model.walk_test import WalkTest, WalkTestOrder
from rules.book import Book
from rules.engine import Engine
from rules.rulefile import load_rules
from rules.views import Census, DeviceView
from rules.walk_test import WalkTests

T0 = 1_790_000_000_000  # 22:13 in Shanghai
MINUTE = 60_000
GRID_A = "150302001001001"
GRID_B = "150302002001001"

REGISTRY = Registry(
    compounds=[Compound("c1", "幸福小区", GRID_A), Compound("c2", "和平小区", GRID_B)],
    buildings=[
        Building("b1", "1号楼", "c1", GRID_A),
        Building("b2", "2号楼", "c2", GRID_B),
    ],
    devices=[
        Device("nb1", "smoke_detector", building="b1", compound="c1"),
        Device("nb2", "smoke_detector", building="b2", compound="c2"),
    ],
    contacts=[
        Contact("c1", "micro_fire_station", "微型消防站", "2", from_hour=20, to_hour=8),
        Contact("c1", "fire_control_room", "消控室", "1"),
        Contact("c1", "contractor", "维保", "4"),
        Contact("c1", "property", "物业", "3"),
    ],
)


class Healthy:
    """Every device is well and was heard."""

    def health(self, device: str) -> Health:  # noqa: ARG002 - all alike
        """Return a good state of health."""
        return Health(heard=True)


class Shelf:
    """Readings in memory; `away` says that the store cannot be reached."""

    def __init__(self) -> None:
        self.kept: list[Reading] = []
        self.away = False

    def query(self, device: str, since: int, until: int, limit: int) -> list[Reading]:
        """Return a device's Readings, newest first."""
        if self.away:
            raise Transient("the reading store is away")
        found = [r for r in self.kept if r.device == device and since <= r.received_at < until]
        return sorted(found, key=lambda r: -r.received_at)[:limit]

    def sync(self) -> None:
        """Nothing to sync."""


class SmallHub:
    """Implements the API's port; every change is applied at once, as the desk's thread does."""

    def __init__(self, store: CaseStore) -> None:
        self.store = store
        self.shelf = Shelf()
        self.readings = self.shelf
        self.clock = T0
        self.desk = Desk(REGISTRY, Healthy())
        self.said: list[Anomaly] = []
        self.is_ready = True
        self.tests = WalkTests()
        self.taps = Taps()
        self.silencing = Silences()
        self.outgoing = Dispatcher(store, (), clock=self.now)
        self.events: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        self.cameras = CameraBook(self.now)
        self.scratch = Path(tempfile.gettempdir()) / "smarthub-small-hub"
        self.looks = Looks(store.footage, self.now)
        self.engine = Engine(REGISTRY, load_rules({}))
        self.footage_folder = Path("nowhere")
        self.gateway_state = "online"
        self._pos = 0

    def footage_path(self, digest: str, form: Type) -> Path:
        """Return where a picture or clip would lie."""
        return self.footage_folder / f"{digest}{form.ending}"

    def now(self) -> int:
        """Return the test's clock."""
        return self.clock

    def registry(self) -> Registry:
        """Return the small world."""
        return self.engine.book.registry

    def alarm(self, device: str = "nb1", category: str = "fire", **values: Value) -> Case:
        """Let a rule conclude something about a device that said `values`; return its case."""
        anomaly = Anomaly(
            key=anomaly_key(category, device, self.clock),
            rule=category,
            rule_hash="1" * 16,
            subject=device,
            category=category,
            severity=of_category(category, Severity.CRITICAL).severity,
            started_at=self.clock,
            last_at=self.clock,
            evidence=(
                Evidence(f"g/e/alarm/{device}", device, self.clock, {"alarm": True, **values}),
            ),
        )
        self.said.insert(0, anomaly)
        return self._keep(self.desk.receive(anomaly, self.clock))[0].case

    async def submit(self, action: Action) -> Case:
        """Do what a person asks."""
        changes = self._keep(self.desk.act(action, self.clock))
        case = changes[0].case if changes else self.store.get(action.case)
        if case is None:
            raise LookupError(f"no case {action.case}")
        return case

    async def submit_report(self, report: Report) -> Case:
        """Take a report."""
        changes = self._keep(self.desk.report(report, self.clock))
        if not changes:
            raise Refused(f"report {report.id} was taken before")
        return changes[0].case

    async def order_walk_test(self, order: WalkTestOrder) -> WalkTest:
        """Start or stop a walk test."""
        if order.stops:
            self.tests.stop(order, now=self.clock)
        else:
            self.tests.start(order, REGISTRY, now=self.clock, awake=0)
        return next(test for test in self.tests.listed() if test.id == order.id)

    def walk_tests(self) -> list[WalkTest]:
        """Return the walk tests."""
        return self.tests.listed()

    def running_silences(self) -> tuple[Silence, ...]:
        """Return those in force."""
        return self.silencing.active()

    def running_walk_tests(self) -> tuple[WalkTest, ...]:
        """Return those that run."""
        return tuple(self.tests.running.values())

    async def order_silence(self, order: SilenceOrder) -> Silence:
        """Create, approve or end a silence."""
        self.silencing.order(order, REGISTRY, now=self.clock, awake=0)
        return next(silence for silence in self.silencing.listed() if silence.id == order.id)

    def silences(self) -> list[Silence]:
        """Return the silences."""
        return self.silencing.listed()

    def longest_silence(self) -> int:
        """Return 30 days."""
        return 30 * 1440 * MINUTE

    def preview_silence(self, scope: Scope, *, emergencies: bool, since: int) -> Preview:
        """Ask the test's cases."""
        return preview(self.store, REGISTRY, scope, emergencies=emergencies, since=since)

    def closing_parts(self, case: Case, actor: str) -> Sequence[Item]:
        """Return what a closing needs, as the desk would judge it."""
        action = Action(case=case.id, name="close", actor=actor)
        return checklist(case, action, self.clock, Healthy(), policy=self.desk.policy)

    def rule(self, rule: str, rule_hash: str) -> RuleText | None:  # noqa: ARG002 - it has no rules
        """Return nothing: this hub's alarms come from no rule file."""
        return None

    def holds(self, rule: str, subject: str) -> str:
        """Return what a rule would say."""
        return f"{rule} holds nothing of {subject}"

    def devices(self, asked: Asked, sees: Callable[[str], bool]) -> tuple[list[Json], str | None]:
        """Return the registered devices and one that nobody knows."""
        book = Book(REGISTRY)
        book.meet(Reading("stranger", "door", self.clock))
        names, after = page_of(book, asked, sees)
        return [{"id": name, "registered": name in REGISTRY.devices} for name in names], after

    async def import_devices(self, text: str, *, name: str, by: Principal, apply: bool) -> Merge:
        """This hub has no registry folder."""
        raise Refused(f"no registry: {name} {by.name} {apply} {len(text)}")

    def find_devices(self, wanted: Wanted, sees: Callable[[str], bool]) -> Page:
        """Search the registered devices."""
        return search(self.engine, wanted, sees)

    def device(self, name: str) -> Found | None:
        """Return a registered device."""
        return one(self.engine, self.registry(), name)

    def last_reading(self, name: str) -> Reading | None:
        """Return the newest Reading on the shelf."""
        return next(iter(self.readings.query(name, 0, 1 << 62, 1)), None)

    def watch(self, name: str) -> Tap:
        """Return a tap; the test offers entries to `taps`."""
        return self.taps.watch(name)

    def last_heard(self) -> dict[str, int]:
        """Return when the devices on the shelf were heard."""
        return {reading.device: reading.received_at for reading in self.shelf.kept}

    def strangers(self, limit: int | None = None, *, offset: int = 0) -> list[DeviceView]:
        """Return no stranger."""
        return [][offset:][:limit]

    def rules(self) -> list[Json]:
        """Return no rule."""
        return []

    def flagged(self, flags: AbstractSet[str]) -> list[Json]:
        """Return one device under test."""
        return [{"id": "nb1", "flags": ["testing"]}] if "testing" in flags else []

    def census(self) -> Census:
        """Count the registered devices, all heard."""
        return Census(len(REGISTRY.devices), len(REGISTRY.devices), 0, 0, {})

    def gateways(self) -> list[Json]:
        """Return one gateway."""
        return [{"id": "gw1", "state": self.gateway_state}]

    def anomalies(self, limit: int = 100) -> Sequence[Anomaly]:
        """Return what was said."""
        return self.said[:limit]

    def memory_alarms(self) -> list[Json]:
        """Everything is on disk here."""
        return []

    def counters(self) -> dict[str, int]:
        """Return a counter."""
        return {"intake.received": 3}

    async def subscribe(self) -> AsyncIterator[tuple[str, Json]]:
        """Yield what the test puts in."""
        while True:
            yield await self.events.get()

    def channels(self) -> list[Shown]:
        """Return the channels of the test's dispatcher."""
        return self.outgoing.channels()

    async def test_channel(self, name: str) -> None:
        """Send a test message."""
        await self.outgoing.trial(name, "home")

    def ready(self) -> tuple[bool, Json]:
        """Return what the test set."""
        return self.is_ready, {"desk": "ok" if self.is_ready else "starting"}

    def machine(self) -> Machine:
        """Return a machine with room."""
        return Machine("0", T0, 1, 1, disk_free=1 << 40, disk_total=2 << 40)

    def metrics(self) -> bytes:
        """Return one line."""
        return b"smarthub_ready 1.0\n"

    def announce(self, case: Case) -> None:
        """Tell the listeners of a case."""
        self.events.put_nowait(("case", {"kind": "update", "case": case_json(case)}))

    def _keep(self, changes: list[Change]) -> list[Change]:
        self._pos += 1
        self.store.apply(changes, log_id="log", pos=self._pos)
        return changes

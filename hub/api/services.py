"""What the API needs from the hub, so that it can be tested without one."""

from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Protocol

from cases.closing import Item
from hub.access import Principal
from hub.cameras import CameraBook
from hub.case_store import CaseStore
from hub.case_store.rule_records import RuleText
from hub.device_pages import Asked
from hub.device_search import Found, Page, Wanted
from hub.looks import Looks
from hub.machine import Machine
from hub.outgoing.status import Shown
from hub.silence_preview import Preview
from hub.tap import Tap
from hub.territory.registry_import import Merge
from model.anomaly import Anomaly
from model.case import Case
from model.entry import Action, Report
from model.footage import Type
from model.place import Registry
from model.reading import Reading
from model.silence import Scope, Silence, SilenceOrder
from model.walk_test import WalkTest, WalkTestOrder
from rules.views import Census, DeviceView

Json = dict[str, object]


class StoredReadings(Protocol):
    """Readings that can be asked for; `model.ports.ReadingStore` is one."""

    def query(self, device: str, since: int, until: int, limit: int) -> list[Reading]:
        """Return a device's Readings with since <= received_at < until, newest first.

        Raises Transient when the store is away.
        """


class Services(Protocol):
    """The hub as the API sees it; its wiring implements this."""

    @property
    def store(self) -> CaseStore:
        """The cases."""

    @property
    def readings(self) -> StoredReadings:
        """The Readings."""

    @property
    def cameras(self) -> CameraBook:
        """The newest pictures and settings of cameras."""

    @property
    def scratch(self) -> Path:
        """A folder for what is needed for a while only; it may not be there yet."""

    @property
    def looks(self) -> Looks:
        """Who looked at pictures and what for."""

    def now(self) -> int:
        """Return the hub's clock in ms."""

    def registry(self) -> Registry:
        """Return the registry in force."""

    async def submit(self, action: Action) -> Case:
        """Log an action and return the case afterwards; raises Refused or LookupError."""

    async def submit_report(self, report: Report) -> Case:
        """Log a person's report and return its case; raises Refused."""

    async def order_walk_test(self, order: WalkTestOrder) -> WalkTest:
        """Log the start or stop of a walk test and return the test; raises Refused."""

    def walk_tests(self) -> Sequence[WalkTest]:
        """Return the walk tests, the running ones first."""

    def running_walk_tests(self) -> Sequence[WalkTest]:
        """Return the walk tests that run now; cheap, for every page."""

    def running_silences(self) -> Sequence[Silence]:
        """Return the silences in force; cheap, for every page: only their orders may be read."""

    async def order_silence(self, order: SilenceOrder) -> Silence:
        """Log the creation, approval or end of a silence and return it; raises Refused."""

    def silences(self) -> Sequence[Silence]:
        """Return the silences, those that have not ended first."""

    def longest_silence(self) -> int:
        """Return how long (ms) a silence of this site may last."""

    def preview_silence(self, scope: Scope, *, emergencies: bool, since: int) -> Preview:
        """Return what a silence would have muted since a time (ms); for worker threads."""

    def closing_parts(self, case: Case, actor: str) -> Sequence[Item]:
        """Return the proof that a closing by somebody needs, and what of it is there now."""

    def rule(self, rule: str, rule_hash: str) -> RuleText | None:
        """Return a rule as it was when it had that hash, None when that version is gone.

        Reads the disk: for worker threads.
        """

    def holds(self, rule: str, subject: str) -> str:
        """Return in words what a rule in force holds about a subject now."""

    def devices(self, asked: Asked, sees: Callable[[str], bool]) -> tuple[list[Json], str | None]:
        """Return a page of devices as the engine knows them, by id, and the cursor of the next one.

        `sees` tells whether a grid is in the asker's territory.
        """

    async def import_devices(self, text: str, *, name: str, by: Principal, apply: bool) -> Merge:
        """Show or make the change of the registry that a CSV of devices is.

        Raises ConfigErrors, Refused, OSError. What was written is in force when this returns.
        """

    def find_devices(self, wanted: Wanted, sees: Callable[[str], bool]) -> Page:
        """Return a page of devices with their places; for a worker thread."""

    def device(self, name: str) -> Found | None:
        """Return one device with its place, or None."""

    def last_reading(self, name: str) -> Reading | None:
        """Return the newest Reading of a device as it came, or None."""

    def watch(self, name: str) -> Tap:
        """Return a tap of a device's Readings from now on; close it when nobody looks any more."""

    def last_heard(self) -> dict[str, int]:
        """Return when each device that ever spoke was last heard (ms); cheap."""

    def strangers(self, limit: int | None = None, *, offset: int = 0) -> Sequence[DeviceView]:
        """Return the devices that nobody registered, by id, `limit` of them from `offset` on."""

    def rules(self) -> list[Json]:
        """Return every rule in force: what it is, what it holds open, how often it broke."""

    def flagged(self, flags: AbstractSet[str]) -> list[Json]:
        """Return devices that have one of those flags (isolated, testing …); cheap."""

    def census(self) -> Census:
        """Return how many devices there are, heard and silent; cheap."""

    def gateways(self) -> list[Json]:
        """Return gateways as their heartbeats describe them."""

    def anomalies(self, limit: int = 100) -> Sequence[Anomaly]:
        """Return the newest statements of rules, newest first."""

    def memory_alarms(self) -> list[Json]:
        """Return the alarms that are nowhere on disk yet, the newest last; cheap."""

    def counters(self) -> dict[str, int]:
        """Return the counters of every hop."""

    def subscribe(self) -> AsyncIterator[tuple[str, Json]]:
        """Yield (event, data) as things happen; `case` events carry the case under `case`."""

    def channels(self) -> Sequence[Shown]:
        """Return how every outgoing channel fares, without secrets."""

    async def test_channel(self, name: str) -> None:
        """Send a test message; raises LookupError, Refused, TooSoon, or why it was not taken."""

    def ready(self) -> tuple[bool, Json]:
        """Say whether alarms become cases now, and why not."""

    def footage_path(self, digest: str, form: Type) -> Path:
        """Return where a picture or clip with that SHA-256 lies, if it is here."""

    def machine(self) -> Machine:
        """Return how the process and its disk are; reads the disk, for worker threads."""

    def metrics(self) -> bytes:
        """Return counters and gauges in Prometheus' text format."""

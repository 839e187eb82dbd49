"""The hub as the API sees it: asks the desk, the stores and the counters."""

import asyncio
import os
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Set as AbstractSet

import msgspec
import structlog

from cases.closing import Item
from gateway.crash import crash_points
from model.anomaly import Anomaly
from model.case import Case, Change
from model.entry import Action, Draft, EntryKind, Report
from model.errors import ConfigError, HubError, Refused
from model.place import Registry
from model.ports import ReadingStore
from model.reading import Reading
from model.silence import Scope, Silence, SilenceOrder
from model.walk_test import WalkTest, WalkTestOrder
from rules.rulefile import load_rules
from rules.specs import Spec
from rules.views import Census

from .announcer import Announcer
from .balance import balances_of
from .bus import Bus
from .case_points import CasePoints
from .case_store import CaseStore
from .case_store.database import with_password
from .config import HubFile
from .desk_reader import DeskReader
from .device_search import Found, Page, Wanted, one, search
from .health import closing_parts
from .intake import HubIntake
from .letterbox import Letterbox
from .log.sqlite import SqliteLog
from .machine import Machine, look_at
from .metrics import exposition
from .outgoing.dispatcher import Dispatcher
from .outgoing.status import Shown
from .reading_store.choose import open_store
from .recorder import Recorder
from .registering import Register
from .rule_texts import RuleText, RuleTexts
from .silence_preview import Preview, preview
from .territory.registry_import import Merge

log = structlog.get_logger()
Json = dict[str, object]
ANSWER_S = 10.0


class Hub:
    """Every part of a hub, opened; `run.py` makes them move. See `api.services.Services`."""

    desk: DeskReader
    recorder: Recorder
    outgoing: Dispatcher
    case_points: CasePoints | None = None  # only where Readings go to InfluxDB

    def __init__(self, file: HubFile) -> None:
        """Open every store; raises ConfigError or HubError with a remedy."""
        self.file = file
        self.crash = crash_points(os.environ)
        self.moving = False  # desk and recorder are there
        self._started_at = self.now()
        self._rules_shown: tuple[str, Sequence[Spec]] = ("", ())
        self.log, self.store = _open(file)
        self.letterbox = Letterbox(self.store, self.now)
        self._rule_texts = RuleTexts(self.log)
        self.readings: ReadingStore = open_store(file, self.registry)
        self.bus = Bus(file.mqtt, site=file.site, handler=self._message)
        self.announcer = Announcer(file.site, self.publish_event)
        self.intake = intake = HubIntake(
            self.log,
            site=file.site,
            publish=self.bus.publish,
            appended=self._appended,
            dead_letter=self.letterbox.keep_soon,
            volatile=self.announcer.not_durable,
            clock=self.now,
            crash=self.crash,
        )

        self.register = Register(file.registry, intake)

    def now(self) -> int:
        """Return the hub's clock in ms."""
        return int(time.time() * 1000)

    def registry(self) -> Registry:
        """Return the registry in force."""
        return self.desk.core.registry if self.moving else Registry()

    async def submit(self, action: Action) -> Case:
        """Log an action and return the case as it is afterwards; raises Refused or LookupError."""
        action = msgspec.structs.replace(
            action, id=action.id or secrets.token_hex(8), at=self.now()
        )
        if await asyncio.to_thread(self.store.get, action.case) is None:
            raise LookupError(action.case)
        changes = await self._ask(EntryKind.ACTION, action.id, msgspec.json.encode(action))
        if changes:
            return changes[-1].case
        case = await asyncio.to_thread(self.store.get, action.case)
        if case is None:
            raise LookupError(action.case)
        return case

    async def submit_report(self, report: Report) -> Case:
        """Log a report of a person and return the case it became; raises Refused."""
        report = msgspec.structs.replace(
            report, id=report.id or secrets.token_hex(8), at=self.now()
        )
        changes = await self._ask(EntryKind.REPORT, report.id, msgspec.json.encode(report))
        if not changes:
            raise Refused(f"report {report.id} was taken before")
        return changes[0].case

    async def import_devices(self, text: str, *, name: str, actor: str, apply: bool) -> Merge:
        """Show or make the change of the registry that a CSV of devices is; raises ConfigErrors."""
        version = self.desk.core.registry_version
        if not apply:
            return await self.register.preview(version, text, name=name)
        return await self.register.apply(version, text, name=name, actor=actor)

    def find_devices(self, wanted: Wanted, sees: Callable[[str], bool]) -> Page:
        """Return a page of devices with their places; for a worker thread."""
        return search(self.desk.core.engine, wanted, sees)

    def device(self, name: str) -> Found | None:
        """Return one device with its place, or None."""
        engine = self.desk.core.engine
        return one(engine, engine.book.registry, name)

    def last_reading(self, name: str) -> Reading | None:
        """Return the newest Reading of a device as it came, or None."""
        row = self.desk.core.engine.book.devices.get(name)
        return row.last if row else None

    async def _ask(self, kind: EntryKind, request: str, payload: bytes) -> list[Change]:
        waiting = self.desk.answer_to(request)
        try:
            await self.intake.append(Draft(kind, payload))
            async with asyncio.timeout(ANSWER_S):
                answer = await waiting
        except TimeoutError as error:
            raise HubError("the desk did not answer in time; the request is logged") from error
        except OSError as error:
            raise HubError(f"the hub cannot log requests now: {error}") from error
        finally:
            self.desk.forget(request)
        if answer.refused is not None:
            raise answer.refused
        return answer.changes

    async def order_walk_test(self, order: WalkTestOrder) -> WalkTest:
        """Log the start or stop of a walk test and return the test; raises Refused."""
        await self._ask(EntryKind.WALK_TEST, order.request, msgspec.json.encode(order))
        return next(test for test in self.walk_tests() if test.id == order.id)

    def walk_tests(self) -> list[WalkTest]:
        """Return the walk tests, the running ones first."""
        with self.desk.guard:
            return self.desk.core.engine.book.walk_tests.listed()

    def running_walk_tests(self) -> tuple[WalkTest, ...]:
        """Return the walk tests that run now; cheap, for every page."""
        return tuple(self.desk.core.engine.book.walk_tests.running.values()) if self.moving else ()

    async def order_silence(self, order: SilenceOrder) -> Silence:
        """Log the creation, approval or end of a silence and return it; raises Refused."""
        await self._ask(EntryKind.SILENCE, order.request, msgspec.json.encode(order))
        log.info("silence_ordered", silence=order.id, deed=order.deed.value, by=order.actor)
        return next(silence for silence in self.silences() if silence.id == order.id)

    def silences(self) -> list[Silence]:
        """Return the silences, those that have not ended first."""
        if not self.moving:
            return []
        with self.desk.guard:
            return self.desk.core.silences.listed()

    def longest_silence(self) -> int:
        """Return how long (ms) a silence of this site may last."""
        return self.file.silences.longest_days * 86_400_000

    def preview_silence(self, scope: Scope, *, emergencies: bool, since: int) -> Preview:
        """Return what a silence would have muted since a time (ms); for worker threads."""
        return preview(self.store, self.registry(), scope, emergencies=emergencies, since=since)

    def closing_parts(self, case: Case, actor: str) -> Sequence[Item]:
        """Return the proof that a closing by somebody needs, and what of it is there now."""
        return closing_parts(self.desk, case, actor, now=self.now())

    def rule(self, rule: str, rule_hash: str) -> RuleText | None:
        """Return a rule as it was when it had that hash, None when that version is gone."""
        return self._rule_texts.find(rule, rule_hash)

    def devices(self, *, q: str = "", unregistered: bool = False, limit: int = 500) -> list[Json]:
        """Return devices as the engine knows them; `q` is a part of the id."""
        with self.desk.guard:
            engine = self.desk.core.engine
            views = engine.unregistered() if unregistered else engine.devices()
        wanted = q.lower()
        return [_plain(view) for view in views if wanted in view.id.lower()][:limit]

    def flagged(self, flags: AbstractSet[str]) -> list[Json]:
        """Return the devices that have one of those flags."""
        with self.desk.guard:
            return [_plain(view) for view in self.desk.core.engine.flagged(flags)]

    def census(self) -> Census:
        """Return how many devices there are, heard and silent; cheap."""
        with self.desk.guard:
            return self.desk.core.engine.census()

    def gateways(self) -> list[Json]:
        """Return the gateways as their heartbeats describe them."""
        with self.desk.guard:
            return [_plain(view) for view in self.desk.core.engine.gateways()]

    def anomalies(self, limit: int = 100) -> list[Anomaly]:
        """Return the newest statements of rules, newest first."""
        with self.desk.guard:
            return list(self.desk.anomalies)[-limit:][::-1]

    def counters(self) -> dict[str, int]:
        """Return the counters of every hop in the hub."""
        found = {f"intake.{name}": n for name, n in dict(self.intake.counters).items()}
        found |= {f"letters_lost.{name}": n for name, n in dict(self.letterbox.lost).items()}
        found["log.end"] = self.log.end
        if self.moving:
            found |= {f"desk.{name}": n for name, n in dict(self.desk.counters).items()}
            failures = dict(self.desk.core.engine.failures)
            found |= {f"rules.failed.{name}": n for name, n in failures.items()}
            found |= {f"recorder.{name}": n for name, n in dict(self.recorder.counters).items()}
            if self.case_points:
                points = dict(self.case_points.counters)
                found |= {f"case_points.{name}": n for name, n in points.items()}
            found["desk.lag"] = self.log.end - self.desk.position
            found["recorder.lag"] = self.log.end - self.recorder.position
        return found

    def subscribe(self) -> AsyncIterator[tuple[str, Json]]:
        """Yield (event, data) as things happen; `case` events carry the case."""
        return self.announcer.subscribe()

    def rules(self) -> list[Json]:
        """Return every rule in force: what it is, what it holds open, how often it broke."""
        with self.desk.guard:
            core = self.desk.core
            version = core.rules
            opened = Counter(anomaly.rule for anomaly in core.engine.open())
            failures = dict(core.engine.failures)
        if version.hash != self._rules_shown[0]:
            self._rules_shown = (version.hash, load_rules(version.documents).specs)
        return [
            {
                "id": spec.id, "kind": spec.kind, "title_zh": spec.title.zh,
                "title_en": spec.title.en, "category": spec.category,
                "severity": spec.severity.value, "hash": spec.hash,
                "open": opened[spec.id], "failures": failures.get(spec.id, 0),
            }
            for spec in self._rules_shown[1]
        ]  # fmt: skip

    def channels(self) -> list[Shown]:
        """Return how every outgoing channel fares, without secrets."""
        return self.outgoing.channels()

    async def test_channel(self, name: str) -> None:
        """Send a test message to a robot or by mail."""
        await self.outgoing.trial(name, self.file.site)

    def ready(self) -> tuple[bool, Json]:
        """Say whether alarms become cases now; the reading store does not matter for that."""
        if not self.moving:
            return False, {"desk": "starting"}
        failed = self.desk.failed
        detail: Json = {
            "broker": "ok" if self.bus.connected else f"away: {self.bus.last_error}",
            "log": "full" if self.intake.full else "ok",
            "desk": "ok" if failed is None else f"failed: {failed}",
            "reading_store": self.recorder.waiting_for or "ok",
            "alarms_in_memory_only": len(self.announcer.volatile),
            "open_cases": self.desk.open_cases,
            "walk_tests": len(self.running_walk_tests()),
            "log_end": self.log.end,
        }
        return self.bus.connected and failed is None and not self.intake.full, detail

    def metrics(self) -> bytes:
        """Return counters and gauges in Prometheus' text format."""
        gateways = self.gateways() if self.moving else []
        balances = balances_of(gateways, counters := self.counters())
        return exposition(counters, ready=self.ready()[0], balances=balances)

    def machine(self) -> Machine:
        """Return how the process and its disk are; reads the disk, for worker threads."""
        return look_at(self.file.data, started_at=self._started_at)

    def close(self) -> None:
        """Close every store; nothing moves any more."""
        self.letterbox.close()
        self.readings.close()
        self.store.close()
        self.log.close()

    async def publish_event(self, topic: str, payload: bytes) -> None:
        """Publish to the broker with QoS 1; raises ConnectionError."""
        await self.bus.publish(topic, payload, qos=1)

    async def _message(self, topic: str, payload: bytes) -> None:
        await self.intake.message(topic, payload)

    def _appended(self) -> None:
        if self.moving:
            self.desk.wake()
            self.recorder.wake()


def _open(file: HubFile) -> tuple[SqliteLog, CaseStore]:
    try:
        file.data.mkdir(parents=True, exist_ok=True)
        url = file.cases_url or f"sqlite:///{file.data / 'cases.db'}"
        cases = CaseStore(with_password(url, file.cases_password()), site=file.site)
        return SqliteLog(file.data / "log"), cases
    except (OSError, ValueError, sqlite3.Error) as error:
        raise ConfigError(f"the data folder {file.data} cannot be used: {error}") from error


def _plain(view: msgspec.Struct) -> Json:
    found: Json = msgspec.to_builtins(view)
    return found

"""The hub as the API sees it: asks the desk, the stores and the counters."""

import os
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import structlog

from cases.closing import Item
from gateway.crash import crash_points
from model.anomaly import Anomaly
from model.case import Case
from model.entry import Action, Report
from model.errors import ConfigError
from model.footage import Type
from model.place import Registry
from model.ports import ReadingStore
from model.silence import Scope, Silence, SilenceOrder
from model.topics import CameraTopics
from model.walk_test import WalkTest, WalkTestOrder

from .announcer import Announcer
from .balance import balances_of
from .bus import Bus, alarm_sessions
from .cameras import CameraBook
from .case_points import CasePoints
from .case_store import CaseStore
from .case_store.database import with_password
from .case_store.rule_records import RuleText
from .config import HubFile
from .device_answers import DeviceAnswers
from .evidence.parts import EvidenceParts
from .health import closing_parts
from .intake import HubIntake
from .letterbox import Letterbox
from .log.sqlite import SqliteLog
from .looks import Looks
from .machine import Machine, look_at
from .memory_alarms import MemoryAlarms
from .metrics import exposition
from .outgoing.dispatcher import Dispatcher
from .outgoing.status import Shown
from .reading_store.choose import open_store
from .recorder import Recorder
from .registering import Register
from .requests import DeskRequests
from .rule_texts import RuleTexts
from .rules_shown import RulesShown
from .silence_preview import Preview, preview

log = structlog.get_logger()
Json = dict[str, object]


class Hub(DeviceAnswers):
    """Every part of a hub, opened; `run.py` makes them move. See `api.services.Services`."""

    recorder: Recorder
    outgoing: Dispatcher
    case_points: CasePoints | None = None  # only where Readings go to InfluxDB

    def __init__(self, file: HubFile) -> None:
        """Open every store; raises ConfigError or HubError with a remedy."""
        self.file = file
        self.crash = crash_points(os.environ)
        self.moving = False  # desk and recorder are there
        self._started_at = self.now()
        self._rules_shown = RulesShown()
        self.log, self.store = _open(file)
        self.scratch = file.data / "scratch"
        self.looks = Looks(self.store.footage, self.now)
        self.letterbox = Letterbox(self.store, self.now)
        self._rule_texts = RuleTexts(self.log, self.store.rule_texts)
        self.readings: ReadingStore = open_store(file, self.registry)
        self.bus = Bus(file.mqtt, sessions=alarm_sessions(file.site), handler=self._message)
        self.cameras = CameraBook(self.now, site=file.site)
        # Beside the alarms' connections: whether pictures come says nothing about being ready.
        filters = CameraTopics.of(file.site, "+", "+")[:3]
        self.picture_bus = Bus(
            file.mqtt, handler=self.cameras.message, sessions={"pictures": filters}, retained=False
        )
        self.evidence = EvidenceParts(
            file, self.store.footage,
            dead_letter=self.letterbox.keep_soon, clock=self.now, crash=self.crash,
        )  # fmt: skip
        self.memory = MemoryAlarms(self.now)
        self.announcer = Announcer(file.site, self.publish_event, self.memory)
        self.intake = intake = HubIntake(
            self.log,
            site=file.site,
            publish=self.bus.publish,
            appended=self._appended,
            dead_letter=self.letterbox.keep_soon,
            volatile=self.announcer.not_durable,
            logged=self.memory.logged,
            clock=self.now,
            crash=self.crash,
        )
        self.requests = DeskRequests(intake, self.store, desk=lambda: self.desk, clock=self.now)
        self.register = Register(file.registry, intake, self.registry_logged)

    def now(self) -> int:
        """Return the hub's clock in ms."""
        return int(time.time() * 1000)

    def registry(self) -> Registry:
        """Return the registry in force."""
        return self.desk.core.registry if self.moving else Registry()

    async def submit(self, action: Action) -> Case:
        """Log an action and return the case as it is afterwards; raises Refused or LookupError."""
        return await self.requests.submit(action)

    async def submit_report(self, report: Report) -> Case:
        """Log a report of a person and return the case it became; raises Refused."""
        return await self.requests.submit_report(report)

    async def order_walk_test(self, order: WalkTestOrder) -> WalkTest:
        """Log the start or stop of a walk test and return the test; raises Refused."""
        await self.requests.order_walk_test(order)
        return next(test for test in self.walk_tests() if test.id == order.id)

    def walk_tests(self) -> list[WalkTest]:
        """Return the walk tests, the running ones first."""
        with self.desk.guard:
            return self.desk.core.engine.book.walk_tests.listed()

    def running_walk_tests(self) -> tuple[WalkTest, ...]:
        """Return the walk tests that run now; cheap, for every page."""
        return tuple(self.desk.core.engine.book.walk_tests.running.values()) if self.moving else ()

    def running_silences(self) -> tuple[Silence, ...]:
        """Return the silences in force; cheap, for every page: only their orders may be read."""
        return self.desk.core.silences.active() if self.moving else ()

    async def order_silence(self, order: SilenceOrder) -> Silence:
        """Log the creation, approval or end of a silence and return it; raises Refused."""
        await self.requests.order_silence(order)
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

    def keep_rule_texts(self) -> None:
        """Keep the texts of all rules that the log holds, before old parts of it are removed."""
        self._rule_texts.keep()

    def holds(self, rule: str, subject: str) -> str:
        """Return in words what a rule in force holds about a subject now."""
        with self.desk.guard:
            return self.desk.core.engine.explain(rule, subject)

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
        found |= {f"cameras.{name}": n for name, n in dict(self.cameras.counters).items()}
        found["log.end"] = self.log.end
        if self.moving:
            found |= {f"desk.{name}": n for name, n in dict(self.desk.counters).items()}
            failures = dict(self.desk.core.engine.failures)
            found |= {f"rules.failed.{name}": n for name, n in failures.items()}
            found |= {f"recorder.{name}": n for name, n in dict(self.recorder.counters).items()}
            if self.case_points:
                points = dict(self.case_points.counters)
                found |= {f"case_points.{name}": n for name, n in points.items()}
            found |= {f"evidence.{name}": n for name, n in self.evidence.counters().items()}
            found["desk.lag"] = self.log.end - self.desk.position
            found["recorder.lag"] = self.log.end - self.recorder.position
        return found

    def subscribe(self) -> AsyncIterator[tuple[str, Json]]:
        """Yield (event, data) as things happen; `case` events carry the case."""
        return self.announcer.subscribe()

    def memory_alarms(self) -> list[Json]:
        """Return the alarms that are nowhere on disk yet."""
        return self.memory.shown()

    def rules(self) -> list[Json]:
        """Return every rule in force: what it is, what it holds open, how often it broke."""
        return self._rules_shown.of(self.desk)

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
        trouble = self.desk.trouble
        detail: Json = {
            "broker": "ok" if self.bus.connected else f"away: {self.bus.last_error}",
            "log": "full" if self.intake.full else "ok",
            "desk": trouble or "ok",
            "reading_store": self.recorder.waiting_for or "ok",
            "evidence": self.evidence.state(),
            "alarms_in_memory_only": len(self.memory),
            "open_cases": self.desk.open_cases,
            "walk_tests": len(self.running_walk_tests()),
            "log_end": self.log.end,
        }
        return self.bus.connected and not trouble and not self.intake.full, detail

    def footage_path(self, digest: str, form: Type) -> Path:
        """Return where a picture or clip with that SHA-256 lies, if it is here."""
        return self.evidence.path(digest, form)

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
        self.evidence.close()
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

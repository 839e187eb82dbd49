"""What the review of the receipt chain found at the hub: each claim failed before its fix."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from gateway.crash import crash_points
from gateway.durable_file import write_durably
from hub.broker import EmbeddedBroker
from hub.case_store import CaseStore
from hub.desk_reader import DeskReader
from hub.documents import empty_registry, library_rules, versioned
from hub.letterbox import Letterbox
from hub.log.segment import Segment
from hub.log.sqlite import SqliteLog
from hub.recorder import Recorder
from hub.run import Needed, retain_log
from model.codec import CodecError, decode_receipt, encode
from model.entry import Action, Draft, EntryKind, Tick
from model.reading import Event, Reading
from tests.case_store.template import copied_store, empty_database

from .test_intake import TOPICS, World, intake_on, logged, row, settle, uplink
from .test_log import row as row_draft

NOW = 1_800_000_000_000


def versions(*names: str) -> list[Draft]:
    """The two entries with which every log begins; all of the library's rules, or some."""
    texts = {name: text for name, text in library_rules().items() if not names or name in names}
    return [
        Draft(EntryKind.RULES, msgspec.json.encode(versioned(texts))),
        Draft(EntryKind.REGISTRY, msgspec.json.encode(versioned(empty_registry()))),
    ]


def tick(n: int) -> Draft:
    """One second of the hub."""
    return Draft(EntryKind.TICK, msgspec.json.encode(Tick(NOW + n * 1000, n * 1000)))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty case database, built once."""
    return empty_database(tmp_path_factory)


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[CaseStore]:
    """A new case store."""
    with copied_store(template, tmp_path) as opened:
        yield opened


def reader_of(
    log: SqliteLog, store: CaseStore, letters: Callable[[tuple[Reading, ...]], None] | None = None
) -> DeskReader:
    """Make a desk reader on a log."""
    return DeskReader(
        log, store, told=lambda _changes: None, dead_letters=letters or (lambda _letters: None),
        crash=crash_points({}),
    )  # fmt: skip


@contextmanager
def running(reader: DeskReader) -> Iterator[DeskReader]:
    """Run a desk reader's thread."""
    reader.start()
    try:
        yield reader
    finally:
        reader.stop()


def reaches(what: Callable[[], bool], seconds: float = 40) -> bool:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.01)
    return False


async def test_a_restart_finds_its_rules_after_the_first_file_was_removed(
    tmp_path: Path, store: CaseStore
) -> None:
    """Retention takes the file in which the rules were logged first; the hub must start again."""
    log = SqliteLog(tmp_path / "log", segment_bytes=1)
    async with intake_on(log, World()) as intake:
        log.append(versions(), NOW)
        for n in range(6):
            log.append([tick(n)], NOW + n)
        store.apply([], log_id=log.id, pos=log.end, states_pos=log.end)
        await retain_log(log, intake, Needed(log.end, log.end), keep_mb=0)
        assert log.start == 1, "a restart here would need them"
        store.apply([], log_id=log.id, pos=log.end, states_pos=log.end)
        end = log.end
        await retain_log(log, intake, Needed(log.end, log.end), keep_mb=0)
        assert log.end == end, "written anew once"
    assert log.start > 2
    log.close()
    again = SqliteLog(tmp_path / "log", segment_bytes=1)
    assert reader_of(again, store).position == end


def test_a_desk_that_reads_a_shortened_log_anew_takes_its_oldest_versions(
    tmp_path: Path, store: CaseStore
) -> None:
    """With the cases moved away, the log is read from its oldest entry."""
    log = SqliteLog(tmp_path / "log", segment_bytes=1)
    log.append(versions(), NOW)
    log.append([tick(1)], NOW)
    log.append([*(tick(n) for n in range(300)), *versions("fire.yaml")], NOW)
    log.retain(needed=4, keep_bytes=0)
    assert log.start == 4
    core = reader_of(log, store).core
    assert set(core._rules.documents) == {"fire.yaml"}


def test_a_disk_too_full_for_a_new_file_refuses_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed is never reported as refused; the old file goes on until there is room."""
    log = SqliteLog(tmp_path, segment_bytes=1)
    log.append([tick(1)], NOW)
    opened = Segment._open

    def full(segment: Segment, log_id: str) -> int:
        if segment.first > 1:
            raise sqlite3.OperationalError("database or disk is full")
        return opened(segment, log_id)

    monkeypatch.setattr(Segment, "_open", full)
    assert [entry.pos for entry in log.append([tick(2), tick(3)], NOW)] == [2, 3]
    assert [path.name for path in tmp_path.glob("*.db")] == [f"{1:020d}.db"]
    monkeypatch.setattr(Segment, "_open", opened)
    assert log.append([tick(4)], NOW)[0].pos == 4
    assert len(list(tmp_path.glob("*.db"))) == 2


def test_an_overtaken_empty_file_does_not_turn_the_log_back(tmp_path: Path) -> None:
    """A file begun on a full disk and left empty must not make positions be given out twice."""
    log = SqliteLog(tmp_path)
    log.append([tick(n) for n in range(5)], NOW)
    log.close()
    (tmp_path / f"{3:020d}.db").touch()
    again = SqliteLog(tmp_path)
    assert again.end == 5
    assert again.append([tick(6)], NOW)[0].pos == 6


@pytest.mark.parametrize(
    ("leaf", "payload"),
    [
        ("status", b'{"gateway":"gw-01","epoch":"\xff","state":"online"}'),
        ("alarm", b'{"x":' * 50_000),
        ("status", b'{"gateway":"gw-01","epoch":"e","state":"online","at":%d}' % 10**30),
        ("status", b'{"gateway":"gw-01","epoch":"e","state":"online","depth":{"a":%d}}' % 10**30),
        (
            "alarm",
            b'{"v":1,"gateway":"gw-01","epoch":"e","lane":"alarm","low":1,'
            b'"rows":[{"first":%d,"count":1,"readings":[]}]}' % 10**30,
        ),
    ],
)
async def test_no_message_ends_the_hubs_connection(
    tmp_path: Path, leaf: str, payload: bytes
) -> None:
    """Bytes that are no text, depth without end, numbers that no store holds: dead letters."""
    log, world = SqliteLog(tmp_path), World()
    async with intake_on(log, world) as intake:
        await intake.message(f"smarthub/v1/site/gw-01/{leaf}", payload)
    assert [reason for _, reason in world.letters] == ["codec"]
    assert log.end == 0


@pytest.mark.parametrize(
    "poison",
    [
        b'{"device":"\xff","kind":"k"}',
        b'{"device":"d","kind":"k","order":%d}' % 10**30,
        b'{"device":"d","kind":"k","observed_at":%d}' % 10**30,
    ],
)
async def test_a_reading_that_no_store_can_hold_is_put_aside(tmp_path: Path, poison: bytes) -> None:
    """Logged, it would stop the desk and the recorder at every start."""
    log, world = SqliteLog(tmp_path), World()
    good = encode(Reading("a", "smoke_detector", NOW))
    payload = b"[" + poison + b"," + good + b"]"
    message = b'{"v":1,"gateway":"gw-01","epoch":"e1","lane":"alarm","low":1,"rows":[%s]}'
    rows = b'{"first":1,"count":2,"readings":%s}' % payload
    async with intake_on(log, world) as intake:
        await intake.message(TOPICS.alarm, message % rows)
    (entry,) = log.read(0, 9)
    assert [reading.device for reading in entry.readings or []] == ["a"]
    assert world.letters == [("gw-01/alarm", "reading")]


def test_a_receipt_that_is_no_text_is_only_refused() -> None:
    """The gateway's lane must not end on it."""
    with pytest.raises(CodecError):
        decode_receipt(b'{"epoch":"\xff","lane":"alarm","rows":[]}')


async def test_a_log_that_cannot_be_asked_leaves_a_row_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No receipt, no crash; the row is taken when it comes again."""
    log, world = SqliteLog(tmp_path), World()
    knows = log.knows

    def broken(_row: object) -> list[str]:
        raise sqlite3.OperationalError("disk I/O error")

    async with intake_on(log, world) as intake:
        monkeypatch.setattr(log, "knows", broken)
        await intake.message(TOPICS.alarm, uplink(row(1, "a")))
        assert world.receipts == []
        monkeypatch.setattr(log, "knows", knows)
        await intake.message(TOPICS.alarm, uplink(row(1, "a")))
    assert logged(log) == [1]
    assert len(world.receipts) == 1


async def test_a_row_on_its_way_to_the_disk_is_a_repeat_also_below_the_lowest_number(
    tmp_path: Path,
) -> None:
    """Neither the memory nor the log names it then, but it must not be logged twice."""
    log, world = SqliteLog(tmp_path), World()
    async with intake_on(log, world) as intake:
        await intake.message(TOPICS.alarm, uplink(row(1, "a"), low=1))
        await intake.message(TOPICS.alarm, uplink(row(9, "b"), low=9))
        await intake.message(TOPICS.alarm, uplink(row(1, "a"), low=1))
    assert sorted(logged(log)) == [1, 9]


async def test_the_repeat_check_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epochs without end, or a lowest number that never moves, do not fill the memory."""
    monkeypatch.setattr("hub.intake.SEEN_KEPT", 10)
    monkeypatch.setattr("hub.intake.ROWS_KEPT", 20)
    log, world = SqliteLog(tmp_path), World()
    async with intake_on(log, world) as intake:
        for n in range(100):
            await intake.message(TOPICS.alarm, uplink(row(1, "a"), epoch=f"e{n}"))
            await intake.message(TOPICS.alarm, uplink(row(n + 1, "b"), epoch="e", low=0))
            if n % 10 == 0:
                await settle(intake)
        await settle(intake)
        await intake.message(TOPICS.alarm, uplink(row(1, "a"), epoch="new"))
        assert len(intake._seen) <= 12
        assert all(len(seen.rows) <= 20 for seen in intake._seen.values())
        await intake.message(TOPICS.alarm, uplink(row(1, "b"), epoch="e", low=0))
    assert len(logged(log)) == 201, "what the memory forgot the log still knows"


async def test_a_broker_that_takes_no_receipt_is_asked_once_a_group(tmp_path: Path) -> None:
    """Each receipt could wait ten seconds for a stuck broker, and the next alarms behind it."""
    tried: list[str] = []

    class Stuck(World):
        async def publish(self, topic: str, payload: bytes) -> None:
            del payload
            tried.append(topic)
            raise ConnectionError("stuck")

    async with intake_on(SqliteLog(tmp_path), Stuck()) as intake:
        for n in range(5):
            await intake.message(TOPICS.alarm, uplink(row(1, "a"), epoch=f"e{n}"))
    assert len(tried) == 1


def test_a_desk_that_broke_goes_on_by_itself(
    tmp_path: Path, store: CaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that could not be read for a moment must not leave alarms without cases for ever."""
    monkeypatch.setattr("hub.desk_reader.RETRY_S", 0.01)
    log = SqliteLog(tmp_path / "log")
    log.append(versions(), NOW)
    read, failures = log.read, [3]

    def sometimes(after: int, limit: int) -> object:
        failures[0] -= 1
        if failures[0] >= 0:
            raise sqlite3.OperationalError("disk I/O error")
        return read(after, limit)

    monkeypatch.setattr(log, "read", sometimes)
    with running(reader_of(log, store)) as reader:
        assert reaches(lambda: reader.position == 2)
        assert reaches(lambda: reader.failed is None)
        assert reader.counters["failures"] == 3


def test_a_desk_taken_up_again_ends_in_the_same_cases(
    tmp_path: Path, store: CaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins from what is stored, as a restart would: no case twice, none missing."""
    monkeypatch.setattr("hub.desk_reader.RETRY_S", 0.01)
    log = SqliteLog(tmp_path / "log")
    log.append(versions(), NOW)
    for n in range(1, 6):
        fire = Reading(
            f"nb-{n}", "smoke_detector", NOW, order=n, seq=n, values={"fire": True},
            event=Event.FIRE_ALARM,
        )  # fmt: skip
        log.append([row_draft(n, [fire])], NOW + n)
    apply, failures = store.apply, [2]

    def breaks(*args: object, **named: object) -> None:
        if args[0]:
            failures[0] -= 1
            if failures[0] in (0, 1):
                raise RuntimeError("a defect")
        apply(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "apply", breaks)
    with running(reader_of(log, store)) as reader:
        assert reaches(lambda: reader.position == log.end)
    assert reader.counters["failures"] == 2
    cases, _ = store.find()
    assert sorted(case.subject for case in cases) == [f"nb-{n}" for n in range(1, 6)]


def test_a_defect_in_one_action_costs_the_desk_nothing_else(
    tmp_path: Path, store: CaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The action stays in the log: a desk that it stopped would stop there for ever."""
    log = SqliteLog(tmp_path / "log")
    log.append(versions(), NOW)
    action = Action("c1", "accept", "someone", NOW, id="a1")
    log.append([Draft(EntryKind.ACTION, msgspec.json.encode(action)), tick(1)], NOW)

    def defect(*_args: object) -> None:
        raise KeyError("a defect")

    reader = reader_of(log, store)
    monkeypatch.setattr(reader.core.desk, "act", defect)
    with running(reader):
        assert reaches(lambda: reader.position == 4)
    assert reader.failed is None
    assert reader.counters["defects"] == 1


def test_a_dead_letter_without_hex_does_not_stop_the_desk(tmp_path: Path, store: CaseStore) -> None:
    """A gateway can send any text there."""
    log = SqliteLog(tmp_path / "log")
    log.append(versions(), NOW)
    letter = Reading("gateway:gw-01", "dead_letter", NOW, values={"payload": "not hex"})
    log.append([row_draft(1, [letter]), tick(1)], NOW)
    letterbox = Letterbox(store, lambda: NOW)
    with running(reader_of(log, store, letterbox.take)) as reader:
        assert reaches(lambda: reader.position == 4)
        assert reader.failed is None
    assert [found.payload for found in store.dead_letters()] == [b"not hex"]


def test_a_recorder_that_broke_goes_on_and_says_so(
    tmp_path: Path, store: CaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recorder that ended unnoticed would keep the log from being shortened until the disk is full."""
    monkeypatch.setattr("hub.recorder.RETRY_FIRST_S", 0.01)
    monkeypatch.setattr("hub.recorder.LINGER_S", 0.01)
    log = SqliteLog(tmp_path / "log")
    log.append([row_draft(1, [Reading("nb-1", "smoke_detector", NOW)])], NOW)
    failures = [2]
    written: list[Reading] = []

    class Readings:
        def write(self, readings: list[Reading]) -> list[tuple[Reading, str]]:
            failures[0] -= 1
            if failures[0] >= 0:
                raise OverflowError("a defect")
            written.extend(readings)
            return []

        def sync(self) -> None:
            """Nothing waits."""

    recorder = Recorder(log, Readings(), store, lambda *_args: None)  # type: ignore[arg-type]
    recorder.start()
    assert reaches(lambda: recorder.position == 1)
    recorder.stop()
    assert [reading.device for reading in written] == ["nb-1"]
    assert recorder.counters["failures"] == 2
    assert recorder.waiting_for == ""


def test_a_file_is_whole_or_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets and the log's id survive a disk that fills while they are written."""
    path = tmp_path / "secret"
    write_durably(path, b"old")

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="space"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    write_durably(path, b"old")
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_broker_that_cannot_be_started_now_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the supervisor must outlive the broker."""
    broker = EmbeddedBroker(tmp_path, host="127.0.0.1", port=1, users=())
    tried = asyncio.Event()

    async def start() -> None:
        if broker.restarts > 1:
            tried.set()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broker, "start", start)
    broker.process = await asyncio.create_subprocess_exec("true")
    task = asyncio.create_task(broker.supervise())
    async with asyncio.timeout(10):
        await tried.wait()
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

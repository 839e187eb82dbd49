"""Makes entries of stored Readings: near to what the hub read, and never the same.

A store keeps neither ticks nor heartbeats, nor what people did, nor by which gateway a Reading came;
a time in it is the gateway's. So one gateway that never fails is made up, and the result is
approximate.
"""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from hub.territory.registry_files import load_registry
from model.codec import Heartbeat, encode
from model.entry import Entry, EntryKind, RowId, Tick, Versioned
from model.errors import HubError
from model.ports import ReadingStore
from model.reading import Lane, Reading, alarm_states, lane_of
from rules.arrival import EARLIEST

from .source import WARM_UP_MS, Recording

GATEWAY = "store"
EPOCH = "store"
SECOND_MS, BEAT_MS, SPAN_MS = 1_000, 10_000, 600_000
_MAGIC = b"\x1f\x8b"
REMARK = (
    "approximate: stored Readings have no ticks, heartbeats, lanes or actions of people; a gateway"
    " that never fails is assumed, so nothing is found about gateways, and outcomes are not known"
)


def from_store(
    store: ReadingStore,
    *,
    rules: Versioned,
    registry: Versioned,
    since: int,
    until: int,
    warm_up: int = WARM_UP_MS,
) -> Recording:
    """Take what a reading store holds, from `warm_up` before `since` up to `until` (ms)."""
    begin = since - warm_up

    def spans() -> Iterator[list[Reading]]:
        for start in range(begin, until, SPAN_MS):
            yield store.between(start, min(start + SPAN_MS, until))

    return Recording(
        rules=rules,
        registry=registry,
        places=load_registry(registry.documents),
        entries=lambda: entries_of(spans(), begin=begin, until=until),
        total=(until - begin) // SECOND_MS,
        begins_at=begin,
        exact=False,
        remarks=(REMARK,),
    )


def from_file(path: Path, *, rules: Versioned, registry: Versioned) -> Recording:
    """Take a file with one Reading as JSON a line (also gzip); raises HubError naming the line."""
    every = sorted(_read(path), key=lambda reading: (reading.received_at, reading.order))
    readings = [reading for reading in every if reading.received_at >= EARLIEST]
    if not readings:
        raise HubError(f"{path} holds no Readings")
    early = len(every) - len(readings)
    left_out = (f"{early} Readings from before 2020 were left out: a clock that was not set",)
    begin, until = readings[0].received_at, readings[-1].received_at + 60 * SECOND_MS
    return Recording(
        rules=rules,
        registry=registry,
        places=load_registry(registry.documents),
        entries=lambda: entries_of([readings], begin=begin, until=until),
        total=(until - begin) // SECOND_MS,
        begins_at=begin,
        exact=False,
        remarks=(REMARK, *(left_out if early else ())),
    )


def entries_of(spans: Iterable[Sequence[Reading]], *, begin: int, until: int) -> Iterator[Entry]:
    """Yield entries for Readings that are in order of time, with ticks and heartbeats between them."""
    made = _Maker(begin)
    for span in spans:
        for reading in span:
            yield from made.time_to(reading.received_at)
            yield made.reading(reading)
    yield from made.time_to(until)


class _Maker:
    def __init__(self, begin: int) -> None:
        self._begin = self._now = begin // SECOND_MS * SECOND_MS
        self._pos = 0
        self._order = 0
        self._states: dict[str, dict[str, bool]] = {}

    def time_to(self, at: int) -> Iterator[Entry]:
        while self._now + SECOND_MS <= at:
            self._now += SECOND_MS
            tick = Tick(self._now, self._now - self._begin)
            yield self._entry(self._now, EntryKind.TICK, msgspec.json.encode(tick))
            if self._now % BEAT_MS == 0:
                beat = Heartbeat(GATEWAY, EPOCH, "online", at=self._now, caught_up_to=self._now)
                yield self._entry(self._now, EntryKind.HEARTBEAT, encode(beat))

    def reading(self, reading: Reading) -> Entry:
        self._order += 1
        number = self._order
        states = self._states.setdefault(reading.device, {})
        lane = lane_of(reading, states)
        states.update(alarm_states(reading))
        reading = msgspec.structs.replace(
            reading, gateway=GATEWAY, epoch=EPOCH, order=number, seq=number
        )
        row = RowId(GATEWAY, EPOCH, Lane(lane), number, number, number, "")
        entry = self._entry(max(self._now, reading.received_at), EntryKind.READINGS, b"")
        return entry._replace(row=row, readings=[reading])

    def _entry(self, at: int, kind: EntryKind, payload: bytes) -> Entry:
        self._pos += 1
        return Entry(self._pos, at, kind, payload)


def _read(path: Path) -> Iterator[Reading]:
    decoder = msgspec.json.Decoder(Reading)
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if data.startswith(_MAGIC) else data
    except (OSError, EOFError) as error:
        raise HubError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise HubError(
                    f"{path}:{number}: not a Reading: {error}; write one JSON object a line, as"
                    " `GET /api/v1/readings` shows its items"
                ) from error

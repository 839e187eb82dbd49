"""What every reading store promises, run against each of them."""

import pytest
from msgspec.structs import replace

from model.ports import ReadingStore
from model.reading import Event, Mode, Reading

NOON = 1_764_000_000_000
DAY = 86_400_000

STRANGE_NAMES = [
    "<script>alert(1)</script>",
    "=cmd()",
    "two\nlines\r\n and\ttabs",
    "a,b=c d",
    "#looks like a comment",
    "ends in a backslash\\",
    "back\\,slash and %0A percent",
    "quotes ' and \" too' OR 1=1 --",
    "right\u200fto\u202eleft",
    "海馨苑 3号楼 烟感",
    "nul\x00 and bell\x07",
    "🔥",
]


def smoke(**changes: object) -> Reading:
    """Return a typical Reading with some fields changed."""
    plain = Reading(
        "860001",
        "smoke_detector",
        NOON,
        order=1,
        values={"smoke_db_m": 0.02, "temperature_c": 21.5},
    )
    return replace(plain, **changes)


def everything(store: ReadingStore, device: str = "860001") -> list[Reading]:
    """Return all Readings of a device, newest first."""
    return store.query(device, 0, NOON + 100 * DAY, 100_000)


def test_what_is_written_is_read_back(store: ReadingStore) -> None:
    """Times, values of each type, event, mode, quality and flags survive the store."""
    written = smoke(
        values={
            "smoke_db_m": 0.02,
            "temperature_c": -7.25,
            "muted": False,
            "text": '他说 "火"\n\\',
        },
        event=Event.FIRE_ALARM,
        observed_at=NOON - 400_000,
        mode=Mode.DRILL,
        quality=("device_clock", "test_bit"),
        historical=True,
        order=1_000_007,
    )
    assert store.write([written]) == []
    assert everything(store) == [written]


def test_a_replay_changes_nothing(store: ReadingStore) -> None:
    """The same Readings written three times are there once."""
    readings = [smoke(received_at=NOON + n, order=n) for n in range(50)]
    for _ in range(3):
        assert store.write(readings) == []
    assert everything(store) == readings[::-1]


def test_two_readings_of_one_millisecond_are_both_kept(store: ReadingStore) -> None:
    """Order tells apart what the clock cannot."""
    first, second = smoke(order=1), smoke(order=2, values={"smoke_db_m": 0.5})
    assert store.write([first, second]) == []
    assert everything(store) == [second, first]


def test_two_kinds_of_one_device_and_time_are_both_kept(store: ReadingStore) -> None:
    """A kind is a measurement of its own."""
    assert store.write([smoke(), smoke(kind="door", values={"contact": True})]) == []
    assert {reading.kind for reading in everything(store)} == {"smoke_detector", "door"}


def test_a_whole_number_and_a_fraction_are_the_same_type(store: ReadingStore) -> None:
    """21 and then 21.5 is no conflict, in either order."""
    values: list[float] = [21, 21.5, 22]
    readings = [
        smoke(received_at=NOON + n, values={"temperature_c": value})
        for n, value in enumerate(values)
    ]
    assert store.write(readings) == []
    assert [reading.values["temperature_c"] for reading in everything(store)] == [22, 21.5, 21]


def test_text_where_a_number_belongs_is_rejected_alone(store: ReadingStore) -> None:
    """Three conflicting Readings among a thousand are named; all others are stored."""
    readings = [smoke(received_at=NOON + n, order=n + 1) for n in range(1000)]
    for n in (100, 101, 900):
        readings[n] = replace(readings[n], values={"smoke_db_m": "clean"})
    rejected = store.write(readings)
    assert sorted(reading.received_at - NOON for reading, _ in rejected) == [100, 101, 900]
    assert all("conflict" in reason for _, reason in rejected)
    assert len(everything(store)) == 997


def test_conflicts_of_several_kinds_are_each_rejected_alone(store: ReadingStore) -> None:
    """Text for number, number for yes/no and yes/no for number, in one batch over two weeks."""
    good = [
        smoke(received_at=NOON + n * DAY, values={"smoke_db_m": 0.1, "muted": False})
        for n in range(15)
    ]
    assert store.write(good) == []
    bad = [
        smoke(received_at=NOON + 1, values={"smoke_db_m": "x"}),
        smoke(received_at=NOON + 2, values={"smoke_db_m": True}),
        smoke(received_at=NOON + 14 * DAY + 1, values={"muted": 1.0}),
    ]
    more = [replace(reading, received_at=reading.received_at + 9) for reading in good]
    rejected = store.write([*more[:7], *bad, *more[7:]])
    assert sorted(r.received_at for r, _ in rejected) == sorted(r.received_at for r in bad)
    assert len(everything(store)) == 30


def test_a_batch_that_is_wrong_from_end_to_end_is_rejected_whole(store: ReadingStore) -> None:
    """A wrongly configured vendor costs dead letters, not hours."""
    assert store.write([smoke()]) == []
    wrong = [smoke(received_at=NOON + n, values={"smoke_db_m": "?"}) for n in range(1, 2001)]
    assert len(store.write(wrong)) == 2000
    assert everything(store) == [smoke()]


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_strange_names_come_back_as_they_were(store: ReadingStore, name: str) -> None:
    """As device, kind, quantity, text and flag a name is text and nothing else."""
    strange = smoke(device=name, kind=name, values={name: 1.0, "text": name}, quality=("late",))
    assert store.write([smoke(), strange, smoke(received_at=NOON + 1)]) == []
    assert everything(store, name) == [strange]
    assert len(everything(store)) == 2


@pytest.mark.parametrize("name", ["time", "device", "event", "order", "_field", "value_x", "mode"])
def test_a_quantity_may_have_a_name_that_the_store_uses_itself(
    store: ReadingStore, name: str
) -> None:
    """InfluxDB drops a field `time` without a word; ours is stored under another name."""
    reading = smoke(values={name: 4.5}, event=Event.FAULT)
    assert store.write([reading]) == []
    assert everything(store) == [reading]


def test_what_is_not_a_number_is_left_out_and_the_rest_kept(store: ReadingStore) -> None:
    """NaN and infinity are no measurements."""
    values = {"a": float("nan"), "b": float("inf"), "c": float("-inf"), "d": 1.0}
    assert store.write([smoke(values=values), smoke(received_at=NOON + 1, values={})]) == []
    assert [reading.values for reading in everything(store)] == [{}, {"d": 1.0}]


def test_a_reading_that_cannot_be_stored_is_named_and_the_rest_proceeds(
    store: ReadingStore,
) -> None:
    """No device, no kind, a year beyond 2262, a name of 70 kB."""
    bad = [
        smoke(device=""),
        smoke(kind=""),
        smoke(received_at=10**16),
        smoke(received_at=-(10**16)),
        smoke(device="x" * 70_000),
    ]
    rejected = store.write([*bad, smoke()])
    assert [reading for reading, _ in rejected] == bad
    assert all(reason for _, reason in rejected)
    assert everything(store) == [smoke()]


def test_twenty_thousand_readings_in_one_call_are_all_there(store: ReadingStore) -> None:
    """A backlog is written as it comes."""
    readings = [smoke(device=f"d{n % 100}", received_at=NOON + n, order=n) for n in range(20_000)]
    assert store.write(iter(readings)) == []
    assert sum(len(everything(store, f"d{n}")) for n in range(100)) == 20_000
    assert everything(store, "d7") == readings[7::100][::-1]


def test_a_query_returns_the_newest_of_its_span_first(store: ReadingStore) -> None:
    """The start is in, the end is out, and a limit takes from the new end, over days and kinds."""
    readings = [
        smoke(received_at=NOON + n * DAY, order=n, kind=("a", "b")[n % 2]) for n in range(10)
    ]
    assert store.write(readings) == []
    span = store.query("860001", NOON + DAY, NOON + 8 * DAY, 3)
    assert span == [readings[7], readings[6], readings[5]]
    assert len(store.query("860001", NOON + DAY, NOON + 8 * DAY, 100)) == 7
    assert store.query("860001", NOON, NOON + 1, 100) == [readings[0]]
    assert store.query("860001", -(10**17), 10**17, 100) == readings[::-1]
    assert store.query("860001", NOON, NOON, 100) == []
    assert store.query("860001", 0, 10**17, 0) == []
    assert store.query("nobody", 0, 10**17, 100) == []


def test_a_span_of_all_devices_comes_oldest_first(store: ReadingStore) -> None:
    """Over midnight too; the end is not in it."""
    written = [
        smoke(device=f"8600{n % 3}", received_at=NOON + n * DAY // 4, order=n) for n in range(12)
    ]
    assert store.write(written) == []
    found = store.between(NOON, NOON + 11 * DAY // 4)
    assert [(r.device, r.received_at) for r in found] == [
        (r.device, r.received_at) for r in written[:-1]
    ]
    assert store.between(NOON + 99 * DAY, NOON + 100 * DAY) == []

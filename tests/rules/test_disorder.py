"""Disorder, repetition, restarts and clocks that jump change nothing that matters."""

import os
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.anomaly import Anomaly
from model.codec import Heartbeat
from model.entry import Tick
from model.errors import Refused
from model.reading import Event, Lane, Reading
from model.walk_test import Scope, WalkTestOrder
from rules.engine import Engine

from .town import DAY, HOUR, SECOND, SMOKES, T0, Town, library, registry, started

FIRES = library("fire-alarm", "fire-corroborated")
EXAMPLES = int(os.environ.get("SMARTHUB_EXAMPLES", "100"))  # 1000 in CI, as trust.md asks
Input = Reading | Tick | Heartbeat | tuple[int, WalkTestOrder]


def _reading(number: int, device: str, word: str) -> Reading:
    event = {"fire": Event.FIRE_ALARM, "calm": Event.NONE, "plain": Event.NONE}[word]
    values: dict[str, float | bool | str] = {"temperature_c": 20.0}
    if word != "plain":
        values["fire"] = word == "fire"
    return Reading(
        device=device,
        kind="smoke_detector",
        received_at=T0 + number * SECOND,
        order=number + 1,
        seq=number + 1,
        values=values,
        event=event,
        gateway="gw",
        epoch="e1",
    )


_says = st.tuples(
    st.sampled_from(["nb-1", "nb-2", "nb-4"]), st.sampled_from(["fire", "calm", "plain"])
)


@st.composite
def _disordered(draw: st.DrawFn) -> tuple[list[Reading], list[Reading]]:
    """A run of readings, and the same moved by up to 10 places and partly repeated."""
    said = draw(st.lists(_says, min_size=1, max_size=25))
    ordered = [_reading(number, device, word) for number, (device, word) in enumerate(said)]
    delays = draw(st.lists(st.integers(0, 10), min_size=len(ordered), max_size=len(ordered)))
    repeated = draw(st.lists(st.sampled_from(ordered), max_size=5))
    moved = sorted(zip(delays, ordered, strict=True), key=lambda pair: pair[0] + pair[1].order)
    arrived = [reading for _, reading in moved]
    for again in repeated:
        arrived.insert(draw(st.integers(arrived.index(again) + 1, len(arrived))), again)
    return ordered, arrived


def _observe(readings: Sequence[Reading]) -> tuple[Engine, list[Anomaly]]:
    engine = Engine(registry(), FIRES)
    engine.tick(Tick(T0, SECOND))
    found = engine.observe(readings, Lane.ALARM, T0 + 60 * SECOND)
    assert not engine.failures, engine.last_failure
    return engine, found


@settings(max_examples=EXAMPLES, deadline=None)
@given(_disordered())
def test_any_disorder_tells_of_the_same_places_and_causes(
    runs: tuple[list[Reading], list[Reading]],
) -> None:
    """Every detector that said fire is told of, no other is; none that burns is taken for calm."""
    ordered, arrived = runs
    in_order, first = _observe(ordered)
    disordered, second = _observe(arrived)
    for found in (first, second):
        told = {a.subject for a in started(found, "fire-alarm")}
        assert told == {r.device for r in ordered if r.event == Event.FIRE_ALARM}
    assert _burning(in_order) <= _burning(disordered)  # in doubt it burns on …
    newest = {r.device: r.values["fire"] for r in ordered if "fire" in r.values}
    for number, (device, burns) in enumerate(sorted(newest.items()), start=100):
        word = _reading(number, device, "fire" if burns else "calm")
        for engine in (in_order, disordered):
            engine.observe([word], Lane.ALARM, T0 + 200 * SECOND)
    assert _burning(in_order) == _burning(disordered)  # … until the next word of the device


def _burning(engine: Engine, rule: str = "fire-alarm") -> set[str]:
    return {a.subject for a in engine.open() if a.rule == rule}


def _witnesses(engine: Engine) -> set[str]:
    """Return the devices that the corroboration takes to burn."""
    return {device for device in SMOKES if engine._rules["fire-corroborated"].holds(device)}


@settings(max_examples=EXAMPLES, deadline=None)
@given(_disordered())
def test_in_any_disorder_what_burns_is_a_witness_and_nothing_else(
    runs: tuple[list[Reading], list[Reading]],
) -> None:
    """A fire is corroborated by those that burn; when none does any more, that is over too."""
    for arrived in runs:
        engine, _ = _observe(arrived)
        assert _burning(engine) == _witnesses(engine)
    in_order, disordered = (_observe(arrived)[0] for arrived in runs)
    for number, device in enumerate(("nb-1", "nb-2", "nb-4"), start=100):
        for engine in (in_order, disordered):
            engine.observe([_reading(number, device, "calm")], Lane.ALARM, T0 + 200 * SECOND)
    for engine in (in_order, disordered):
        assert _burning(engine, "fire-corroborated") == _witnesses(engine) == set()


@settings(max_examples=EXAMPLES, deadline=None)
@given(_disordered())
def test_every_start_is_the_time_of_a_fire_and_every_end_lies_behind_it(
    runs: tuple[list[Reading], list[Reading]],
) -> None:
    """A key is made of data times only, and there is no end without a start."""
    _, found = _observe(runs[1])
    fires = {(r.device, r.received_at) for r in runs[0] if r.event == Event.FIRE_ALARM}
    keys = set()
    for anomaly in found:
        if anomaly.rule == "fire-alarm":
            assert (anomaly.subject, anomaly.started_at) in fires
        if anomaly.phase == "started":
            keys.add(anomaly.key)
        assert anomaly.key in keys
        assert anomaly.ended_at is None or anomaly.ended_at >= anomaly.started_at


def _apply(engine: Engine, inputs: Sequence[Input]) -> list[Anomaly]:
    found: list[Anomaly] = []
    for item in inputs:
        if isinstance(item, Tick):
            found += engine.tick(item)
        elif isinstance(item, Heartbeat):
            found += engine.heartbeat(item, item.at)
        elif isinstance(item, Reading):
            found += engine.observe([item], Lane.ALARM, item.received_at)
        else:
            with suppress(Refused):
                found += engine.walk_test(item[1], item[0])
    assert not engine.failures, engine.last_failure
    return found


_DEVICES = {
    "nb-1": "smoke_detector",
    "nb-2": "smoke_detector",
    "ac-1": "door",
    "x": "smoke_detector",
}
_VALUES = [
    {}, {"fire": True}, {"fire": False}, {"fire": False, "isolated": True}, {"isolated": False},
    {"smoke_db_m": 0.2}, {"smoke_db_m": 0.01}, {"battery_pct": 10.0}, {"battery_pct": 90.0},
    {"duress": True}, {"tamper": True}, {"tamper": False},
]  # fmt: skip


_TESTS = [
    (Scope.COMPOUND, "c-1"), (Scope.DEVICE, "nb-1"), (Scope.DEVICE, "x"), (Scope.COMPOUND, "c-9"),
]  # fmt: skip


@st.composite
def _order(draw: st.DrawFn) -> WalkTestOrder:
    """A walk test that starts or stops, of few ids so that repeats happen."""
    scope, subject = draw(st.sampled_from(_TESTS))
    return WalkTestOrder(
        id=draw(st.sampled_from(["t1", "t2", "t3"])),
        actor="li",
        reason="monthly test",
        stops=draw(st.booleans()),
        scope=scope,
        subject=subject,
        lasts_ms=draw(st.sampled_from([30, 120, 900])) * SECOND,
    )


@st.composite
def _life(draw: st.DrawFn) -> list[Input]:
    """Readings, ticks and heartbeats as the log holds them."""
    inputs: list[Input] = []
    at, awake = T0, 0
    for number in range(draw(st.integers(1, 30))):
        kind = draw(st.sampled_from(["reading", "reading", "ticks", "beat", "test"]))
        if kind == "reading":
            device = draw(st.sampled_from(sorted(_DEVICES)))
            order = max(1, number + 1 - draw(st.sampled_from([0, 0, 0, 3])))
            inputs.append(
                Reading(
                    device=device,
                    kind=_DEVICES[device],
                    received_at=at,
                    order=order,
                    values=dict(draw(st.sampled_from(_VALUES))),
                    event=draw(st.sampled_from([Event.NONE, Event.HEARTBEAT, Event.NORMAL])),
                    historical=draw(st.integers(0, 9)) == 0,
                    gateway="gw",
                    epoch="e1",
                )
            )
        elif kind == "ticks":
            for _ in range(draw(st.integers(1, 4))):
                at, awake = at + 40 * SECOND, awake + 40 * SECOND
                inputs.append(Tick(at, awake))
        elif kind == "test":
            inputs.append((at, draw(_order())))
        else:
            state = draw(st.sampled_from(["online", "online", "online", "lost", "stopped"]))
            behind = draw(st.sampled_from([0, 200 * SECOND]))
            inputs.append(Heartbeat("gw", "e1", state, at=at, caught_up_to=at - behind))
    return inputs


@settings(max_examples=EXAMPLES, deadline=None)
@given(_life(), st.data())
def test_a_restart_anywhere_says_what_an_uninterrupted_run_says(
    inputs: list[Input], data: st.DataObject
) -> None:
    """Snapshot, a new engine from the rows, the rest of the log: the same anomalies, byte for byte."""
    whole = Engine(registry(), library())
    expected = _apply(whole, inputs)

    cuts = sorted(data.draw(st.lists(st.integers(0, len(inputs)), min_size=1, max_size=3)))
    rows: dict[tuple[str, str], bytes] = {}
    found: list[Anomaly] = []
    begin = 0
    for cut in [*cuts, len(inputs)]:
        engine = Engine(registry(), library())
        engine.restore((rule, subject, state) for (rule, subject), state in rows.items())
        found += _apply(engine, inputs[begin:cut])
        for rule, subject, state in engine.dirty():
            rows.pop((rule, subject), None)
            if state:
                rows[rule, subject] = state
        assert engine.orphans == []
        begin = cut
    assert found == expected
    assert engine.open() == whole.open()
    assert engine.book.walk_tests.table.rows == whole.book.walk_tests.table.rows


def test_rows_of_a_rule_that_is_gone_are_named_and_given_up() -> None:
    """A restart with fewer rules neither stops nor hides it."""
    town = Town()
    town.fire()
    rows = town.engine.dirty()
    engine = Engine(registry(), library("battery-low"))
    engine.restore(rows)
    assert ("fire-alarm", "nb-1") in engine.orphans
    assert ("fire-alarm", "nb-1", b"") in engine.dirty()


@pytest.mark.parametrize(
    "clock", [T0 - HOUR, T0 + HOUR, T0 - DAY, T0 + DAY, 0, 2_147_483_648_000, 4_200_000_000_000, -1]
)
@pytest.mark.parametrize("whose", ["gateway", "hub"])
def test_a_jumping_clock_misses_nothing_and_makes_no_negative_age(clock: int, whose: str) -> None:
    """A fire before, during and after the jump; 1970 and beyond 2038 included."""
    town = Town(library("fire-alarm", "device-silent", "gateway-lost"))
    town.calm("nb-1")
    town.pass_time(20 * SECOND)
    real = town.now
    if whose == "hub":
        town.now = clock
    fire = town.fire("nb-1", at=clock if whose == "gateway" else real)
    calm = town.calm("nb-1", at=clock if whose == "gateway" else real)
    town.now = real
    assert [a.phase for a in fire + calm] == ["started", "ended"]
    again = town.fire("nb-1") + town.calm("nb-1")
    assert [a.phase for a in again] == ["started", "ended"]
    assert again[0].key != fire[0].key
    for anomaly in town.said:
        assert anomaly.ended_at is None or anomaly.ended_at >= anomaly.started_at
    assert {a.rule for a in town.pass_time(60 * SECOND)} == set()


def test_an_impossible_gateway_clock_is_replaced_and_flagged() -> None:
    """A box without a clock boots in 1970; the hub's time stands in."""
    town = Town(library("fire-alarm"))
    (fire,) = town.fire(at=42)
    assert (fire.started_at, fire.quality) == (T0, ("gateway_clock",))


def test_a_hub_in_1970_does_not_correct_a_gateway_that_is_right() -> None:
    """Its own clock is the one that cannot be believed."""
    town = Town(library("fire-alarm"))
    town.now = 42
    (fire,) = town.fire(at=T0)
    assert fire.started_at == T0


def test_two_boxes_with_one_cloned_card_are_both_believed() -> None:
    """Each retires the other's epoch for good; a device behind either still tells its state."""
    town = Town(library("fire-alarm", "smoke-pre-alarm"))
    town.says("nb-1", values={"smoke_db_m": 0.01}, epoch="e0", order=1)
    town.says("nb-2", values={"smoke_db_m": 0.01}, epoch="e0", order=1)
    town.says("nb-2", values={"smoke_db_m": 0.01}, epoch="e1", order=2)  # the first box
    town.says("nb-1", values={"smoke_db_m": 0.01}, epoch="e2", order=2)  # the second one
    town.says("nb-2", epoch="e1", order=3, event=Event.FIRE_ALARM, values={"fire": True})
    over = town.says("nb-2", epoch="e1", order=4, values={"fire": False})
    assert [a.phase for a in over] == ["ended"]
    town.says("nb-3", values={"smoke_db_m": 0.01}, epoch="e0", order=9)
    town.says("nb-3", values={"smoke_db_m": 0.2}, epoch="e1", order=5)
    assert [a.rule for a in town.pass_time(60 * SECOND)] == ["smoke-pre-alarm"]
    late = town.says("nb-3", values={"smoke_db_m": 0.0}, epoch="e0", order=8)
    assert late == [], "an epoch that was left before tells no present state"


def test_a_late_fire_that_was_taken_back_before_plain_values_is_over() -> None:
    """What took it back is remembered, though the device has spoken of other things since."""
    town = Town(library("fire-alarm"))
    town.calm("nb-1", order=1)
    town.calm("nb-1", order=12)
    town.says("nb-1", values={"temperature_c": 20.0}, order=20)
    found = town.fire("nb-1", order=9)
    assert [a.phase for a in found] == ["started", "ended"]
    assert [a.phase for a in town.fire("nb-1", order=15)] == ["started"], "newer than the calm"
    assert town.engine.open()


def test_what_took_a_fire_back_may_itself_be_late() -> None:
    """Fire, calm and plain values arrive in the opposite order, over a restart too."""
    town = Town(library("fire-alarm"))
    town.says("nb-1", values={"temperature_c": 20.0}, order=1)
    town.says("nb-1", values={"temperature_c": 20.0}, order=20)
    town.calm("nb-1", order=12)
    again = Engine(registry(), library("fire-alarm"))
    again.restore(town.engine.dirty())
    town.engine = again
    assert [a.phase for a in town.fire("nb-1", order=9)] == ["started", "ended"]

"""Reloading, failures of one rule, views, and what costs nothing."""

import pytest

from model.anomaly import Anomaly
from model.entry import Tick
from model.place import Registry
from model.reading import Event, Lane, Reading
from rules import scheduled
from rules.book import STRANGERS, Book
from rules.contract import IndexedRule, Observation
from rules.engine import Engine
from rules.kinds import build
from rules.kinds.event import EventRule
from rules.rulefile import RuleSet, load_rules
from rules.specs import Spec

from .town import MINUTE, SECOND, T0, Town, library, library_texts, registry, told


def test_a_hundred_reloads_of_the_same_rules_open_and_close_nothing() -> None:
    """Under load: an open fire, a hold time, a silence."""
    town = Town()
    town.says("nb-3", values={"smoke_db_m": 0.2})
    town.calm("nb-2")
    town.fire()
    before = town.engine.open()
    for _ in range(100):
        assert town.engine.replace(library(), registry()) == []
        assert town.fire()[0].phase.value == "continued"
    assert [a.key for a in town.engine.open()] == [a.key for a in before]
    assert {a.subject for a in town.pass_time(40 * SECOND)} == {"nb-3"}


def test_a_changed_rule_ends_what_it_opened_and_says_why() -> None:
    """And gives its rows up, so that none is restored into the new rule."""
    town = Town()
    town.says("nb-1", values={"battery_pct": 5.0})
    town.fire()
    assert any(row[:2] == ("battery-low", "nb-1") for row in town.engine.dirty())
    texts = library_texts()
    texts["upkeep.yaml"] = texts["upkeep.yaml"].replace("below: 20", "below: 15")
    found = town.engine.replace(load_rules(texts), registry())
    assert [(a.rule, a.ended_by) for a in found] == [("battery-low", "rule_changed")]
    assert ("battery-low", "nb-1", b"") in town.engine.dirty()
    assert [a.rule for a in town.engine.open()] == ["fire-alarm"]


def test_a_removed_rule_ends_what_it_opened() -> None:
    """Nobody would ever end it otherwise."""
    town = Town()
    town.fire()
    found = town.engine.replace(library("battery-low"), registry())
    assert [(a.rule, a.ended_by) for a in found] == [("fire-alarm", "rule_changed")]
    assert town.fire() == []


class _Broken(EventRule):
    """A rule with a defect."""

    def observe(self, seen: Observation) -> list[Anomaly]:
        raise RuntimeError(f"broken for {seen.reading.device}")

    def tick(self, tick: Tick) -> list[Anomaly]:
        raise RuntimeError(f"broken at {tick.at}")


def test_a_broken_rule_is_counted_and_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fire is told; the defect is kept with its traceback."""

    def with_defect(spec: Spec, book: Book) -> IndexedRule:
        if spec.id == "device-fault":
            broken = _Broken(spec, book)  # type: ignore[arg-type]
            broken.ticks = True
            return broken
        return build(spec, book)

    monkeypatch.setattr(scheduled, "build", with_defect)
    engine = Engine(registry(), library())
    fire = Reading(device="nb-1", kind="smoke_detector", received_at=T0, event=Event.FIRE_ALARM)
    assert told(engine.observe([fire], Lane.ALARM, T0)) == [("fire-alarm", "started", "nb-1")]
    engine.tick(Tick(T0, 1000))
    assert engine.failures == {"device-fault": 2}
    assert "RuntimeError: broken at" in engine.last_failure


def test_a_reading_is_late_after_a_minute_on_its_way() -> None:
    """Between the gateway's clock and the log."""
    town = Town(library("fire-alarm"))
    assert not town.fire("nb-1", at=T0 - MINUTE)[0].late
    assert town.fire("nb-2", at=T0 - MINUTE - 1)[0].late


def test_devices_are_listed_with_what_is_known_of_them() -> None:
    """Registered and unheard, silent, burning, strange."""
    town = Town()
    town.calm("nb-2")
    town.pass_time(6 * MINUTE)
    town.fire("nb-1")
    town.says("stranger", values={"battery_pct": 80.0})
    town.says("nb-3", event=Event.TAMPER)
    views = {view.id: view for view in town.engine.devices()}
    states = {name: views[name].state for name in ("nb-1", "nb-2", "nb-3", "nb-4", "stranger")}
    assert states == {
        "nb-1": "alarm",
        "nb-2": "silent",
        "nb-3": "alarm",
        "nb-4": "never_heard",
        "stranger": "normal",
    }
    assert views["nb-2"].values == {"fire": False, "temperature_c": 21.0}
    assert not views["stranger"].registered
    assert town.engine.health("nb-3").tampered
    (gateway,) = town.engine.gateways()
    assert (gateway.id, gateway.state, gateway.devices) == ("gw", "online", 4)


def test_strangers_cannot_fill_the_memory() -> None:
    """Invented ids push out the longest unheard of their own kind, and no registered device."""
    engine = Engine(registry(), RuleSet((), "", {}))
    readings = [
        Reading(device=f"x-{number}", kind="k", received_at=T0, order=number + 1)
        for number in range(STRANGERS + 500)
    ]
    nb = Reading(device="nb-1", kind="smoke_detector", received_at=T0)
    engine.observe([nb, *readings], Lane.TELEMETRY, T0)
    assert len(engine.unregistered()) <= STRANGERS
    assert engine.health("nb-1").heard


def test_explain_of_an_unknown_rule_says_so() -> None:
    """A typing mistake is no stack trace."""
    engine = Engine(Registry(), library())
    assert "no rule of the id 'firr'" in engine.explain("firr", "nb-1")
    for spec in library().specs:
        assert spec.id in engine.explain(spec.id, "nb-1")


@pytest.mark.parametrize("restarts", [False, True])
def test_a_device_that_speaks_under_two_kinds_can_take_its_fire_back(*, restarts: bool) -> None:
    """A partial update of one sensor names another kind; what holds the fire still hears the next word."""
    town = Town()
    town.calm()
    town.pass_time(MINUTE)
    town.fire()
    town.says("nb-1", values={"tamper": False, "battery_pct": 90.0}, kind="zigbee_sensor")
    if restarts:
        again = Engine(registry(), library())
        again.restore(town.engine.dirty())
        town.engine = again
    found = town.calm()
    assert told(found) == [("fire-alarm", "ended", "nb-1")]
    assert town.engine.open() == []

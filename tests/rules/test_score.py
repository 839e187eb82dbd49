"""Weak signs of several kinds that add up in one place, and fade."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.anomaly import Anomaly
from model.errors import ConfigError
from model.reading import Event, Mode, Reading
from model.walk_test import Scope, WalkTestOrder
from model.yamlfile import ConfigErrors
from rules.rulefile import RuleSet, load_rules

from .replay import arriving, disorder, facts, reading, run, run_with_restarts
from .test_disorder import EXAMPLES
from .town import DAY, HOUR, MINUTE, SECOND, T0, Town, library_texts, registry

FORCED = "{name: forced, title: {zh: 强, en: forced}, weight: 4, half_life: 1h, says: {events: [door_forced]}}"
ISOLATED = "{name: isolated, title: {zh: 屏, en: isolated}, weight: 3, half_life: 1h, says: {states: [isolated]}}"
HOT = "{name: hot, title: {zh: 热, en: hot}, weight: 2, half_life: 1h, beyond: {quantity: temperature_c, above: 50}}"
FIRES = "{name: fires, title: {zh: 火, en: fires}, weight: 5, half_life: 1h, categories: [fire]}"


def rule(*factors: str, start: float = 6, clear: float = 3, fires: bool = True) -> RuleSet:
    """Return a score of a building, beside the library's rules of fires and forced doors."""
    text = f"""\
schema: 1
rules:
  - id: risk
    kind: score
    title: {{zh: 风险, en: Risk}}
    category: building_risk
    severity: minor
    start: {start}
    clear: {clear}
    factors: [{", ".join(factors)}]
"""
    texts = {"risk.yaml": text}
    if fires:
        texts["fire.yaml"] = library_texts()["fire.yaml"]
    return load_rules(texts)


class Block:
    """A building; `says` waits until it is weighed, and returns what the score concludes."""

    def __init__(self, rules: RuleSet) -> None:
        self.town = Town(rules)

    def forced(self, **more: int) -> list[Anomaly]:
        """Let the door be forced."""
        return self._mine(
            self.town.says("ac-1", event=Event.DOOR_FORCED, kind="door", **more)  # type: ignore[arg-type]
        )

    def says(self, device: str, *, mode: Mode = Mode.REAL, **values: float) -> list[Anomaly]:
        """Let a detector say something."""
        return self._mine(self.town.says(device, values=values, mode=mode))

    def says_at(self, device: str, at: int, **values: float) -> list[Anomaly]:
        """Let a detector say something by a clock of its gateway's own."""
        return self._mine(self.town.says(device, values=values, at=at))

    def wait(self, span: int, step: int = SECOND) -> list[Anomaly]:
        """Let time pass."""
        return [a for a in self.town.pass_time(span, step=step) if a.rule == "risk"]

    def _mine(self, found: list[Anomaly]) -> list[Anomaly]:
        return [a for a in found if a.rule == "risk"] + self.wait(7 * SECOND)


def test_two_weak_signs_make_one_anomaly_and_each_says_its_share() -> None:
    """3 and 4 are more than 6; an hour later the door gives 2 and the detector still 3."""
    block = Block(rule(FORCED, ISOLATED))
    assert block.says("nb-1", isolated=True) == []
    (risk,) = block.forced()
    assert (risk.subject, risk.scope) == ("place:b-1", "place")
    assert risk.started_at == T0 + 7 * SECOND
    assert "score 评分 7.0, limit 阈值 6: 强 forced 4.0 (ac-1 4.0); 屏 isolated 3.0 (nb-1 3.0)" in risk.explanation  # fmt: skip
    assert [(e.device, e.values) for e in risk.evidence] == [
        ("ac-1", {"forced": 4.0}),
        ("nb-1", {"isolated": 3.0}),
    ]
    assert block.wait(2 * HOUR, step=10 * SECOND) == []
    explained = block.town.engine.explain("risk", "place:b-1")
    assert "open" in explained
    assert "强 forced 1.0" in explained


def test_it_ends_to_the_millisecond_when_it_has_faded_whatever_the_ticks() -> None:
    """4 + 3 fade together with a half-life of an hour to 3: after log2(7/3) hours."""
    for step in (SECOND, 60 * SECOND, HOUR):
        block = Block(rule(FORCED, FORCED.replace("name: forced", "name: again").replace("4", "3")))
        block.forced()
        found = block.wait(4 * HOUR, step=step)
        (over,) = [a for a in found if a.phase == "ended"]
        assert over.ended_at is not None
        assert over.ended_at - T0 == math.ceil(HOUR * math.log2(7 / 3))


def test_a_device_that_repeats_itself_weighs_no_more() -> None:
    """A chattering contact is one device."""
    block = Block(rule(FORCED))
    assert [block.forced() for _ in range(10)] == [[]] * 10
    assert "4.00 of" in block.town.engine.explain("risk", "place:b-1")


def test_many_devices_weigh_at_most_what_the_factor_may() -> None:
    """Three isolated detectors in one building give 5 and not 9."""
    capped = ISOLATED.replace("weight: 3", "weight: 3, at_most: 5")
    block = Block(rule(capped, HOT))
    for device in ("nb-1", "nb-2", "nb-3"):
        assert block.says(device, isolated=True) == []
    assert [a.phase.value for a in block.says("nb-1", temperature_c=60.0)] == ["started"]


def test_a_state_holds_until_it_is_taken_back_and_then_fades() -> None:
    """Isolated for a day: full weight; an hour after it is over: half."""
    block = Block(rule(ISOLATED, HOT, start=4, clear=2))
    block.says("nb-1", isolated=True)
    block.wait(24 * HOUR, step=MINUTE)
    assert [a.phase.value for a in block.says("nb-2", temperature_c=60.0)] == ["started"]
    block.says("nb-2", temperature_c=20.0)
    block.says("nb-1", isolated=False)
    assert [a.ended_by for a in block.wait(3 * HOUR, step=MINUTE)] == ["normal"]


def test_what_other_rules_conclude_is_evidence_from_start_to_end() -> None:
    """A fire of the library's rule, in the same tick; its end begins the fading."""
    block = Block(rule(FIRES, HOT, start=6, clear=3))
    block.says("nb-2", temperature_c=60.0)
    block.town.fire("nb-1")
    (risk,) = block.wait(10 * SECOND)
    assert "火 fires 5.0 (nb-1 5.0)" in risk.explanation
    block.wait(5 * HOUR, step=MINUTE)
    block.says("nb-2", temperature_c=20.0)
    block.town.calm("nb-1")
    assert [a.ended_by for a in block.wait(3 * HOUR, step=MINUTE)] == ["normal"]


def test_a_score_that_is_new_hears_of_what_is_open() -> None:
    """A reload while it burns."""
    block = Block(rule(FORCED))
    block.town.fire("nb-1")
    block.town.engine.replace(rule(FIRES, start=5), registry())
    assert [a.phase.value for a in block.wait(10 * SECOND)] == ["started"]


def test_a_drill_adds_up_apart() -> None:
    """Two detectors isolated in a drill are no part of the real thing."""
    block = Block(rule(ISOLATED))
    block.says("nb-1", isolated=True, mode=Mode.DRILL)
    assert block.says("nb-2", isolated=True) == []
    (risk,) = block.says("nb-3", isolated=True, mode=Mode.DRILL)
    assert risk.mode is Mode.DRILL


def test_what_still_holds_after_a_walk_test_counts_as_real() -> None:
    """The test's anomaly ends; the detectors left isolated make a real one."""
    block = Block(rule(ISOLATED))
    order = WalkTestOrder(
        id="t", actor="li", reason="test", scope=Scope.COMPOUND, subject="c-1", lasts_ms=HOUR
    )
    block.town.engine.walk_test(order, block.town.now)
    block.says("nb-1", isolated=True)
    (risk,) = block.says("nb-2", isolated=True)
    assert risk.mode is Mode.TEST
    old, new = block.wait(HOUR, step=SECOND)
    assert (old.ended_by, new.mode, new.started_at) == (
        "walk_test_over",
        Mode.REAL,
        T0 + HOUR,
    )


def test_late_evidence_weighs_what_is_left_of_it() -> None:
    """A forced door of an hour ago gives 2 now: 5, and not 7."""
    block = Block(rule(FORCED, ISOLATED))
    block.wait(2 * HOUR, step=MINUTE)
    block.town.order = 1  # the gateway had received the door's word first
    block.says("nb-1", isolated=True)
    assert block.forced(at=T0 + HOUR, order=1) == []


_BACK = [10 * SECOND, HOUR, DAY, T0 - 60 * SECOND]  # the last: a boot in 1970
_WHOSE = pytest.mark.parametrize("whose", ["gateway", "gateway and hub"])


@_WHOSE
@pytest.mark.parametrize("back", _BACK)
def test_evidence_after_a_clock_was_set_back_weighs_in_full(back: int, whose: str) -> None:
    """From another device or the same; and what is taken back then fades, and ends what was open."""
    block = Block(rule(FORCED, ISOLATED, fires=False))
    block.says("nb-1", isolated=True)
    block.wait(HOUR, step=10 * SECOND)
    shift = _set_back(block.town, back, whose)
    (risk,) = block.forced(at=block.town.now - shift)
    assert risk.started_at <= max(block.town.now, T0 + HOUR + MINUTE)
    over = block.says_at("nb-1", block.town.now - shift, isolated=False)
    over += block.wait(5 * HOUR, step=10 * SECOND)
    (end,) = over
    assert end.ended_at is not None
    whole = math.ceil(HOUR * math.log2(7 / 3))
    assert abs(end.ended_at - risk.started_at - whole) < 10 * SECOND


def _set_back(town: Town, back: int, whose: str) -> int:
    """Set the hub's clock back, and return how far the gateway's is behind it."""
    if whose == "gateway":
        return back
    town.now -= back
    return 0


QUICK = rule(FORCED.replace("1h", "9s"), ISOLATED.replace("1h", "5s"), fires=False)

# Each detector turns on and off in turn, six seconds apart or more; the door is forced at any time.
_FLIPS = st.lists(st.sampled_from([6, 7, 15]), max_size=6)
_BLOWS = st.lists(st.sampled_from([1, 2, 9]), max_size=8)


def _said(flips: list[list[int]], blows: list[int]) -> list[Reading]:
    spoken: list[tuple[int, str, bool | None]] = []
    for device, gaps in zip(("nb-1", "nb-2"), flips, strict=True):
        at = 10
        for number, gap in enumerate(gaps):
            at += gap
            spoken.append((at, device, number % 2 == 0))
    at = 10
    for gap in blows:
        at += gap
        spoken.append((at, "ac-1", None))
    return [
        reading(
            at * SECOND,
            number + 1,
            device,
            {} if on is None else {"isolated": on},
            event=Event.DOOR_FORCED if on is None else Event.NONE,
        )
        for number, (at, device, on) in enumerate(sorted(spoken, key=lambda one: one[:2]))
    ]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.tuples(_FLIPS, _FLIPS), _BLOWS, st.data())
def test_disorder_within_the_lateness_and_repetition_change_nothing(
    flips: tuple[list[int], list[int]], blows: list[int], data: st.DataObject
) -> None:
    """The same keys, starts and ends, where a state lasts longer than the lateness."""
    said = _said(list(flips), blows)
    ordered = [(one, 0) for one in said]
    disordered = data.draw(disorder(said, 5 * SECOND))
    # Half-lives of seconds, so that it ends as well.
    first, second = (
        run(QUICK, registry(), arriving(log, until=250 * SECOND, step=SECOND))
        for log in (ordered, disordered)
    )
    assert facts(second) == facts(first)


def test_a_restart_after_every_entry_changes_nothing() -> None:
    """Evidence that waits, holds, fades, and the anomaly."""
    words = ["on", "event", "off", "on", "on", "event", "off", "off"]
    said = [
        reading(
            number * 40 * SECOND,
            number + 1,
            ("nb-1", "nb-2", "ac-1")[number % 3],
            {"isolated": word == "on"},
            event=Event.DOOR_FORCED if word == "event" else Event.NONE,
        )
        for number, word in enumerate(words * 2)
    ]
    log = arriving([(one, 3 * SECOND) for one in said], until=3 * HOUR, step=20 * SECOND)
    rules = rule(FORCED, ISOLATED)
    whole = run(rules, registry(), log)
    assert {a.phase.value for a in whole if a.rule == "risk"} == {"started", "ended"}
    assert run_with_restarts(rules, registry(), log) == whole


@pytest.mark.parametrize(
    ("factors", "more", "message"),
    [
        ((FORCED, FORCED), {}, "two factors have the same name"),
        ((FORCED,), {"clear": 6.0}, "clear 6 must lie below start 6"),
        ((FORCED.replace(", says: {events: [door_forced]}", ""),), {}, "factor forced: give exactly one of"),
        ((HOT.replace("above: 50", "above: 50, below: 3"),), {}, "exactly one of `above` and `below`"),
        ((FORCED.replace("weight: 4", "weight: 4, at_most: 4"),), {}, "start 6 cannot be reached"),
    ],
)  # fmt: skip
def test_mistakes_in_the_text_are_named(
    factors: tuple[str, ...], more: dict[str, float], message: str
) -> None:
    """With file and line."""
    with pytest.raises((ConfigErrors, ConfigError), match=r"risk\.yaml:\d+") as error:
        rule(*factors, **more)  # type: ignore[arg-type]
    assert message in str(error.value)

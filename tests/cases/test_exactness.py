"""Claims about exactness: the same input gives the same cases, restarted, reordered or repeated."""

import os
from collections.abc import Callable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.desk import Desk
from model.anomaly import Anomaly, Severity
from model.case import Case, Change
from model.entry import Action, Report

from .world import HOUR, MINUTE, REGISTRY, SECOND, T0, HealthBook, again, alarm, ended, members

EXAMPLES = int(os.environ.get("SMARTHUB_EXAMPLES", "60"))  # 1000 in CI, as trust.md asks
Step = Callable[[Desk], list[Change]]


def _receive(found: Anomaly) -> Step:
    now = max(found.last_at, found.ended_at or 0)
    return lambda desk: desk.receive(found, now)


def _tick(at: int) -> Step:
    return lambda desk: desk.tick(T0 + at)


def _newest(name: str, at: int, /, actor: str = "li", level: str = "grid", **fields: str) -> Step:
    """Act on the case that was opened last: no id is written into the story."""

    def step(desk: Desk) -> list[Change]:
        case = max(desk.open_cases(), key=lambda case: (case.opened_at, case.key))
        action = Action(case.id, name, actor, fields={**fields}, level=level, id=f"{name}{at}")
        return desk.act(action, T0 + at)

    return step


def _story() -> list[Step]:
    fire, panel, source = alarm("uitd1/a", 0), alarm("uitd1", 100, scope="source"), alarm("x9", 300)
    lost = alarm("gateway:gw1", 40 * MINUTE, category="gateway_lost", scope="gateway")
    silent = alarm("nb1", 41 * MINUTE, category="silent", severity=Severity.MINOR)
    flaps = [
        statement
        for second in range(0, 20, 2)
        for on in [alarm("uitd1/far", 10 * MINUTE + second * SECOND)]
        for statement in (on, ended(on, 10 * MINUTE + (second + 1) * SECOND, "reset"))
    ]
    checked = {"outcome": "false", "cause": "steam", "checked_by": "g", "checked_how": "went"}
    return [
        _receive(panel), _receive(fire), _receive(source), _tick(3 * MINUTE),
        _newest("acknowledge", 4 * MINUTE), _receive(again(fire, 5 * MINUTE)),
        _receive(ended(fire, 6 * MINUTE, "reset")), _tick(7 * MINUTE),
        *(_receive(statement) for statement in flaps),
        _newest("confirm", 11 * MINUTE, **checked), _newest("close", 12 * MINUTE, actor="zhao"),
        _receive(alarm("uitd1/far", 13 * MINUTE)), _tick(30 * MINUTE),
        lambda desk: desk.report(Report("r1", "b1", "dispute", "t", "Z", T0), T0 + 31 * MINUTE),
        _newest("start", 32 * MINUTE), _receive(lost), _receive(silent), _tick(45 * MINUTE),
        _receive(ended(lost, 46 * MINUTE)), _tick(50 * MINUTE), _tick(57 * MINUTE),
        _newest("resolve", 58 * MINUTE, result="done", repair_note="n"),
        _receive(ended(silent, 59 * MINUTE)), _tick(70 * MINUTE), _tick(90 * MINUTE),
        _tick(30 * HOUR),
    ]  # fmt: skip


def _run(steps: list[Step], desk: Desk) -> list[Change]:
    return [change for step in steps for change in step(desk)]


def test_the_same_input_gives_the_same_bytes() -> None:
    """Ids, keys, history hashes, event numbers: all of it, twice."""
    once, twice = (_run(_story(), Desk(REGISTRY, HealthBook())) for _ in range(2))
    assert msgspec.json.encode(once) == msgspec.json.encode(twice)
    assert len({change.case.id for change in once}) >= 6


def test_a_desk_restored_anywhere_goes_on_as_if_never_interrupted() -> None:
    """Cut at every step, stored as JSON, restored: the rest of the story is the same to the byte."""
    story = _story()
    whole = _run(story, Desk(REGISTRY, HealthBook()))
    for cut in range(1, len(story)):
        first = Desk(REGISTRY, HealthBook())
        before = _run(story[:cut], first)
        stored = {change.case.id: msgspec.json.encode(change.case) for change in before}
        cases = [msgspec.json.decode(text, type=Case) for text in stored.values()]
        ordinals: dict[tuple[str, str], int] = {}
        for case in cases:
            counted = (case.birthplace, case.cause)
            ordinals[counted] = max(ordinals.get(counted, 0), case.ordinal)
        second = Desk(REGISTRY, HealthBook())
        second.restore(reversed(cases), ordinals)
        after = _run(story[cut:], second)
        assert msgspec.json.encode(before + after) == msgspec.json.encode(whole), cut


def test_ordinals_alone_keep_keys_new() -> None:
    """A case long closed and not restored: the next of its place and cause has another key."""
    first, second = Desk(REGISTRY, HealthBook()), Desk(REGISTRY, HealthBook())
    (old,) = first.receive(alarm("uitd1/a"), T0)
    second.restore([], {("b1", "fire"): 1})
    (new,) = second.receive(alarm("uitd1/a", HOUR), T0 + HOUR)
    assert (new.case.ordinal, new.case.key != old.case.key) == (2, True)


DEVICES = ("uitd1/a", "uitd1/b", "nb1", "x1", "x2")
CATEGORIES = ("fire", "device_fault", "door_forced", "battery_low")


@st.composite
def statements(draw: st.DrawFn) -> list[Anomaly]:
    """Draw what the rules say about some devices: starts, repeats and ends of short alarms.

    All within a few minutes: no gap is near the join window, so that a minute's jitter cannot
    decide whether something was still active.
    """
    found: list[Anomaly] = []
    pairs = st.tuples(st.sampled_from(DEVICES), st.sampled_from(CATEGORIES))
    for device, category in draw(st.lists(pairs, min_size=1, max_size=6, unique=True)):
        at = draw(st.integers(0, 60_000))
        for _ in range(draw(st.integers(1, 3))):
            on = alarm(device, at, category=category)
            found += [on, again(on, at + 1_000)]
            if draw(st.booleans()):
                found.append(ended(on, at + 2_000, draw(st.sampled_from(["cleared", "reset"]))))
            at += 3_000 + draw(st.integers(0, 60_000))
    if draw(st.booleans()):
        found.append(alarm("uitd1", draw(st.integers(0, 60_000)), scope="source"))
    return found


@settings(max_examples=EXAMPLES, deadline=None)
@given(found=statements(), data=st.data())
def test_reordered_and_repeated_anomalies_make_the_same_cases(
    found: list[Anomaly], data: st.DataObject
) -> None:
    """Any order, any repetition: the same (place, cause, members), each either over or not.

    Whether a door stands in the case of the fire of its building or in its own is decided by which of
    the two was heard first; that it stands in one of them is not.
    """
    extra = data.draw(st.lists(st.sampled_from(found), max_size=10))
    shuffled = data.draw(st.permutations(found + extra))
    assert _outcome(found) == _outcome(shuffled)


def _outcome(found: list[Anomaly]) -> list[tuple[str, str, list[tuple[str, str, int]], int]]:
    desk = Desk(REGISTRY, HealthBook())
    for anomaly in found:
        desk.receive(anomaly, T0 + 10 * MINUTE)
    doors: dict[str, tuple[list[tuple[str, str, int]], int]] = {}
    others = []
    for case in desk.open_cases():
        own = msgspec.structs.replace(case, members=tuple(m for m in case.members if not m.held_by))
        held = msgspec.structs.replace(case, members=tuple(m for m in case.members if m.held_by))
        for part in (own, held):
            active = sum(member.ended_at is None for member in part.members)
            if part is held or part.cause == "door_forced":
                known, count = doors.get(part.place, ([], 0))
                doors[part.place] = (sorted([*known, *members(part)]), count + active)
            else:
                others.append((part.place, part.cause, sorted(members(part)), active))
    return sorted(others + [(place, "door", *found) for place, found in doors.items() if found[0]])

"""The promises (trust.md), checked after every step and, where that is costly, at the end."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from cases.chain import verify_chain
from cases.transitions import TRANSITIONS
from gateway.outbox import FINGERPRINTS_KEPT
from gateway.window import QUEUE_ROWS, WINDOW_ROWS
from hub import intake as hub_intake
from hub.core import Core
from model.anomaly import Anomaly, Phase
from model.case import ENDED_STATES, Case, HistoryItem, State
from model.reading import Reading

from . import truth
from .broken import expect
from .town import Gadget, registry_version, rules_version

if TYPE_CHECKING:
    from .world import World

SAME_FIRE = "fire"
LANES_AT_ONCE = 8  # rows of so many lanes may wait for one commit; what waits is never forgotten


def at_a_step(world: "World") -> None:
    """Check what is cheap to check."""
    _receipted_is_somewhere(world)
    _bounded(world)
    if world.hub.up:
        _no_rule_broke(world)
        _one_open_case_a_key(list(world.hub.desk.core.desk.open_cases()))


def at_the_end(world: "World") -> None:
    """Check everything, when all faults are healed and all that was taken had its receipt."""
    ledger = world.ledger
    idle = all(gateway.idle for gateway in world.gateways)
    expect(idle, "the outbox empties", _depths(world))
    kept = ledger.logged.keys() | ledger.destroyed
    gone = [uid for uid in ledger.acked if uid not in kept]
    expect(not gone, "every receipted event is in the log", f"uids {gone}")
    twice = [name for name, count in ledger.rows.items() if count > 1]
    expect(not twice, "a repeat is logged once", f"rows {twice}")
    _positions_hold(world)
    cases = world.hub.cases()
    history = {name: world.hub.store.history(name) for name in cases}
    for case in cases.values():
        _history_is_whole(case, history[case.id])
        _legal(history[case.id], case)
        _no_negative_age(case)
    _replays(world, cases, history)
    _fires(world, list(cases.values()))
    _devices_are_believed(world)


def _depths(world: "World") -> str:
    return ", ".join(f"{g.name}: {g.outbox.depth()}" for g in world.gateways)


def _receipted_is_somewhere(world: "World") -> None:
    """What a device was acknowledged for is in the log, or on a gateway's disk."""
    ledger = world.ledger
    open_ = [u for u in ledger.acked if u not in ledger.logged and u not in ledger.destroyed]
    if not open_:
        return
    kept = {
        int(reading.raw, 16)
        for gateway in world.gateways
        for payload in gateway.on_disk()
        for reading in msgspec.json.decode(payload, type=list[Reading])
    }
    if world.hub.up:
        missing = [uid for uid in open_ if uid not in kept]
        sent = [ledger.sent[uid] for uid in missing]
        expect(not missing, "what was receipted is on a disk", f"{missing} {sent}")


def _bounded(world: "World") -> None:
    for gateway in world.gateways:
        if gateway.up:
            expect(len(gateway.intake._prints) <= FINGERPRINTS_KEPT, "memory is bounded", "prints")
            for window in gateway.windows.values():
                held = len(window.sent), len(window.queue)
                expect(held[0] <= WINDOW_ROWS, "memory is bounded", f"window {held}")
                expect(held[1] <= QUEUE_ROWS + WINDOW_ROWS, "memory is bounded", f"queue {held}")
    if world.hub.up:
        seen = world.hub.intake._seen
        most = hub_intake.SEEN_KEPT + LANES_AT_ONCE
        expect(len(seen) <= most, "memory is bounded", "epochs of gateways")
        for name, rows in seen.items():
            held_rows = len(rows.rows)
            expect(held_rows <= hub_intake.ROWS_KEPT, "memory is bounded", f"rows of {name}")
            old = [first for first in rows.rows if first < rows.low]
            few = len(old) <= 2 * WINDOW_ROWS  # late repeats stay until the next row is new
            expect(few, "memory is bounded", f"{name} remembers {old} below {rows.low}")
            expect(not rows.pending, "nothing is pending between commits", f"{name}")


def _no_rule_broke(world: "World") -> None:
    desk = world.hub.desk
    expect(not desk.core.engine.failures, "no rule breaks", desk.core.engine.last_failure)
    expect(not desk.counters["defects"], "the desk does not break", "see the log")


def _one_open_case_a_key(cases: list[Case]) -> None:
    keys = Counter(case.key for case in cases)
    double = [key for key, count in keys.items() if count > 1]
    expect(not double, "no two open cases have one key", f"{double}")
    burning: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for case in cases:
        alive = any(m.ended_at is None and m.rule != "report" for m in case.members)
        if case.cause == SAME_FIRE and case.state not in ENDED_STATES and alive:
            burning[case.mode.value, case.cause, case.place].append(case.id)
    double = [f"{place}: {ids}" for place, ids in burning.items() if len(ids) > 1]
    expect(not double, "one fire is one case", f"{double}")


def _positions_hold(world: "World") -> None:
    """The desk is never ahead of the log, nor the rules' state ahead of the desk."""
    hub = world.hub
    desk, rules = hub.store.position("desk"), hub.store.position("rules")
    at = desk[1] if desk else 0
    expect(at <= hub.log.end, "the desk stands in the log", f"{at} > {hub.log.end}")
    expect((rules[1] if rules else 0) <= at, "the rules stand behind the desk", f"{rules} {at}")


def _history_is_whole(case: Case, items: list[HistoryItem]) -> None:
    wrong = verify_chain(items)
    expect(wrong is None, "the history is a whole chain", f"{case.id} line {wrong}")
    told = (case.history_length, case.history_hash)
    expect(told == (len(items), items[-1].hash), "the history is all there", f"{case.id} {told}")


def _legal(items: list[HistoryItem], case: Case) -> None:
    state = State.FILED
    for item in items:
        said = item.detail.get("state")
        if said is None:
            continue
        after = State(str(said))
        steps = [s for s, to in TRANSITIONS[state].items() if to is after]
        own = item.action == "resume"
        fits = any(str(step).split("_")[0] in item.action for step in steps) or item.action in {
            "rate", "revisit", "verify", "confirm", "force_close",
        }  # fmt: skip
        expect(
            steps and (fits or own), "only legal transitions", f"{case.id} {state}→{after} {item}"
        )
        state = after
    expect(state is case.state, "only legal transitions", f"{case.id} is {case.state}, not {state}")


def _no_negative_age(case: Case) -> None:
    for member in case.members:
        ended = member.started_at if member.ended_at is None else member.ended_at
        expect(ended >= member.started_at, "no negative age", f"{case.id} {member}")
    for at in (case.closed_at, case.resolved_at, case.acknowledged_at):
        expect(at is None or at >= case.opened_at, "no negative age", f"{case.id} {at}")


def _replays(world: "World", cases: dict[str, Case], history: dict[str, list[HistoryItem]]) -> None:
    """A new core over the whole log makes the same cases, histories and open anomalies, byte for byte."""
    core = Core(rules_version(), registry_version())
    again: dict[str, Case] = {}
    lines: dict[str, list[HistoryItem]] = defaultdict(list)
    for entry in world.hub.entries(0):
        step = core.step(entry)
        truth.judge(world.ledger, entry, step.anomalies)
        expect(not step.failed, "the desk does not break", "\n".join(step.failed))
        _fires_are_in_cases(core, step.anomalies)
        for change in step.changes:
            again[change.case.id] = change.case
            lines[change.case.id] += change.history
    live = world.hub.desk.core
    expect(
        again.keys() == cases.keys(),
        "a replay gives the same cases",
        f"{again.keys() ^ cases.keys()}",
    )
    for name, case in again.items():
        same = msgspec.json.encode(case) == msgspec.json.encode(cases[name])
        expect(same, "a replay gives the same bytes", _difference(cases[name], case))
        expect(lines[name] == history[name], "a replay gives the same history", name)
    expect(live.engine.open() == core.engine.open(), "a restart forgets no anomaly", "open()")
    _same_state(live, core)


def _fires_are_in_cases(core: Core, anomalies: Sequence[Anomaly]) -> None:
    """Nothing takes a fire away: not a walk test, not a lost gateway."""
    for anomaly in anomalies:
        if anomaly.category == SAME_FIRE and anomaly.phase is Phase.STARTED:
            held = core.desk._index.subject(anomaly.mode, SAME_FIRE, anomaly.subject)
            expect(held, "suppression never covers a fire", f"{anomaly.mode} {anomaly.subject}")


def _difference(stored: Case, replayed: Case) -> str:
    was, is_ = msgspec.to_builtins(stored), msgspec.to_builtins(replayed)
    names = sorted(name for name in was.keys() | is_.keys() if was.get(name) != is_.get(name))
    told = [f"{name}: stored {was.get(name)}, replayed {is_.get(name)}" for name in names]
    return f"{stored.id}: {'; '.join(told) or 'the order of things'}"


def _same_state(live: Core, again: Core) -> None:
    """What restarts rebuilt is what an uninterrupted run holds: devices, clocks, gateways."""
    for name in ("devices", "awake", "lost", "silent"):
        mine, other = getattr(live.engine.book, name), getattr(again.engine.book, name)
        expect(mine == other, "a restart is exact", f"{name}: {mine} {other}")
    mine, other = live.engine.book.gateways.rows, again.engine.book.gateways.rows
    expect(mine == other, "a restart is exact", f"gateways: {mine} {other}")
    tests = (live.engine.book.walk_tests.table.rows, again.engine.book.walk_tests.table.rows)
    expect(tests[0] == tests[1], "a restart is exact", f"walk tests: {tests}")


def _fires(world: "World", cases: list[Case]) -> None:
    """Every fire that a device was acknowledged for is in exactly one case, or in one per burst."""
    fires: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        for member in case.members:
            if member.rule == "fire-alarm":
                fires[member.subject].append(case)
    onsets = _onsets(world)
    for device, count in onsets.items():
        expect(fires[device], "every planted fire has a case", device)
        if device in world.ledger.tested:
            continue
        worked = sum(case.id in world.ledger.worked_on for case in fires[device])
        most = count + worked
        found = [case.id for case in fires[device]]
        expect(len(found) <= most, "no fire has two cases", f"{device} {count} {found}")
    sent = {device for device, message in world.ledger.sent.values() if message.says_fire}
    expect(fires.keys() <= sent, "no case without a fire", f"{fires.keys() - sent}")


def _onsets(world: "World") -> dict[str, int]:
    """Return how often each device began to burn, by what is in the log."""
    words: defaultdict[str, list[bool]] = defaultdict(list)
    for uid in sorted(world.ledger.sent):
        device, message = world.ledger.sent[uid]
        if uid in world.ledger.logged and "fire" in message.values and not message.historical:
            words[device].append(bool(message.values["fire"]))
    return {
        device: sum(word and (n == 0 or not said[n - 1]) for n, word in enumerate(said))
        for device, said in words.items()
        if any(said)
    }


def _devices_are_believed(world: "World") -> None:
    """What burns at the end burns in its case, and what was put out does not."""
    open_ = {a.subject for a in world.hub.desk.core.engine.open() if a.rule == "fire-alarm"}
    for gadget in world.gadgets.values():
        if _known(world, gadget):
            burns = gadget.name in open_
            epochs = world.ledger.epochs[gadget.name] | world.ledger.epochs[gadget.source]
            # Orders of two epochs are not compared: in doubt it burns on until its next word.
            right = burns is gadget.fire or (burns and len(epochs) > 1)
            expect(right, "a device is believed", f"{gadget.name} burns: {gadget.fire}")


def _known(world: "World", gadget: Gadget) -> bool:
    """Whether the hub can know how a device is: its words were not wiped with a gateway's disk."""
    if gadget.name in world.ledger.copied:
        return False
    speak = {gadget.name, gadget.source}  # a reset is said by what fronts it
    words = [uid for uid, (device, _) in world.ledger.sent.items() if device in speak]
    return all(uid not in world.ledger.destroyed for uid in words)

"""What the world knows to be true, whatever the product believes, and whether anomalies keep to it."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from model.anomaly import Anomaly, Phase
from model.codec import decode_heartbeat
from model.entry import Entry, EntryKind
from model.reading import Reading

from .broken import expect
from .town import WATCHED_S, Message

SLACK_S = 6  # a turn of the world, once at each end of a span
GATEWAY_LIMIT_S = 80


class Ledger:
    """Who sent what, what was acknowledged, lost with a disk, and logged."""

    def __init__(self) -> None:
        self.sent: dict[int, tuple[str, Message]] = {}  # uid -> device, message
        self.acked: list[int] = []
        self.destroyed: set[int] = set()  # wiped by a reinstallation, or expired, counted
        self.logged: dict[int, int] = {}  # uid -> position of the first entry with it
        self.rows: dict[tuple[str, str, str, int, str], int] = {}  # identity -> how often logged
        self.epochs: defaultdict[str, set[str]] = defaultdict(set)  # device -> of its words
        self.read_to = 0
        self.logged_s: dict[int, float] = {}  # position -> true time
        self.heard_s: defaultdict[str, list[float]] = defaultdict(list)  # by a gateway
        self.gateway_s: defaultdict[str, list[float]] = defaultdict(list)  # logged by the hub
        self.copies: dict[int, int] = {}  # uid of a retained copy -> uid of its original
        self.copied: set[str] = set()
        self.tested: set[str] = set()  # devices that were ever under a walk test
        self.worked_on: set[str] = set()  # ids of cases that people did something to
        self.cloned = False

    def give_up(self, payload: bytes) -> None:
        """Note what was lost with a disk, or expired to make room on it."""
        for reading in msgspec.json.decode(payload, type=list[Reading]):
            self.destroyed.add(int(reading.raw, 16))

    def take(self, entries: Sequence[Entry], now_s: float) -> None:
        """Read what the log holds now."""
        for entry in entries:
            self.read_to = entry.pos
            self.logged_s[entry.pos] = now_s
            if entry.kind is EntryKind.HEARTBEAT:
                self.gateway_s[decode_heartbeat(entry.payload).gateway].append(now_s)
            if entry.row is None:
                continue
            row = entry.row
            self.gateway_s[row.gateway].append(now_s)
            name = (row.gateway, row.epoch, str(row.lane), row.first, row.hash)
            self.rows[name] = self.rows.get(name, 0) + 1
            for reading in msgspec.json.decode(entry.payload, type=list[Reading]):
                self.logged.setdefault(int(reading.raw, 16), entry.pos)
                self.epochs[reading.device].add(row.epoch)


def judge(ledger: Ledger, entry: Entry, anomalies: Sequence[Anomaly]) -> None:
    """Compare what rules conclude at an entry with what is true."""
    for anomaly in anomalies:
        if anomaly.phase is not Phase.STARTED:
            continue
        if anomaly.historical:
            _is_news(ledger, entry, anomaly)
        elif anomaly.category == "silent" and anomaly.ended_by != "rule_changed":
            _was_silent(ledger, entry, anomaly)
        elif anomaly.category == "gateway_lost":
            _was_gone(ledger, entry, anomaly)


def _is_news(ledger: Ledger, entry: Entry, anomaly: Anomaly) -> None:
    """A retained copy of what the log held already opens nothing."""
    for uid, original in ledger.copies.items():
        device, _ = ledger.sent[uid]
        if device == anomaly.subject and ledger.logged.get(uid) == entry.pos:
            before = ledger.logged.get(original, entry.pos)
            expect(before >= entry.pos, "a retained message opens nothing", f"{device} {uid}")


def _was_silent(ledger: Ledger, entry: Entry, anomaly: Anomaly) -> None:
    """A silent device had really said nothing for its time, in the hub's order of things."""
    device = anomaly.subject
    if ledger.cloned or any(ledger.sent[uid][0] == device for uid in ledger.destroyed):
        return
    now_s = ledger.logged_s[entry.pos]
    times = [0.0, *(at for at in ledger.heard_s[device] if at < now_s), now_s]
    longest = max(after - before for before, after in pairwise(times))
    expect(longest >= WATCHED_S - SLACK_S, "who is called silent was silent", f"{device} {longest}")


def _was_gone(ledger: Ledger, entry: Entry, anomaly: Anomaly) -> None:
    """A lost gateway left its last will, or was not heard for its time."""
    if entry.kind is EntryKind.HEARTBEAT and decode_heartbeat(entry.payload).state == "lost":
        return
    now_s = ledger.logged_s[entry.pos]
    last = ledger.gateway_s.get(anomaly.subject.removeprefix("gateway:"), [0.0])
    before = max((at for at in last if at < now_s), default=0.0)
    gap = now_s - before
    told = f"{anomaly.subject} after {gap} s"
    expect(gap >= GATEWAY_LIMIT_S - SLACK_S, "who is called lost was gone", told)

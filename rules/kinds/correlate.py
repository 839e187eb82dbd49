"""Raises an anomaly when conditions over several devices of one place hold at the same time.

The pump runs and the pressure stays low; smoke, and it gets hot. Each member is met by any of its
devices. What a device said longer ago than it is fresh proves nothing: it neither starts an
anomaly nor ends one.
"""

from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly, Evidence
from model.reading import Mode
from rules.book import Book
from rules.contract import Interest, Observation
from rules.expression import Expression
from rules.finding import begun_at, evidence, fits, started
from rules.in_turn import TICK_MS, InTurn, Row
from rules.specs import CorrelateSpec
from rules.timeline import Queued

FRESH_MS = 600_000
"""How long a word is believed of a device without a contract, if the rule does not say (our assumption)."""

REMEMBERED_MS = 26 * 3_600_000
WORDS_MAX = 200
"""So many devices of one place are remembered; beyond it the one that spoke longest ago is dropped."""


class Word(msgspec.Struct, gc=False):
    """Whether a device met its member when it last said so, and until when that is believed."""

    member: str
    met: bool
    at: int
    until: int
    mode: Mode
    evidence: Evidence
    floor: str = ""  # where the registry names one


class Scene(Row):
    """The newest word of each device for each member, and since when all members are met."""

    words: dict[str, Word] = msgspec.field(default_factory=dict)
    since: int = 0  # 0: not all are met
    last: Observation | None = None  # that made them all met


class CorrelateRule(InTurn[Scene]):
    """Watches places for conditions that hold together."""

    def __init__(self, spec: CorrelateSpec, book: Book) -> None:
        fresh = {name: one.fresh_for or spec.fresh_for for name, one in spec.members.items()}
        lasts = max(span or REMEMBERED_MS for span in fresh.values())
        super().__init__(spec, book, Scene, lasts=lasts)
        self._spec = spec
        self._members = spec.members
        self._fresh = fresh
        self._hot: set[str] = set()  # devices that meet a member; the others sleep
        self._sleeping = self._lateness == 0  # else a word that comes late must find all others
        whens = [member.when for member in spec.members.values()]
        kinds = [member.devices.kinds for member in spec.members.values()]
        self.interest = Interest(
            frozenset(kind for some in kinds for kind in some) if all(kinds) else frozenset(),
            frozenset(),
            _asleep(whens) if self._sleeping else {},
            frozenset[str]().union(
                *(when.names for when in whens if not (self._sleeping and when.sleeps))
            ),
        )

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading that says whether a member is met."""
        reading, place = seen.reading, seen.place
        if reading.historical or place is None:
            return ()
        if not self._sleeping and self.interest.streams.isdisjoint(reading.values):
            return ()  # it came for another rule's sake
        where = place.compound if self._spec.by == "compound" else place.building
        verdicts = [
            member.when.test(reading.values)
            for member in self._members.values()
            if fits(member.devices, reading, seen.role)
        ]
        if not where or (True not in verdicts and False not in verdicts):
            return ()
        if self._sleeping and reading.device not in self._hot:
            # An old word may have been taken back by one that was not seen here.
            if seen.stale or True not in verdicts:
                return ()
            self._hot.add(reading.device)
        return self._arrive(f"place:{where}", seen)

    def holds(self, device: str) -> bool:
        """Return whether the device meets a member, so that what it says next matters."""
        return self._sleeping and device in self._hot

    def restore(self, subject: str, state: bytes) -> None:
        """Put one row back."""
        super().restore(subject, state)
        row = self._rows.rows.get(subject)
        if row is not None:
            self._hot |= {word.evidence.device for word in row.words.values() if word.met}

    def explain(self, subject: str) -> str:
        """Say of each member who meets it, who does not, and whose word is too old."""
        place = subject if subject.startswith("place:") else f"place:{subject}"
        rule = f"{self.id}: {self._text()}"
        row = self._rows.rows.get(place) or next(
            (row for row in self._rows.rows.values() if subject in _devices(row)), None
        )
        if row is None:
            return f"{rule}; {subject} has no word of any member"
        now = row.line.newest + self._book.awake + TICK_MS - row.line.newest_awake
        lines = [self._member_told(name, row, now) for name in self._members]
        state = "open" if row.active else "not all are met"
        if row.since and not row.active:
            left = (row.since + self._spec.hold - now) / 1000
            state = f"all are met since {row.since}; starts when it is so for {left:g} s more"
        return f"{rule}; {subject} {state}; {'; '.join(lines)}"

    def _member_told(self, name: str, row: Scene, now: int) -> str:
        when = self._members[name].when
        told = []
        for word in row.words.values():
            if word.member == name:
                age = f"{(now - word.at) / 1000:g} s ago"
                old = "" if now <= word.until else ", too old: proves nothing"
                told.append(f"{word.evidence.device} {age}{old}: {when.told(word.evidence.values)}")
        return f"{name}: {', '.join(told) or f'nobody has said {when}'}"

    def _text(self) -> str:
        parts = [f"{name}: {member.when}" for name, member in self._members.items()]
        hold = f" for {self._spec.hold / 1000:g} s" if self._spec.hold else ""
        where = "on one floor" if self._spec.by == "floor" else f"in one {self._spec.by}"
        return f"{' and '.join(parts)}, {where}{hold}"

    def _tests_over(self, row: Scene) -> None:
        kept = {key: word for key, word in row.words.items() if word.mode is not Mode.TEST}
        if len(kept) < len(row.words):
            row.words, row.since = kept, 0

    def _timer(self, row: Scene) -> int | None:
        """Return when the hold time is over, or before it a word too old."""
        if not row.since or row.last is None:
            return None
        met = self._met(row, row.since, row.last.reading.mode)
        stale = min((word.until + 1 for word in met.values()), default=0)
        return min(row.since + self._spec.hold, stale)

    def _time_over(self, subject: str, row: Scene, at: int) -> list[Anomaly]:
        if row.last is None or at < row.since + self._spec.hold:
            row.since = 0
            self._noticed("too_old")
            return []
        return self._conclude(subject, row)

    def _take(self, subject: str, row: Scene, said: Queued) -> list[Anomaly]:
        seen, at = said.seen, said.turn[0]
        reading, place = seen.reading, seen.place
        floor = place.floor if place else ""
        for name, member in self._members.items():
            verdict = member.when.test(reading.values)
            if verdict is None or not fits(member.devices, reading, seen.role):
                continue
            until = at + self._fresh_ms(name, reading.device)
            row.words[f"{name} {reading.device}"] = Word(
                name, verdict, at, until, reading.mode, evidence(seen), floor
            )
        if self._sleeping:
            self._cool(row, reading.device)
        if len(row.words) > WORDS_MAX:
            del row.words[min(row.words, key=lambda key: (row.words[key].at, key))]
        met = self._met(row, at, reading.mode)
        if len(met) < len(self._members):
            return self._not_all(row, said)
        if row.active and row.active.mode in {Mode.REAL, reading.mode}:
            return []
        if not row.since or (row.last and row.last.reading.mode is not reading.mode):
            row.since, row.last = at, seen
        return self._conclude(subject, row) if self._spec.hold == 0 else []

    def _cool(self, row: Scene, device: str) -> None:
        """Let a device sleep that meets nothing."""
        if any(word.met for word in row.words.values() if word.evidence.device == device):
            self._hot.add(device)
        else:
            self._hot.discard(device)

    def _not_all(self, row: Scene, said: Queued) -> list[Anomaly]:
        """Take it that not all are met; only a member that is denied afresh ends what is open."""
        mode = said.seen.reading.mode
        if row.since and row.last and row.last.reading.mode is mode:
            row.since = 0
            self._noticed("held_but_cleared")
        if row.active is None or mode not in {Mode.REAL, row.active.mode}:
            return []
        words = row.words.values()
        for name in self._members:
            mine = [word for word in words if word.member == name]
            denied = any(not word.met and said.at <= word.until for word in mine)
            if denied and not any(word.met for word in mine):
                return self._end(row, at=said.at, by="normal", said=said)
        self._noticed("kept_in_doubt")
        return []

    def _met(self, row: Scene, at: int, mode: Mode) -> dict[str, Word]:
        """Return for each member the newest word that meets it, is believed at that time, and of the mode.

        By floor they are of one floor; a device without one may be on any.
        """
        words = [w for w in row.words.values() if w.met and w.mode is mode and at <= w.until]
        if self._spec.by != "floor":
            return _newest(words)
        newest_first = sorted(words, key=lambda word: -word.at)
        found: dict[str, Word] = {}
        for floor in dict.fromkeys(word.floor for word in newest_first):
            one = _newest([word for word in words if word.floor in {floor, ""}])
            if len(one) > len(found):
                found = one
        return found

    def _fresh_ms(self, name: str, device: str) -> int:
        said = self._fresh[name]
        if said is not None:
            return said
        known = self._book.registry.devices.get(device)
        return (known.silent_after_s * 1000 if known else 0) or FRESH_MS

    def _conclude(self, subject: str, row: Scene) -> list[Anomaly]:
        last, at, row.since = row.last, row.since, 0
        if last is None:
            return []
        met = self._met(row, at, last.reading.mode)
        told = [
            f"{name}: {word.evidence.device} {self._members[name].when.told(word.evidence.values)}"
            for name, word in met.items()
        ]
        note = self._spec.note if self._spec.corroborates else ""
        parts = [*told, self._text(), *([note] if note else [])]
        anomaly = started(self._spec, last, facts="; ".join(parts))
        anomaly = begun_at(anomaly, at, subject=subject)
        proof = tuple(word.evidence for word in met.values())
        return self._begin(
            row,
            msgspec.structs.replace(
                anomaly, evidence=proof, corroborates=bool(self._spec.corroborates)
            ),
        )


def _devices(row: Scene) -> set[str]:
    return {word.evidence.device for word in row.words.values()}


def _newest(words: list[Word]) -> dict[str, Word]:
    """Return the newest word of each member; of two at once, the first."""
    found: dict[str, Word] = {}
    for word in words:
        best = found.get(word.member)
        if best is None or word.at > best.at:
            found[word.member] = word
    return found


def _asleep(whens: list[Expression]) -> dict[str, tuple[float, float]]:
    """Return where no member that sleeps can be met; of one quantity in two, where neither can."""
    joined: dict[str, tuple[float, float]] = {}
    for when in whens:
        for name, (low, high) in when.sleeps.items():
            known = joined.get(name, (low, high))
            joined[name] = (max(low, known[0]), min(high, known[1]))
    return joined

"""Keeps what people expect from the desk 静默: recorded, counted, and opened when the silence ends.

Pure: the log's time and the registry are arguments. A fire is never hidden, nor are its first signs or
whatever is critical: a silence over emergencies holds back their sound, not their case, and needs a second
person (decision 011). They are all called emergencies here.
"""

from collections.abc import Iterable, Sequence

import msgspec

from model.anomaly import Anomaly, Phase, Severity
from model.errors import Refused
from model.place import Registry
from model.silence import Deed, Muted, Silence, SilenceOrder

from .grouping import spot_of
from .muting import check, covers, quiet, same_order, speaks_up, too_early, worn_out
from .people import named
from .taxonomy import category, is_never_hidden

SILENCES = "_silences"
"""The name under which their rows stand beside those of the rules."""

MUTED_MAX = 500
"""So many of what a silence muted are listed; all are counted, by category."""

RUNNING_MAX = 500
UNHEARD_MS = 2 * 60_000
"""So much waking time after it was kept quiet an emergency that nobody acknowledged is told aloud."""

KEPT = 200
"""So many ended silences are remembered, for the hand-over and the monthly record."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Silence)


class Turn(msgspec.Struct, frozen=True):
    """What the passing of time, or a person, did to silences."""

    began: tuple[Silence, ...] = ()
    over: tuple[Silence, ...] = ()
    released: frozenset[str] = frozenset()  # keys that no silence keeps from the desk any more
    aloud: frozenset[str] = frozenset()  # keys of emergencies that no silence keeps quiet any more
    unheard: frozenset[str] = frozenset()  # keys to be told aloud unless somebody acknowledged them


class Silences:
    """All silences of a hub; without a running one, `sift` gives back what it was given."""

    def __init__(self) -> None:
        self._rows: dict[str, Silence] = {}
        self._changed: set[str] = set()
        self._active: dict[str, Silence] = {}  # replaced, never changed: others read it beside us
        self._waiting: set[str] = set()
        self._unhidden: set[str] = set()  # held by an older version, and never to be hidden

    def order(self, order: SilenceOrder, registry: Registry, *, now: int, awake: int) -> Turn:
        """Do what a person asks; an order that was taken before changes nothing. Raises Refused."""
        if order.deed is Deed.CREATE:
            self._create(order, registry, now=now)
        elif order.deed is Deed.APPROVE:
            self._approve(order, now=now)
        else:
            return self._end([self._known(order)], at=now, by=order.actor)
        return self.tick(at=now, awake=awake)

    def tick(self, *, at: int, awake: int) -> Turn:
        """Begin what is due and end what is over, by the clock or by as much waking time."""
        if not self._active and not self._waiting:
            return Turn()
        lapsed = [s for name in sorted(self._waiting) if (s := self._rows[name]).ends_at <= at]
        began = [
            s
            for name in sorted(self._waiting)
            if (s := self._rows[name]).starts_at <= at < s.ends_at and s.state == "planned"
        ]
        for silence in began:
            silence.began_at, silence.began_awake = at, awake
            self._waiting.discard(silence.id)
            self._active = {**self._active, silence.id: silence}
            self._changed.add(silence.id)
        running = [self._active[name] for name in sorted(self._active)]
        early = [s for s in running if too_early(s, at)]
        over = [s for s in running if s.ends_at <= at or worn_out(s, awake)]
        unheard = self._unheard(awake)
        turn = self._end([*lapsed, *over], at=at, by="hub", early=early)
        return msgspec.structs.replace(
            turn, began=tuple(began), unheard=turn.unheard | frozenset(unheard)
        )

    def unhidden(self) -> frozenset[str]:
        """Return once the keys that a silence of an older version held and that nothing may hide."""
        found, self._unhidden = frozenset(self._unhidden), set()
        return found

    def sift(
        self, anomalies: Sequence[Anomaly], registry: Registry, *, awake: int
    ) -> Sequence[Anomaly]:
        """Return what the desk is to receive; the rest is written down and held."""
        if not self._active or not anomalies:
            return anomalies
        passed = (self._sifted(anomaly, registry, awake) for anomaly in anomalies)
        return [anomaly for anomaly in passed if anomaly is not None]

    def listed(self) -> list[Silence]:
        """Return copies of all silences: those that have not ended first, then the newest."""
        order = sorted(
            self._rows.values(), key=lambda s: (s.ended_at is not None, -s.created_at, s.id)
        )
        return [_copy(silence) for silence in order]

    def active(self) -> tuple[Silence, ...]:
        """Return those that hold now; cheap, for every page."""
        return tuple(self._active.values())

    def dirty(self) -> list[tuple[str, str, bytes]]:
        """Return the rows that changed since the last call (empty bytes: gone)."""
        changed, self._changed = self._changed, set()
        rows = self._rows
        return [
            (SILENCES, name, _encoder.encode(rows[name]) if name in rows else b"")
            for name in sorted(changed)
        ]

    def restore(self, name: str, state: bytes) -> None:
        """Put one silence back; raises msgspec.DecodeError on bytes of another shape."""
        if not state:
            self._rows.pop(name, None)
            return
        silence = self._rows[name] = _decoder.decode(state)
        for key in silence.quiet:  # rows of before `quiet_since`
            silence.quiet_since.setdefault(key, silence.began_awake)
        if silence.ended_at is not None:
            return
        for muted in silence.muted:  # of before first signs and critical things were never hidden
            kind = category(muted.category, Severity(muted.severity))
            if muted.key in silence.held and is_never_hidden(kind, Severity(muted.severity)):
                del silence.held[muted.key]
                self._unhidden.add(muted.key)
                self._changed.add(name)
        if silence.began_at is None:
            self._waiting.add(name)
        else:
            self._active = {**self._active, name: silence}

    def _create(self, order: SilenceOrder, registry: Registry, *, now: int) -> None:
        if (known := self._rows.get(order.id)) is not None:
            if same_order(known, order, now=now):
                return
            raise Refused(f"another silence has the id {order.id} (编号已被占用)", missing=("id",))
        check(order, registry, now=now)
        if len(self._active) + len(self._waiting) >= RUNNING_MAX:
            raise Refused(
                f"{RUNNING_MAX} silences are running or planned (静默过多): end some first"
            )
        silence = Silence(
            id=order.id,
            scope=order.scope,
            author=order.actor,
            reason=order.reason,
            created_at=now,
            starts_at=max(now, order.starts_at),
            ends_at=order.ends_at,
            emergencies=order.emergencies,
            patrol=order.patrol,
        )
        self._rows[silence.id] = silence
        self._waiting.add(silence.id)
        self._changed.add(silence.id)
        self._forget_oldest()

    def _approve(self, order: SilenceOrder, *, now: int) -> None:
        silence = self._known(order)
        if silence.approved_by or not silence.emergencies:
            return
        if silence.ended_at is not None:
            raise Refused(f"the silence {silence.id} has ended (已结束)")
        if named(order.actor) == named(silence.author):
            raise Refused(
                "a silence over emergencies needs a second person (须由第二人批准)",
                missing=("second_person",),
            )
        silence.approved_by, silence.approved_at = order.actor, now
        self._changed.add(silence.id)

    def _known(self, order: SilenceOrder) -> Silence:
        silence = self._rows.get(order.id)
        if silence is None:
            raise Refused(f"there is no silence {order.id}", missing=("silence",))
        return silence

    def _end(
        self, ended: Iterable[Silence], *, at: int, by: str, early: Iterable[Silence] = ()
    ) -> Turn:
        """End silences, and let go what they keep; those that began too `early` wait again."""
        over = [silence for silence in ended if silence.ended_at is None]
        for silence in over:
            silence.ended_at, silence.ended_by = max(silence.created_at, at), by
            self._waiting.discard(silence.id)
        again = [silence for silence in early if silence.ended_at is None]
        if not over and not again:
            return Turn()
        turn = self._let_go([*over, *again])
        for silence in again:
            silence.began_at, silence.began_awake = None, 0
            self._waiting.add(silence.id)
        self._forget_oldest()
        return turn

    def _let_go(self, over: list[Silence]) -> Turn:
        released: set[str] = set()
        aloud: set[str] = set()
        unheard: set[str] = set()
        for silence in over:
            released.update(silence.held)
            aloud.update(silence.quiet)
            unheard.update(silence.quiet_since)
            silence.held, silence.quiet, silence.quiet_since = {}, {}, {}
            self._changed.add(silence.id)
        gone = {silence.id for silence in over}
        self._active = {name: s for name, s in self._active.items() if name not in gone}
        for silence in self._active.values():
            released.difference_update(silence.held)
            aloud.difference_update(silence.quiet)
            unheard.difference_update(silence.quiet_since)
        copies = tuple(_copy(silence) for silence in over if silence.began_at is not None)
        return Turn((), copies, frozenset(released), frozenset(aloud), frozenset(unheard))

    def _unheard(self, awake: int) -> set[str]:
        """Return what was kept quiet for too long, by waking time: no clock keeps a fire quiet."""
        found: set[str] = set()
        for silence in self._active.values():
            since = silence.quiet_since
            due = [key for key, told in since.items() if not 0 <= awake - told <= UNHEARD_MS]
            found.update(due)
            for key in due:
                if key not in silence.quiet:  # it ended meanwhile
                    del since[key]
                    self._changed.add(silence.id)
        return found

    def _sifted(self, anomaly: Anomaly, registry: Registry, awake: int) -> Anomaly | None:
        """Return an anomaly as the desk is to have it, or None when it is held."""
        keeping = [s for s in self._active.values() if anomaly.key in s.held]
        if keeping:
            if anomaly.phase is Phase.ENDED:
                self._note_end(keeping, anomaly)
            return None
        quieting = [s for s in self._active.values() if anomaly.key in s.quiet]
        if quieting:
            if anomaly.phase is Phase.ENDED:
                self._note_end(quieting, anomaly)
            return anomaly if speaks_up(anomaly) else quiet(anomaly)
        if anomaly.phase is not Phase.STARTED:
            return anomaly
        return self._first(anomaly, registry, awake)

    def _first(self, anomaly: Anomaly, registry: Registry, awake: int) -> Anomaly | None:
        kind = category(anomaly.category, anomaly.severity)
        place = spot_of(anomaly, kind, registry).place
        found = [s for s in self._active.values() if covers(s.scope, anomaly, place)]
        emergency = is_never_hidden(kind, anomaly.severity)
        if emergency:
            found = [s for s in found if s.emergencies]
        if not found:
            return anomaly
        for silence in found:
            (silence.quiet if emergency else silence.held)[anomaly.key] = anomaly.subject
            if emergency:
                silence.quiet_since[anomaly.key] = awake
            self._write(silence, anomaly, emergency=emergency)
        if not emergency:
            return None
        return anomaly if speaks_up(anomaly) else quiet(anomaly)

    def _write(self, silence: Silence, anomaly: Anomaly, *, emergency: bool) -> None:
        silence.count += 1
        silence.counts[anomaly.category] = silence.counts.get(anomaly.category, 0) + 1
        self._changed.add(silence.id)
        if len(silence.muted) < MUTED_MAX:
            muted = Muted(
                key=anomaly.key,
                rule=anomaly.rule,
                subject=anomaly.subject,
                category=anomaly.category,
                severity=anomaly.severity.value,
                at=anomaly.started_at,
                emergency=emergency,
            )
            silence.muted.append(muted)

    def _note_end(self, silences: list[Silence], anomaly: Anomaly) -> None:
        for silence in silences:
            silence.held.pop(anomaly.key, None)
            silence.quiet.pop(anomaly.key, None)
            for muted in silence.muted:
                if muted.key == anomaly.key:
                    muted.ended_at = anomaly.ended_at
            self._changed.add(silence.id)

    def _forget_oldest(self) -> None:
        over = [s for s in self._rows.values() if s.ended_at is not None]
        for silence in sorted(over, key=lambda s: (s.ended_at or 0, s.id))[:-KEPT]:
            del self._rows[silence.id]
            self._changed.add(silence.id)


def _copy(silence: Silence) -> Silence:
    return _decoder.decode(_encoder.encode(silence))

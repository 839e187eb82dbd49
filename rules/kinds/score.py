"""Raises an anomaly when weak evidence of several kinds adds up in one building or grid.

Each factor is what devices say, a quantity beyond a limit, or another rule's anomalies. The sum fades
by data times alone; it starts at `start` and ends, to the millisecond, when it has faded to `clear`.
"""

from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly, Phase
from model.entry import Tick
from model.place import Place
from model.reading import Event, Mode, Reading
from rules.book import Book
from rules.clocks import in_time
from rules.contract import Observation, Over
from rules.crowd import named
from rules.factors import CLEARED, HOLDS, interest, says
from rules.finding import ended, fits, of_walk_test
from rules.heard import Heard, concluded, heard
from rules.specs import ScoreSpec
from rules.specs.score import Factor
from rules.states import StateTable
from rules.turns import TICK_MS, Wakes, due, enter, taken
from rules.weights import Scene, evidence, falls_at, forget_faded, last_at, note, told, total


class ScoreRule:
    """Watches places for evidence that adds up."""

    ticks = True

    def __init__(self, spec: ScoreSpec, book: Book) -> None:
        self.id, self.hash = spec.id, spec.hash
        self._spec, self._book = spec, book
        self._factors = {factor.name: factor for factor in spec.factors}
        self._scenes = StateTable(Scene)
        self._wakes = Wakes()
        self._holding: dict[str, set[tuple[str, str]]] = {}  # device -> (scene, factor)
        self.interest = interest(spec)

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; what it gives to which factor counts when its turn has come."""
        reading, found = seen.reading, []
        subject = self._subject(seen.place, reading.mode)
        if (
            subject is None
            or reading.historical
            or not fits(self._spec.devices, reading, seen.role)
        ):
            return ()
        newest = self._newest(reading.device) if seen.stale else None
        for factor in self._spec.factors:
            value = says(factor, reading)
            if value is None:
                continue
            if value == CLEARED and (subject, factor.name) not in self._holding.get(
                reading.device, ()
            ):
                continue
            said = heard(seen, awake=self._book.awake, value=value, word=factor.name)
            found += self._enter(subject, said, hub=seen.logged_at)
            if newest is not None and value == HOLDS and says(factor, newest) == CLEARED:
                again = msgspec.structs.replace(seen, reading=newest)
                over = heard(again, awake=self._book.awake, value=CLEARED, word=factor.name)
                found += self._enter(subject, over, hub=seen.logged_at)
        return found

    def hear(self, anomalies: Sequence[Anomaly]) -> Sequence[Anomaly]:
        """Take what other rules concluded: it holds from its start to its end."""
        found: list[Anomaly] = []
        for anomaly in anomalies:
            if anomaly.rule == self.id or anomaly.historical:
                continue
            subject = self._subject(self._place(anomaly), anomaly.mode)
            for factor in self._spec.factors if subject else ():
                if anomaly.category in factor.categories or anomaly.rule in factor.rules:
                    said = self._of_rule(anomaly, factor)
                    found += self._enter(subject or "", said, hub=self._book.now)
        return found

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Take what has waited long enough, and let evidence fade."""
        found: list[Anomaly] = []
        for subject in self._wakes.over(tick.awake):
            scene = self._scenes.rows.get(subject)
            if scene is not None:
                found += self._advance(subject, scene)
        return sorted(found, key=lambda anomaly: (anomaly.last_at, anomaly.subject))

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows."""
        return self._scenes.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one place back."""
        self._scenes.restore(subject, state)
        scene = self._scenes.rows.get(subject)
        if scene is None:
            return
        for name, traces in scene.traces.items():
            for who, trace in traces.items():
                if trace.holds:
                    self._holding.setdefault(who, set()).add((subject, name))
        for said in scene.waiting:
            if said.value == HOLDS:
                self._holding.setdefault(said.device, set()).add((subject, said.word))
        self._plan(subject, scene)

    def holds(self, device: str) -> bool:
        """Return whether the device says something that lasts: it may take it back."""
        return device in self._holding

    def open(self) -> Sequence[Anomaly]:
        """Return what has started and not ended."""
        rows = self._scenes.rows
        return [anomaly for key in sorted(rows) if (anomaly := rows[key].anomaly) is not None]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """End what a walk test added up to; what its devices still say counts as real from now on."""
        found: list[Anomaly] = []
        for subject in sorted(self._scenes.rows):
            scene = self._scenes.rows[subject]
            traces = [(n, w, t) for n, by in scene.traces.items() for w, t in by.items()]
            if not subject.endswith(f"#{Mode.TEST.value}") or any(
                over.tested(who) for _, who, _ in traces
            ):
                continue
            if scene.anomaly is not None and of_walk_test(scene.anomaly):
                found.append(ended(scene.anomaly, at=over.at, by="walk_test_over"))
            self._drop(subject)
            for name, who, trace in traces:
                if trace.holds and not (
                    self._factors[name].categories or self._factors[name].rules
                ):
                    mode, said = over.mode(who), trace.said
                    said.at, said.mode, said.quality = max(over.at, said.at), mode, ()
                    said.awake = self._book.awake
                    found += self._enter(named(subject.partition("#")[0][6:], mode), said)
        return found

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._scenes.rows)

    def explain(self, subject: str) -> str:
        """Say the sum against start and clear, what each factor gives, and when it will be over."""
        spec, scene = self._spec, self._scenes.rows.get(subject)
        rule = f"{self.id}: starts at {spec.start:g}, ends at {spec.clear:g}"
        if scene is None:
            return f"{rule}; no evidence in {subject}"
        now = max(scene.at, self._now(scene))
        words = [
            f"{rule}; {subject}: {total(spec.factors, scene, now):.2f} of {told(spec.factors, scene, now)}"
        ]
        if scene.anomaly is not None:
            end = falls_at(spec.factors, scene, spec.clear, until=last_at(spec.factors, scene))
            words.append(f"open; ends at {end} if nothing comes" if end else "open; lasts")
        if scene.waiting:
            words.append(f"{len(scene.waiting)} readings wait for earlier ones")
        return "; ".join(words)

    def _newest(self, device: str) -> Reading:
        """Return all that a device said newest, as of its newest Reading."""
        row = self._book.devices[device]
        return msgspec.structs.replace(row.last, values=row.values, event=Event.NONE)

    def _subject(self, place: Place | None, mode: Mode) -> str | None:
        name = getattr(place, self._spec.place) if place is not None else ""
        return named(name, mode) if name else None

    def _place(self, anomaly: Anomaly) -> Place | None:
        registry = self._book.registry
        if anomaly.subject.startswith("place:"):
            return registry.place(anomaly.subject.removeprefix("place:"))
        return registry.place_of(anomaly.subject)

    def _of_rule(self, anomaly: Anomaly, factor: Factor) -> Heard:
        over = anomaly.ended_at if anomaly.phase is Phase.ENDED else None
        return Heard(
            at=anomaly.started_at if over is None else over,
            order=int(over is not None),
            id=anomaly.key,
            device=anomaly.subject,
            awake=self._book.awake,
            value=HOLDS if over is None else CLEARED,
            word=factor.name,
            event=anomaly.category,
            mode=anomaly.mode,
            compound=anomaly.compound,
            quality=anomaly.quality,
        )

    def _enter(self, subject: str, said: Heard, *, hub: int | None = None) -> list[Anomaly]:
        scene = self._scenes.rows.get(subject) or Scene(compound=said.compound)
        if hub is not None:
            said = in_time(scene, said, hub=hub)
        self._scenes.put(subject, scene)
        if not enter(scene.waiting, said):
            return []
        if said.value == HOLDS:
            self._holding.setdefault(said.device, set()).add((subject, said.word))
        return self._advance(subject, scene)

    def _now(self, scene: Scene) -> int:
        """Return the data time up to which everything has come and was taken."""
        now = scene.at + self._book.awake - scene.awake - self._spec.lateness - TICK_MS
        return min(now, scene.waiting[0].at) if scene.waiting else now

    def _advance(self, subject: str, scene: Scene) -> list[Anomaly]:
        """Bring a place up to date: each change at its own data time."""
        found: list[Anomaly] = []
        lateness, factors = self._spec.lateness, self._spec.factors
        for said in taken(scene.waiting, awake=self._book.awake, lateness=lateness):
            if scene.at:
                found += self._fade(scene, until=said.at)
            self._note(subject, scene, said)
            if said.at >= scene.at:
                scene.at, scene.awake = said.at, said.awake
            found += self._judge(subject, scene, said)
        if scene.at:
            now = self._now(scene)
            found += self._fade(scene, until=now)
            forget_faded(factors, scene, max(now, scene.at))
        if scene.waiting or scene.traces or scene.anomaly:
            self._scenes.put(subject, scene)
            self._plan(subject, scene)
        else:
            self._drop(subject)
        return found

    def _note(self, subject: str, scene: Scene, said: Heard) -> None:
        holds = said.value == HOLDS
        note(self._factors[said.word], scene, said, holds=holds)
        trace = scene.traces.get(said.word, {}).get(said.device)
        waits = any(
            other.value == HOLDS and (other.device, other.word) == (said.device, said.word)
            for other in scene.waiting
        )
        if waits or (trace is not None and trace.holds):
            self._holding.setdefault(said.device, set()).add((subject, said.word))
        else:
            self._let_go(subject, said.device, said.word)

    def _let_go(self, subject: str, device: str, factor: str) -> None:
        held = self._holding.get(device, set())
        held.discard((subject, factor))
        if not held:
            self._holding.pop(device, None)

    def _judge(self, subject: str, scene: Scene, said: Heard) -> list[Anomaly]:
        spec = self._spec
        if scene.anomaly is not None or said.value == CLEARED:
            return []
        score = total(spec.factors, scene, scene.at)
        if score < spec.start:
            return []
        scene.anomaly = concluded(
            spec,
            said,
            facts=f"score 评分 {score:.1f}, limit 阈值 {spec.start:g}: {told(spec.factors, scene, scene.at)}",
            subject=subject.partition("#")[0],
            at=scene.at,
            evidence=evidence(spec.factors, scene, scene.at),
        )
        return [scene.anomaly]

    def _fade(self, scene: Scene, *, until: int) -> list[Anomaly]:
        anomaly = scene.anomaly
        if anomaly is None:
            return []
        end = falls_at(self._spec.factors, scene, self._spec.clear, until=until)
        if end is None:
            return []
        scene.anomaly = None
        return [ended(anomaly, at=end, by="normal")]

    def _plan(self, subject: str, scene: Scene) -> None:
        """Note when something may change here without another word."""
        spec, soon = self._spec, []
        if scene.waiting:
            soon.append(due(scene.waiting, spec.lateness))
        if scene.at:
            faded = last_at(spec.factors, scene)
            end = scene.anomaly and falls_at(spec.factors, scene, spec.clear, until=faded)
            if end or faded > scene.at:
                soon.append(scene.awake + (end or faded + 1) - scene.at + spec.lateness + TICK_MS)
        if soon:
            self._wakes.plan(subject, max(min(soon), self._book.awake))

    def _drop(self, subject: str) -> None:
        scene = self._scenes.rows.get(subject)
        for name, traces in scene.traces.items() if scene else ():
            for who in traces:
                self._let_go(subject, who, name)
        self._scenes.drop(subject)

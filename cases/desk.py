"""The case desk (受理台): anomalies, reports, actions and time in; changes of cases out.

Deterministic: the same calls in the same order give the same cases, ids and history hashes, and a
desk that was restored goes on as one that was never interrupted. No clock: `now` is hub time (ms).
"""

from collections.abc import Iterable, Mapping

import msgspec

from model.anomaly import Anomaly, Phase
from model.case import ENDED_STATES, Case, Change, EventClass
from model.entry import Action, Report
from model.errors import Refused
from model.place import Contact, Registry
from model.ports import HealthView

from . import fields, opening, timing, topology
from .actions import apply
from .budget import Budget
from .closing import HUB
from .dossier import Dossier, Line
from .ending import Desktop
from .finding import find, finer, gathering, noted_beside, starts_anew
from .grouping import Spot, spot_of
from .joining import join, news_of, of_walk_test
from .policy import Policy
from .rearming import heard_again
from .shelf import Shelf
from .taxonomy import CALLED, Category, category, reported_category
from .unmuting import unmuted


class Desk:
    """Holds the cases that somebody still has to work on, and those closed not long ago."""

    def __init__(
        self, registry: Registry, health: HealthView, policy: Policy | None = None
    ) -> None:
        self._registry = registry
        self._health = health
        self._policy = policy or Policy()
        self._shelf = Shelf()
        self._index = self._shelf.index
        self._by_anomaly = self._shelf.by_anomaly
        self._budget = Budget(self._policy)
        self._ordinals: dict[tuple[str, str], int] = {}

    @property
    def policy(self) -> Policy:
        """Return the figures that hold at this site."""
        return self._policy

    def restore(
        self, cases: Iterable[Case], ordinals: Mapping[tuple[str, str], int] | None = None
    ) -> None:
        """Take up where another desk stopped.

        Give every case that is not closed or was closed within `policy.remembered`, and the highest
        ordinal by (birthplace, cause) of all cases that ever were.
        """
        self._ordinals.update(ordinals or {})
        for case in sorted(cases, key=lambda case: (case.opened_at, case.ordinal, case.key)):
            self._shelf.hold(Dossier(case))
            self._budget.note(case)
            counted = (case.birthplace, case.cause)
            self._ordinals[counted] = max(self._ordinals.get(counted, 0), case.ordinal)

    def replace_registry(self, registry: Registry) -> None:
        """Use another version of the registry; open cases keep the codes they were born with."""
        self._registry = registry

    def get(self, case_id: str) -> Case | None:
        """Return a case that is open or was closed not long ago, or None."""
        dossier = self._shelf.cases.get(case_id)
        return None if dossier is None else dossier.snapshot()

    def open_cases(self) -> Iterable[Case]:
        """Return every case that is not closed, in the order of opening."""
        return (dossier.snapshot() for dossier in self._shelf.open())

    def count_open(self) -> int:
        """Return how many cases are not closed."""
        return sum(1 for _ in self._shelf.open())

    def whom_to_call(self, case: Case, hour: int) -> list[Contact]:
        """Return whom to call about a case at a local hour (0-23), the owner first.

        Empty: nobody answers at this hour, the duty desk keeps it.
        """
        roles = CALLED.get(case.owner, (case.owner,))
        found = self._registry.contacts_of(case.compound, hour)
        return sorted(
            (contact for contact in found if contact.role in roles),
            key=lambda contact: roles.index(contact.role),
        )

    def receive(self, anomaly: Anomaly, now: int) -> list[Change]:
        """Take what a rule concluded; it opens a case, joins one, or is known already.

        In a walk test only what may be an emergency does: the rest is work that people make on
        purpose, and what still holds after the test is concluded anew.
        """
        kind = category(anomaly.category, anomaly.severity)
        if of_walk_test(anomaly) and kind.cls is not EventClass.EMERGENCY:
            return []
        changes = self.beside(anomaly, now)
        changes += self._receive(anomaly, now)
        return changes

    def report(self, report: Report, now: int) -> list[Change]:
        """Take what a person reports: a case of its own, or an alarm if it is an emergency.

        The same report id again changes nothing.
        """
        anomaly = opening.reported(report, reported_category(report.category), now)
        return self._receive(anomaly, now, report=report)

    def act(self, action: Action, now: int) -> list[Change]:
        """Do what a person asks; raises Refused, and then nothing has happened.

        The same action id on the same case again changes nothing.
        """
        dossier = self._shelf.cases.get(action.case)
        if dossier is None:
            raise Refused(f"no case {action.case} is open or was closed lately", missing=("case",))
        applied = dossier.case.applied
        if action.id and action.id in applied:
            return []
        detail = fields.recorded(action)
        before = dossier.case
        outcome = apply(dossier.snapshot(), action, Desktop(now, self._health, self._policy))
        case = outcome.case
        if action.id:
            kept = (*applied, action.id)[-self._policy.remembered_actions :]
            case = msgspec.structs.replace(case, applied=kept)
        if case.state is not before.state:
            detail["state"] = case.state.value
        if case.level is not before.level:
            detail["level"] = case.level.value
        if case.state in ENDED_STATES:
            case = heard_again(topology.freed(case, dossier.members, now), now)
        line = Line(now, action.actor, action.name, detail)
        change = dossier.change(case, [line], now=now, notice=outcome.notice, kind=outcome.kind)
        self._shelf.watch(dossier)
        return [change]

    def tick(self, now: int) -> list[Change]:
        """Let time pass: deadlines escalate, suspensions end, the hub verifies what it may."""
        changes = self._shelf.set_back(now, self._policy.longest_look)
        for dossier, timer in self._shelf.due(now):
            changes += self._due(dossier, timer, now)
            self._shelf.watch(dossier)
        self._shelf.forget(now - self._policy.remembered)
        return changes

    def silence_over(self, keys: Iterable[str], now: int, *, unseen: bool = False) -> list[Change]:
        """Tell aloud of what a silence kept quiet; `unseen`: it goes on, and nobody has looked."""
        keys = frozenset(keys)
        found = {d.case.id: d for key in sorted(keys) if (d := self._by_anomaly.get(key))}
        told = (
            unmuted(dossier, keys, now=now, unseen=unseen, policy=self._policy)
            for dossier in found.values()
        )
        return [change for change in told if change is not None]

    def _receive(
        self, anomaly: Anomaly, now: int, *, report: Report | None = None, inhibit: bool = True
    ) -> list[Change]:
        kind = category(anomaly.category, anomaly.severity)
        spot = spot_of(anomaly, kind, self._registry)
        known = self._by_anomaly.get(anomaly.key)
        if known is not None and not starts_anew(known, anomaly):
            return self._join(known, anomaly, now)
        ended = anomaly.phase is Phase.ENDED
        if known is None and ended and now - anomaly.started_at > self._policy.remembered:
            return []  # its start was given to a case that is closed and forgotten
        held = None
        if inhibit:
            held = topology.held(
                self._index, anomaly, kind, spot=spot, registry=self._registry,
                policy=self._policy,
            )  # fmt: skip
        if held is not None:
            return self._join(held.dossier, anomaly, now, held_by=held.by)
        found = find(self._index, anomaly, kind, spot=spot, window=self._policy.join)
        if found is None and (other := self._budget.elsewhere(anomaly, kind, spot, now)):
            kind, spot = other
            found = gathering(self._index, anomaly, kind.cause, spot, self._policy.storm_members)
        if found is not None:
            return self._join(found, anomaly, now)
        changes = [self._open(anomaly, kind, spot, now, predecessor=known, report=report)]
        if known is not None:
            changes.insert(0, self._alarmed_again(known, anomaly, changes[0].case, now))
        return changes

    def _open(
        self,
        anomaly: Anomaly,
        kind: Category,
        spot: Spot,
        now: int,
        *,
        predecessor: Dossier | None,
        report: Report | None,
    ) -> Change:
        counted = (spot.place.id, kind.cause)
        ordinal = self._ordinals[counted] = self._ordinals.get(counted, 0) + 1
        if predecessor is None:
            predecessor = opening.last_of_group(self._index, anomaly.mode, kind.cause, spot.group)
        dossier, change = opening.opened(
            anomaly,
            kind,
            spot,
            ordinal=ordinal,
            now=now,
            policy=self._policy,
            predecessor="" if predecessor is None else predecessor.case.id,
            report=report,
        )
        self._shelf.hold(dossier)
        self._budget.note(change.case)
        return change

    def _join(
        self, dossier: Dossier, anomaly: Anomaly, now: int, *, held_by: str = ""
    ) -> list[Change]:
        kind = category(anomaly.category, anomaly.severity)
        spot = spot_of(anomaly, kind, self._registry)
        before = dossier.members.get((anomaly.rule, anomaly.subject))
        news = news_of(before, anomaly, source=spot.source, now=now, policy=self._policy)
        if news is None:
            return []
        if held_by:
            news = news._replace(member=msgspec.structs.replace(news.member, held_by=held_by))
        moves_to = spot if finer(dossier.case, anomaly, kind.cause, spot) else None
        if moves_to is not None:
            self._index.remove(dossier)
        change = join(dossier, anomaly, news, moves_to=moves_to, now=now, policy=self._policy)
        if moves_to is not None:
            self._index.add(dossier)
        self._index.add_member(dossier, subject=anomaly.subject, source=spot.source)
        if before is not None and before.anomaly != anomaly.key:
            self._by_anomaly.pop(before.anomaly, None)
        self._by_anomaly[anomaly.key] = dossier
        changes = [topology.watched(dossier, change, news, now=now, policy=self._policy)]
        self._shelf.watch(dossier)
        if news.kind == "ended":
            changes += self._ended_before(dossier, anomaly, now)
        return changes

    def _ended_before(self, dossier: Dossier, anomaly: Anomaly, now: int) -> list[Change]:
        """An anomaly that outlived its case ends in that case too, so that it can be proved normal."""
        earlier = self._shelf.cases.get(dossier.case.predecessor)
        key = (anomaly.rule, anomaly.subject)
        member = earlier.members.get(key) if earlier else None
        if earlier is None or member is None or member.anomaly != anomaly.key:
            return []
        news = news_of(member, anomaly, source=member.source, now=now, policy=self._policy)
        if news is None:
            return []
        change = join(earlier, anomaly, news, moves_to=None, now=now, policy=self._policy)
        self._shelf.watch(earlier)
        return [change, *self._ended_before(earlier, anomaly, now)]

    def _alarmed_again(self, dossier: Dossier, anomaly: Anomaly, new: Case, now: int) -> Change:
        """The ended case says which case goes on with its alarm."""
        line = Line(now, HUB, "alarmed_again", {"anomaly": anomaly.key, "case": new.id})
        return dossier.change(dossier.case, [line], now=now)

    def beside(self, anomaly: Anomaly, now: int) -> list[Change]:
        """Write isolation and faults of a burning device into the fire's own history as well."""
        changes = []
        for dossier, flag in noted_beside(self._index, anomaly):
            case = msgspec.structs.replace(dossier.case, flags=(*dossier.case.flags, flag))
            detail = {"subject": anomaly.subject, "category": anomaly.category}
            changes.append(dossier.change(case, [Line(now, HUB, flag, {**detail})], now=now))
        return changes

    def _due(self, dossier: Dossier, timer: timing.Timer, now: int) -> list[Change]:
        changes: list[Change] = []
        if timer.word == timing.CHECK:
            changes = self._split(dossier, timer.at, now)
            if dossier.case.cls is not EventClass.MAINTENANCE:
                return changes
        desktop = Desktop(timer.at, self._health, self._policy)
        return [*changes, timing.due(dossier, timer, desktop)]

    def _split(self, dossier: Dossier, at: int, now: int) -> list[Change]:
        """What still holds long after its reason is gone gets a case of its own."""
        silent = topology.outlasting(dossier)
        changes = [timing.split(dossier, silent, at)]
        for member in silent:
            self._by_anomaly.pop(member.anomaly, None)
            anomaly = opening.anomaly_of(member, dossier.case)
            changes += self._receive(anomaly, max(at, now), inhibit=False)
        return changes

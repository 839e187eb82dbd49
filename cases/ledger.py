"""The false-alarm ledger 误报台账: what people found, by rule, device and hour of the day.

Tests and drills are not in it (design §7). A matter that nobody has judged counts for neither side.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, tzinfo

import msgspec

from model.case import Case
from model.reading import Mode

from .comparing import Outcome, Precision, outcome_of

DEVICES_SHOWN = 10
CAUSE = "false_alarm_cause"
_LEFT_OUT = frozenset({Mode.TEST, Mode.DRILL})


class Line(msgspec.Struct, frozen=True):
    """What became of one rule's cases; `devices` are those with most false ones, `hours` by local hour."""

    rule: str
    found: Precision
    causes: dict[str, int]  # of the false ones, most frequent first
    devices: tuple[tuple[str, Precision], ...]
    hours: tuple[Precision, ...]  # 24 of them


def ledger(cases: Iterable[Case], zone: tzinfo) -> list[Line]:
    """Return a line for every rule that has a part in a case, the most false ones first.

    A case counts once for each rule, once for each device of it, and at the hour at which that rule
    first spoke.
    """
    rules: dict[str, _Sums] = {}
    for case in cases:
        if case.mode in _LEFT_OUT:
            continue
        outcome = outcome_of(case)
        cause = case.proof.get(CAUSE)
        first: dict[str, int] = {}
        for member in case.members:
            if not member.rule_hash:  # a person's report
                continue
            sums = rules.setdefault(member.rule, _Sums())
            began = first.get(member.rule, member.started_at)
            first[member.rule] = min(began, member.started_at)
            sums.devices.setdefault(member.subject, Counter())[outcome] += 1
        for rule, began in first.items():
            hour = datetime.fromtimestamp(began / 1000, zone).hour
            rules[rule].take(outcome, hour, cause if isinstance(cause, str) else "")
    lines = [sums.line(rule) for rule, sums in rules.items()]
    return sorted(lines, key=lambda line: (-line.found.false, line.rule))


class _Sums:
    def __init__(self) -> None:
        self.all: Counter[Outcome] = Counter()
        self.causes: Counter[str] = Counter()
        self.hours: list[Counter[Outcome]] = [Counter() for _ in range(24)]
        self.devices: dict[str, Counter[Outcome]] = {}

    def take(self, outcome: Outcome, hour: int, cause: str) -> None:
        self.all[outcome] += 1
        self.hours[hour][outcome] += 1
        if outcome is Outcome.FALSE:
            self.causes[cause or "not_stated"] += 1

    def line(self, rule: str) -> Line:
        worst = sorted(self.devices.items(), key=lambda item: (-item[1][Outcome.FALSE], item[0]))
        return Line(
            rule=rule,
            found=_precision(self.all),
            causes=dict(self.causes.most_common()),
            devices=tuple(
                (device, _precision(found))
                for device, found in worst[:DEVICES_SHOWN]
                if found[Outcome.FALSE]
            ),
            hours=tuple(_precision(found) for found in self.hours),
        )


def _precision(found: Counter[Outcome]) -> Precision:
    return Precision(found[Outcome.REAL], found[Outcome.FALSE], found[Outcome.UNKNOWN])

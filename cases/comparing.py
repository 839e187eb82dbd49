"""Sets two lists of cases side by side: what would have come instead, had the rules been others.

Two cases are the same matter when they share a device of the same category at overlapping times; so
a case that begins earlier, or whose number at its place changed, is not taken for another one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from model.case import Case, EventClass, Verification

from .closing import profile
from .taxonomy import Closing

MINUTE_MS = 60_000
SLACK_MS = 10 * MINUTE_MS
"""Two stretches this far apart still count as one matter: as long as an alarm joins a case."""

IN_TIME_MS = MINUTE_MS
"""So much later an emergency may be found and still count as found (our assumption)."""

SHIFT_MS = 1_000
"""A case that opens this much earlier or later is said to (the hub ticks once a second)."""


class Kind(StrEnum):
    """What became of a case: the words of the report."""

    SAME = "same"  # 相同
    NEW = "new"  # 新增
    GONE = "gone"  # 消失
    EARLIER = "earlier"  # 提前
    LATER = "later"  # 推迟
    MERGED = "merged"  # 合并
    SPLIT = "split"  # 拆分
    SEVERITY = "severity"  # 等级变化
    CORROBORATION = "corroboration"  # 印证变化


class Outcome(StrEnum):
    """What people found a case to be."""

    REAL = "real"
    FALSE = "false"
    UNKNOWN = "unknown"  # nobody has said yet


class Row(msgspec.Struct, frozen=True):
    """One matter: its cases before and after, what differs, and what people found it to be."""

    kinds: tuple[Kind, ...]
    old: tuple[Case, ...]
    new: tuple[Case, ...]
    shift_ms: int = 0  # new minus old opening
    outcome: Outcome = Outcome.UNKNOWN
    lost: tuple[Case, ...] = ()  # old cases that must not be lost, and are

    @property
    def case(self) -> Case:
        """Return the case that stands for the matter: the new one where there is one."""
        return (self.new or self.old)[0]

    @property
    def changed(self) -> bool:
        """Return whether anything differs."""
        return self.kinds != (Kind.SAME,)


class Precision(msgspec.Struct, frozen=True):
    """How many matters of a side turned out real or false; unknown ones count for neither."""

    real: int
    false: int
    unknown: int

    @property
    def share(self) -> float | None:
        """Return real ÷ (real + false), 0 to 1; None when nobody has judged any."""
        judged = self.real + self.false
        return self.real / judged if judged else None


def outcome_of(case: Case) -> Outcome:
    """Return what people found a case to be; one that is only open says nothing."""
    if case.verification is Verification.FALSE or profile(case) is Closing.FALSE_ALARM:
        return Outcome.FALSE
    if case.verification is Verification.CONFIRMED or case.closed_at is not None:
        return Outcome.REAL
    return Outcome.UNKNOWN


def compare(old: Sequence[Case], new: Sequence[Case], judged: Sequence[Case] = ()) -> list[Row]:
    """Return every matter of either side, oldest first.

    `judged`: the cases that people really worked on, for the outcomes; left out, the old side.
    """
    judged = judged or old
    known = {case.id: case for case in judged}
    rows = []
    for olds, news, seen in _matters(old, new, judged):
        if olds or news:
            row = _row(olds, news, _worst([outcome_of(case) for case in seen]))
            lost = tuple(
                case for case in olds if _must_stay(case, known, seen) and not _kept(case, news)
            )
            rows.append(msgspec.structs.replace(row, lost=lost))
    return sorted(rows, key=lambda row: (_opened(row.old or row.new), row.case.key))


def precision(rows: Iterable[Row], *, new: bool) -> Precision:
    """Return the precision of one side."""
    found = [row.outcome for row in rows if (row.new if new else row.old)]
    return Precision(*(found.count(outcome) for outcome in Outcome))


def missed(rows: Iterable[Row]) -> list[Row]:
    """Return the matters with cases that the new rules would have lost and must not have.

    Those are what people found real, and every emergency that nobody found false, each by itself: one
    false alarm excuses no other. An emergency that is found late, or as something milder, is lost too.
    """
    return [row for row in rows if row.lost]


def _must_stay(case: Case, known: Mapping[str, Case], seen: Sequence[Case]) -> bool:
    """Return whether a case of the old side may not be lost."""
    mine = known.get(case.id)
    if mine is not None and mine.opened_at == case.opened_at:
        found = [outcome_of(mine)]
    else:  # rules that were never in force: what people found of the same devices at that time
        found = [outcome_of(other) for other in seen if _share(case, other)]
    if Outcome.REAL in found:
        return True
    judged_false = bool(found) and all(one is Outcome.FALSE for one in found)
    return case.cls is EventClass.EMERGENCY and not judged_false


def _kept(case: Case, news: Sequence[Case]) -> bool:
    """Return whether one of the new cases stands for an old one: in time, and as serious."""
    late = IN_TIME_MS if case.cls is EventClass.EMERGENCY else float("inf")
    return any(
        _share(case, new)
        and new.opened_at <= case.opened_at + late
        and not _over_before(new, case.opened_at)
        and (case.cls is not EventClass.EMERGENCY or new.severity.rank >= case.severity.rank)
        for new in news
    )


def _over_before(case: Case, at: int) -> bool:
    ends = [end for end in (case.resolved_at, case.closed_at) if end is not None]
    return bool(ends) and min(ends) < at


def _share(one: Case, other: Case) -> bool:
    """Return whether two cases have a device with one category at overlapping times."""
    parts: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    for key, begin, end in _parts(one):
        parts[key].append((begin, end))
    return any(
        begin <= ends + SLACK_MS and begins <= end + SLACK_MS
        for key, begin, end in _parts(other)
        for begins, ends in parts.get(key, ())
    )


def _row(olds: list[Case], news: list[Case], outcome: Outcome) -> Row:
    kinds: list[Kind] = []
    shift = 0
    if not olds or not news:
        kinds.append(Kind.GONE if olds else Kind.NEW)
    else:
        if len(news) < len(olds):
            kinds.append(Kind.MERGED)
        elif len(news) > len(olds):
            kinds.append(Kind.SPLIT)
        shift = _opened(news) - _opened(olds)
        if abs(shift) >= SHIFT_MS:
            kinds.append(Kind.EARLIER if shift < 0 else Kind.LATER)
        if _rank(olds) != _rank(news):
            kinds.append(Kind.SEVERITY)
        if _corroborated(olds) != _corroborated(news):
            kinds.append(Kind.CORROBORATION)
    return Row(tuple(kinds) or (Kind.SAME,), tuple(olds), tuple(news), shift, outcome)


def _opened(cases: Sequence[Case]) -> int:
    return min(case.opened_at for case in cases)


def _rank(cases: Sequence[Case]) -> int:
    return max(case.severity.rank for case in cases)


def _corroborated(cases: Sequence[Case]) -> bool:
    return any(member.corroborates for case in cases for member in case.members)


def _worst(found: list[Outcome]) -> Outcome:
    """Return the outcome of a matter of several cases: false only when all were."""
    for outcome in (Outcome.REAL, Outcome.UNKNOWN, Outcome.FALSE):
        if outcome in found:
            return outcome
    return Outcome.UNKNOWN


class _Stretch(msgspec.Struct, frozen=True):
    """When a device had a part in a case; `side` 0 old, 1 new, 2 judged."""

    side: int
    number: int
    begin: int
    end: float


def _matters(*sides: Sequence[Case]) -> Iterator[tuple[list[Case], ...]]:
    """Yield the groups of cases that belong together, side by side."""
    parents: dict[tuple[int, int], tuple[int, int]] = {}
    for side, cases in enumerate(sides):
        for number in range(len(cases)):
            parents[side, number] = (side, number)

    def root(node: tuple[int, int]) -> tuple[int, int]:
        while parents[node] != node:
            parents[node] = node = parents[parents[node]]
        return node

    for first, second in _overlaps(sides):
        parents[root(second)] = root(first)
    groups: dict[tuple[int, int], tuple[list[Case], ...]] = defaultdict(
        lambda: tuple([] for _ in sides)
    )
    for side, number in parents:
        groups[root((side, number))][side].append(sides[side][number])
    yield from groups.values()


def _overlaps(sides: Sequence[Sequence[Case]]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield pairs of cases of different sides in which one device has a part at one time."""
    stretches: dict[tuple[str, str, str], list[_Stretch]] = defaultdict(list)
    for side, cases in enumerate(sides):
        for number, case in enumerate(cases):
            for key, begin, end in _parts(case):
                stretches[key].append(_Stretch(side, number, begin, end))
    for found in stretches.values():
        found.sort(key=lambda part: (part.begin, part.side, part.number))
        running: list[_Stretch] = []
        for part in found:
            running = [other for other in running if other.end + SLACK_MS >= part.begin]
            for other in running:
                if other.side != part.side:
                    yield (other.side, other.number), (part.side, part.number)
            running.append(part)


def _parts(case: Case) -> Iterator[tuple[tuple[str, str, str], int, float]]:
    """Yield (mode, device, category) with the stretch of each member; a report stands for itself."""
    for member in case.members:
        word = member.category or case.category
        begin = min(member.started_at, member.burst_at or member.started_at)
        if member.count > 1:  # only its newest anomaly is kept; the first began with the case
            begin = min(begin, case.started_at or begin)
        end = float("inf") if member.ended_at is None else float(member.ended_at)
        yield (str(case.mode.value), member.subject, word), begin, end
    if not case.members:
        yield (str(case.mode.value), case.key, case.category), case.opened_at, case.opened_at

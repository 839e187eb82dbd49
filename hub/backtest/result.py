"""What a backtest found, ready to be shown: the differences, the load by grid and day, the gate."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from cases.comparing import Kind, Outcome, Precision, Row, compare, missed, precision
from model.case import Case

from .replay import Side, Skipped

DAY = "%Y-%m-%d"


class Load(msgspec.Struct, frozen=True):
    """How many cases a grid gets on a day."""

    grid: str
    day: str
    old: int
    new: int


class Result(msgspec.Struct, frozen=True):
    """Everything that the table and the page show; times in ms."""

    old_name: str
    new_name: str
    since: int
    until: int
    exact: bool
    remarks: tuple[str, ...]
    rows: tuple[Row, ...]
    kinds: dict[str, int]
    loads: tuple[Load, ...]
    notices: tuple[int, int]
    old_precision: Precision
    new_precision: Precision
    missed: tuple[Row, ...]
    skipped: dict[str, int]
    defects: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Return whether the new rules lose nothing that they must not lose, and break nothing."""
        return not self.missed and not self.defects

    @property
    def counts(self) -> tuple[int, int]:
        """Return how many cases there are with the old rules and with the new ones."""
        return sum(len(row.old) for row in self.rows), sum(len(row.new) for row in self.rows)

    @property
    def changed(self) -> bool:
        """Return whether any case differs."""
        return any(row.changed for row in self.rows)


def conclude(
    sides: Sequence[Side],
    *,
    since: int,
    until: int,
    exact: bool,
    remarks: tuple[str, ...],
    judged: Iterable[Case],
    zone: tzinfo = UTC,
) -> Result:
    """Compare the last two sides over the cases that opened in [since, until)."""
    old, new = sides[-2], sides[-1]
    rows = compare(_of(old), _of(new), list(judged))
    rows = [
        row for row in rows if any(since <= case.opened_at < until for case in (*row.old, *row.new))
    ]
    kinds = Counter(kind.value for row in rows for kind in row.kinds)
    return Result(
        old_name=old.name,
        new_name=new.name,
        since=since,
        until=until,
        exact=exact,
        remarks=remarks,
        rows=tuple(rows),
        kinds={kind.value: kinds[kind.value] for kind in Kind if kinds[kind.value]},
        loads=loads_of(rows, since=since, until=until, zone=zone),
        notices=(old.notices.total(), new.notices.total()),
        old_precision=precision(rows, new=False),
        new_precision=precision(rows, new=True),
        missed=tuple(missed(rows)),
        skipped={why.value: new.skipped[why] for why in Skipped if new.skipped[why]},
        defects=_defects(old, new),
    )


def loads_of(rows: Iterable[Row], *, since: int, until: int, zone: tzinfo) -> tuple[Load, ...]:
    """Return how many cases open in [since, until), by grid and local day."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    for row in rows:
        for new, cases in ((False, row.old), (True, row.new)):
            for case in cases:
                if since <= case.opened_at < until:
                    counts[case.grid, day_of(case.opened_at, zone), new] += 1
    spots = sorted({(grid, day) for grid, day, _ in counts})
    return tuple(
        Load(grid, day, counts[grid, day, False], counts[grid, day, True]) for grid, day in spots
    )


def day_of(at: int, zone: tzinfo) -> str:
    """Return the local day of a time in ms."""
    return datetime.fromtimestamp(at / 1000, zone).strftime(DAY)


def judged_count(rows: Iterable[Row]) -> int:
    """Return how many matters people have judged."""
    return sum(row.outcome is not Outcome.UNKNOWN for row in rows)


def _of(side: Side) -> list[Case]:
    return list(side.cases.values())


def _defects(*sides: Side) -> tuple[str, ...]:
    found = []
    for side in sides:
        found += [
            f"{side.name}: the desk broke: {trace.strip().splitlines()[-1]}"
            for trace in side.defects[:3]
        ]
        engine = side.core.engine
        if engine.failures:
            broken = ", ".join(f"{rule} {count}×" for rule, count in engine.failures.items())
            last = engine.last_failure.strip().splitlines()[-1]
            found.append(f"{side.name}: rules broke: {broken}; the last: {last}")
    return tuple(found)

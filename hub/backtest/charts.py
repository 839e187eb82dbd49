"""Two pictures of a backtest as SVG text: cases by day, and when each differing case opened."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from cases.comparing import Kind, Row
from cases.taxonomy import category

from .result import Load

WIDTH, MARGIN, HEIGHT = 1000, 44, 160
LANE = 22
LABEL = 190
DAYS_SHOWN = 62


def by_day(loads: Iterable[Load]) -> str:
    """Draw two bars for every day: the old rules' cases and the new ones'."""
    old, new = Counter[str](), Counter[str]()
    for load in loads:
        old[load.day] += load.old
        new[load.day] += load.new
    days = sorted(old.keys() | new.keys())[-DAYS_SHOWN:]
    if not days:
        return "<p>–</p>"
    highest = max(*old.values(), *new.values(), 1)
    step = (WIDTH - MARGIN) / len(days)
    bar = min(step * 0.4, 40.0)
    parts = [
        f'<text x="0" y="12">{highest}</text><text x="0" y="{HEIGHT}">0</text>',
        f'<path d="M{MARGIN - 8} 4V{HEIGHT}H{WIDTH}" fill="none" stroke="currentColor" opacity=".4"/>',
    ]
    every = max(1, len(days) // 10)
    for number, day in enumerate(days):
        left = MARGIN + number * step
        for offset, name, count in ((0.0, "old", old[day]), (bar, "new", new[day])):
            tall = count / highest * (HEIGHT - 8)
            parts.append(
                f'<rect class="{name}" x="{left + offset:.1f}" y="{HEIGHT - tall:.1f}"'
                f' width="{bar:.1f}" height="{tall:.1f}"><title>{day}: {count}</title></rect>'
            )
        if number % every == 0:
            parts.append(f'<text x="{left:.1f}" y="{HEIGHT + 16}">{day[5:]}</text>')
    return _svg("cases by day 每日案件数", HEIGHT + 22, parts)


def timeline(rows: Sequence[Row], *, since: int, until: int, zone: tzinfo) -> str:
    """Draw a lane for every category: what both sides have, what is new, what is gone."""
    lanes = sorted({row.case.category for row in rows})
    if not lanes:
        return "<p>–</p>"
    span = max(until - since, 1)
    parts = []
    for number, word in enumerate(lanes):
        middle = number * LANE + LANE / 2
        kind = category(word, rows[0].case.severity)
        parts += [
            f'<text x="0" y="{middle + 4}">{kind.zh} {kind.en}</text>',
            f'<path d="M{LABEL} {middle}H{WIDTH}" stroke="currentColor" opacity=".15"/>',
        ]
    for row in rows:
        case = row.case
        where = LABEL + (case.opened_at - since) / span * (WIDTH - LABEL)
        middle = lanes.index(case.category) * LANE + LANE / 2
        look = "gone" if Kind.GONE in row.kinds else "new" if row.changed else "old"
        size = 5 if row.changed else 3
        parts.append(
            f'<circle class="{look}" cx="{min(max(where, LABEL), WIDTH):.1f}" cy="{middle}" r="{size}">'
            f"<title>{case.id}</title></circle>"
        )
    bottom = len(lanes) * LANE
    for share in (0.0, 0.25, 0.5, 0.75):
        at = datetime.fromtimestamp((since + share * span) / 1000, zone)
        where = LABEL + share * (WIDTH - LABEL)
        parts.append(f'<text x="{where:.0f}" y="{bottom + 14}">{at:%m-%d %H:%M}</text>')
    return _svg("cases over time 案件时间分布", bottom + 20, parts)


def _svg(label: str, height: float, parts: list[str]) -> str:
    return (
        f'<div class="wide"><svg viewBox="0 0 {WIDTH} {height}" width="100%" role="img"'
        f' aria-label="{label}">{"".join(parts)}</svg></div>'
    )

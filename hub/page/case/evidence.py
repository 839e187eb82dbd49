"""The readings around the event, shaped for a chart and for the table beside it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.case_store.rule_records import Limit
from model.case import Case
from model.reading import Reading, Value

BEFORE_MS = 30 * 60_000
AFTER_MS = 60 * 60_000
LIMIT = 500  # readings looked at
ROWS = 40  # in the table: those nearest to the event
SERIES = 4
_PLOT = 74  # pixels of one strip
_MUTED = "#a9b6c2"
_HOUSEKEEPING = frozenset(
    {"rssi_dbm", "battery_pct", "linkquality"}
)  # moves, and says nothing here
_TONES = ("#7fc8ff", "#ffab4a", "#63d897", "#e7b6ff")

Json = dict[str, object]


def devices_of(case: Case) -> list[str]:
    """Return the devices whose readings show something, the first alarm's first."""
    found = [case.subject, *(item.device for item in case.evidence)]
    found += [member.subject for member in case.members[:20]]
    return [name for name in dict.fromkeys(found) if ":" not in name and name][:10]


def around(case: Case, now: int) -> tuple[int, int]:
    """Return from when to when readings are worth seeing (ms)."""
    last = max((m.ended_at or m.last_at for m in case.members), default=case.started_at)
    until = min(now + 1, max(case.started_at, last) + AFTER_MS)
    return max(0, case.started_at - BEFORE_MS), max(until, 1)


def quantities(readings: Sequence[Reading], limits: Sequence[Limit]) -> list[str]:
    """Return what to draw: what a rule has a limit for, then numbers that move, then states."""
    moving: dict[str, set[Value]] = {}
    for reading in readings:
        for name, value in reading.values.items():
            if not isinstance(value, str):
                moving.setdefault(name, set()).add(value)
    wanted = [limit.quantity for limit in limits if limit.quantity in moving]
    numbers = [n for n, seen in moving.items() if len(seen) > 1 and not _is_state(seen)]
    numbers.sort(key=lambda name: name in _HOUSEKEEPING)
    states = [n for n, seen in moving.items() if len(seen) > 1 and _is_state(seen)]
    still = [n for n, seen in moving.items() if len(seen) == 1 and True in seen and _is_state(seen)]
    return list(dict.fromkeys((*wanted, *numbers[:3], *states, *still)))[:SERIES]


def chart_options(
    readings: Sequence[Reading],
    limits: Sequence[Limit],
    marks: Mapping[str, int],
    *,
    zone: ZoneInfo,
) -> Json:
    """Return the chart: one strip a quantity, the event's moments and the rule's limits as lines.

    Texts are drawn on a canvas, never as HTML, so a name can do nothing there.
    """
    names = quantities(readings, limits)
    rows = range(len(names))
    series = [
        _series(name, _points(name, readings, zone), _lines(name, limits, marks, zone), row)
        for row, name in enumerate(names)
    ]
    left = _names_left(readings, marks)
    return {
        "useUTC": True,  # times are shifted to the clock of the place, wherever the browser is
        "animation": False,
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "title": [_name(row, name, left=left) for row, name in enumerate(names)],
        "grid": [{"left": 64, "right": 90, "top": _top(row), "height": _PLOT} for row in rows],
        "xAxis": [_time_axis(row, last=row == len(names) - 1) for row in rows],
        "yAxis": [_value_axis(row, name, readings) for row, name in enumerate(names)],
        "series": series,
    }


def height(readings: Sequence[Reading], limits: Sequence[Limit]) -> int:
    """Return how high the chart is (pixels): each quantity has a strip of its own."""
    return _top(len(quantities(readings, limits))) + 14


def _top(row: int) -> int:
    return 34 + row * (_PLOT + 42)


def _time_axis(row: int, *, last: bool) -> Json:
    label = {"show": last, "color": _MUTED, "hideOverlap": True}
    return {"type": "time", "gridIndex": row, "axisLabel": label, "axisTick": {"show": last}}


def _value_axis(row: int, name: str, readings: Sequence[Reading]) -> Json:
    said = {reading.values[name] for reading in readings if name in reading.values}
    scale: Json = {"min": 0, "max": 1, "interval": 1} if _is_state(said) else {"scale": True}
    return {
        "type": "value",
        "gridIndex": row,
        "splitNumber": 2,
        "axisLabel": {"color": _MUTED},
        "splitLine": {"lineStyle": {"color": "#33404d"}},
        **scale,
    }


def _name(row: int, name: str, *, left: bool) -> Json:
    side: Json = {"left": 60} if left else {"right": 86}
    return {"text": name, "top": _top(row) - 24, **side,
            "textStyle": {"color": _TONES[row], "fontSize": 13, "fontWeight": "normal"}}  # fmt: skip


def _names_left(readings: Sequence[Reading], marks: Mapping[str, int]) -> bool:
    """Return whether the names stand left: away from the event's own label."""
    times = [reading.received_at for reading in readings]
    middle = (min(times) + max(times)) / 2 if times else 0
    return all(at > middle for at in marks.values())


def _series(name: str, points: list[list[float]], lines: list[Json], row: int) -> Json:
    return {
        "name": name,
        "type": "line",
        "xAxisIndex": row,
        "yAxisIndex": row,
        "step": "end" if all(value in {0.0, 1.0} for _, value in points) else False,
        "symbolSize": 5,
        "color": _TONES[row],
        "data": points,
        "markLine": {"symbol": "none", "silent": True, "data": lines},
    }


def _points(name: str, readings: Sequence[Reading], zone: ZoneInfo) -> list[list[float]]:
    return [
        [on_wall(reading.received_at, zone), float(value)]
        for reading in sorted(readings, key=lambda reading: reading.received_at)
        if isinstance(value := reading.values.get(name), float | int)
    ]


def _lines(
    name: str, limits: Sequence[Limit], marks: Mapping[str, int], zone: ZoneInfo
) -> list[Json]:
    """Return the event's moments as upright lines, the rule's limits as level ones."""
    lines: list[Json] = [
        {
            "xAxis": on_wall(at, zone),
            "label": {"formatter": said, "color": "#ff7066"},
            "lineStyle": {"color": "#ff7066", "type": "solid", "width": 2},
        }
        for said, at in marks.items()
    ]
    lines += [
        {
            "yAxis": limit.value,
            "label": {
                "formatter": f"{limit.word} {limit.value:g}",
                "color": "#ffdf5d",
                "position": "insideEndTop",
            },
            "lineStyle": {"color": "#ffdf5d", "type": "dashed"},
        }
        for limit in limits
        if limit.quantity == name
    ]
    return lines


def nearest(readings: Sequence[Reading], at: int) -> list[Reading]:
    """Return the readings nearest to the event, oldest first."""
    near = sorted(readings, key=lambda reading: abs(reading.received_at - at))[:ROWS]
    return sorted(near, key=lambda reading: (reading.received_at, reading.order))


def _is_state(seen: set[Value]) -> bool:
    return all(isinstance(value, bool) for value in seen)


def on_wall(at: int, zone: ZoneInfo) -> int:
    """Return a time (ms) shifted so that a chart in UTC shows the clock of the place."""
    offset = datetime.fromtimestamp(at / 1000, zone).utcoffset()
    return at + (0 if offset is None else int(offset.total_seconds() * 1000))

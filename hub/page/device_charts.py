"""Makes charts of a device's quantities; what names something is no quantity."""

from typing import NamedTuple

from model.reading import Reading

from .device_words import name_of
from .site import Visit

FEW = 3  # points without a line between them need a symbol
CODES = frozenset({"system_type", "component_type", "operator"})
"""Numbers that name something: a line through them would say nothing."""


class Series(NamedTuple):
    """A quantity over time: (ms, number), oldest first."""

    quantity: str
    points: list[tuple[int, float]]


def series_of(readings: list[Reading]) -> list[Series]:
    """Return every quantity that Readings (newest first) carry, as series."""
    found: dict[str, list[tuple[int, float]]] = {}
    for reading in reversed(readings):
        for quantity, value in reading.values.items():
            if isinstance(value, float) and quantity not in CODES:
                found.setdefault(quantity, []).append((reading.received_at, value))
    return [Series(quantity, points) for quantity, points in sorted(found.items())]


def options(visit: Visit, series: Series, colour: str) -> dict[str, object]:
    """Return the options of a chart; texts are plain, so nothing in them is run."""
    return {
        "animation": False,
        "title": {"text": name_of(series.quantity, visit.lang), "textStyle": {"color": "#eaf0f5", "fontSize": 13}},
        "grid": {"left": 46, "right": 12, "top": 34, "bottom": 24},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "xAxis": {"type": "time", "axisLabel": {"color": "#a9b6c2"}},
        "yAxis": {"type": "value", "scale": True, "axisLabel": {"color": "#a9b6c2"}, "splitLine": {"lineStyle": {"color": "#26313c"}}},
        "series": [{"type": "line", "showSymbol": len(series.points) < FEW, "data": [list(p) for p in series.points], "lineStyle": {"color": colour, "width": 1.6}, "itemStyle": {"color": colour}}],
    }  # fmt: skip

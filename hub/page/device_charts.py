"""Makes charts of a device's quantities; texts in them are plain, so nothing is run."""

from .case.evidence import on_wall
from .device_history import FEW, Series
from .device_words import name_of
from .site import Visit


def options(visit: Visit, series: Series, colour: str) -> dict[str, object]:
    """Return the options of a chart; texts are plain, so nothing in them is run."""
    return {
        "animation": False,
        "useUTC": True,  # times are shifted to the clock of the place, wherever the browser is
        "title": {"text": name_of(series.quantity, visit.lang), "textStyle": {"color": "#eaf0f5", "fontSize": 13}},
        "grid": {"left": 46, "right": 12, "top": 34, "bottom": 24},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "xAxis": {"type": "time", "axisLabel": {"color": "#a9b6c2", "hideOverlap": True}},
        "yAxis": {"type": "value", "scale": True, "axisLabel": {"color": "#a9b6c2"}, "splitLine": {"lineStyle": {"color": "#26313c"}}},
        "series": [{"type": "line", "showSymbol": len(series.points) < FEW, "data": [[on_wall(at, visit.zone), value] for at, value in series.points], "lineStyle": {"color": colour, "width": 1.6}, "itemStyle": {"color": colour}}],
    }  # fmt: skip

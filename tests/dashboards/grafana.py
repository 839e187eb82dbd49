"""What Grafana does with a dashboard, as far as tests need it: time ranges and variables in queries.

There is no Grafana here. What is imitated is what the InfluxQL data source of 9.3 puts in the place
of `$timeFilter`, `$__interval` and template variables.
"""

import re
from typing import Any

Json = dict[str, Any]
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")


def panels_of(dashboard: Json) -> list[Json]:
    """Return all panels that show something; rows are headings."""
    found = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    for row in (panel for panel in dashboard["panels"] if panel["type"] == "row"):
        found += row.get("panels", [])
    return found


def millis(span: str) -> int:
    """Return a span such as `24h` or `now-24h`, ms."""
    found = re.fullmatch(r"(?:now-)?(\d+)([mhd])", span)
    assert found, f"not a span: {span}"
    return int(found[1]) * _UNITS[found[2]]


def range_of(panel: Json, dashboard: Json, now: int) -> tuple[int, int]:
    """Return the time range of a panel: its own, or the dashboard's."""
    span = panel.get("timeFrom") or dashboard["time"]["from"]
    return now - millis(span), now


def chosen(values: str | list[str]) -> str:
    """Return a variable's value as the data source writes it into a query."""
    if isinstance(values, str):
        return values
    escaped = [_SPECIAL.sub(r"\\\g<0>", value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def substituted(query: str, panel: Json, span: tuple[int, int], variables: dict[str, str]) -> str:
    """Return the query as it is sent."""
    text = query.replace("$timeFilter", f"time >= {span[0]}ms and time <= {span[1]}ms")
    text = text.replace("$__interval", panel.get("interval", "1m"))
    for name, value in variables.items():
        text = text.replace(f"${name}", value)
    assert "$" not in re.sub(r"\$/", "/", text), f"a variable that nobody sets: {text}"
    return text

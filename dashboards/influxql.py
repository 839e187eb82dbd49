"""InfluxQL as Grafana sends it: queries with `$timeFilter` and template variables."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard as sdk

from .names import DATA_SOURCE_TYPE, DATA_SOURCE_UID

CASE_FIELDS = (
    "severity", "title", "place_text", "status", "due", "id", "verified", "opened_at",
    "class", "category", "overdue", "mode",
)  # fmt: skip
PERIOD = "$__interval"
ANY = "/./"
"""Every measurement: adapters name kinds as they like, and cases have none of a device's fields."""


def source() -> sdk.DataSourceRef:
    """Return the reference to the one data source, by its fixed uid."""
    return sdk.DataSourceRef(type_val=DATA_SOURCE_TYPE, uid=DATA_SOURCE_UID)


class Query(Builder[Dataquery], Dataquery):
    """One query of a panel, written as text; the SDK has no class for InfluxQL."""

    def __init__(self, text: str, *, table: bool = False, alias: str = "", ref: str = "A") -> None:
        self._text = text
        self._table = table
        self._alias = alias
        self._ref = ref

    def build(self) -> Dataquery:
        """Return the query itself, as the SDK's panels ask for it."""
        return self

    def to_json(self) -> dict[str, object]:
        """Return what Grafana stores of an InfluxQL query in its text editor."""
        found: dict[str, object] = {
            "datasource": source(),
            "query": self._text,
            "rawQuery": True,
            "refId": self._ref,
            "resultFormat": "table" if self._table else "time_series",
        }
        if self._alias:
            found["alias"] = self._alias
        return found


def where(*conditions: str) -> str:
    """Return the conditions and Grafana's time range, joined."""
    return " AND ".join([*(c for c in conditions if c), "$timeFilter"])


def tag(name: str, value: str) -> str:
    """Return the condition that a tag has exactly that value."""
    inert = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"\"{name}\" = '{inert}'"


def chosen(name: str) -> str:
    """Return the condition that a tag is what the reader chose; All is everything, even no tag."""
    return f'"{name}" =~ /^${name}$/'


def cases_now(*conditions: str, open_only: bool = True) -> Query:
    """Return each case as it was last told; a case is in it once, whatever its states were."""
    fields = ", ".join(f'"{name}"' for name in CASE_FIELDS if name != "id")
    columns = ", ".join(f'"{name}"' for name in CASE_FIELDS)
    last = (
        f'SELECT last("open") AS "open", {fields}, "lat", "lon" FROM "case" '  # noqa: S608 - ours
        f'WHERE {where(*conditions)} GROUP BY "id"'
    )
    end = ' WHERE "open" = 1' if open_only else ""
    return Query(f'SELECT {columns}, "open", "lat", "lon" FROM ({last}){end}', table=True)  # noqa: S608


def count_open(*conditions: str, field: str = "open", by: str = "") -> Query:
    """Return how many cases are open (or overdue), counted from what was last told of each."""
    group = f', "{by}"' if by else ""
    last = (
        f'SELECT last("open") AS "open", "{field}" FROM "case" '  # noqa: S608 - ours
        if field != "open"
        else 'SELECT last("open") AS "open" FROM "case" '
    )
    inner = f'{last}WHERE {where(*conditions)} GROUP BY "id"{group}'
    outer = f'SELECT sum("{field}") AS "{field}" FROM ({inner})'  # noqa: S608
    return Query(outer + (f' GROUP BY "{by}"' if by else ""), alias=f"$tag_{by}" if by else "")


def open_over_time(*conditions: str, by: str) -> Query:
    """Return how many cases were open at each time."""
    inner = (
        f'SELECT last("open") AS "open" FROM "case" WHERE {where(*conditions)} '  # noqa: S608 - ours
        f'GROUP BY time({PERIOD}), "id", "{by}"'
    )
    text = (
        f'SELECT sum("open") FROM ({inner}) WHERE $timeFilter '  # noqa: S608
        f'GROUP BY time({PERIOD}), "{by}" fill(none)'
    )
    return Query(text, alias=f"$tag_{by}")


def over_time(
    value: str, measurement: str, *conditions: str, by: str = "", alias: str = "", ref: str = "A",
    period: str = PERIOD, fill: str = "none",
) -> Query:  # fmt: skip
    """Return a value over time; `measurement` is a name, or a regular expression in slashes."""
    origin = measurement if measurement.startswith("/") else f'"{measurement}"'
    groups = "".join(f', "{name}"' for name in by.split(",") if name)
    text = (
        f"SELECT {value} FROM {origin} WHERE {where(*conditions)} "  # noqa: S608 - ours
        f"GROUP BY time({period}){groups} fill({fill})"
    )
    return Query(text, alias=alias or (f"$tag_{by}" if by and "," not in by else ""), ref=ref)


def latest(
    value: str, measurement: str, *conditions: str, by: str = "device", ref: str = "A",
    alias: str = "",
) -> Query:  # fmt: skip
    """Return the newest value of each device (or building)."""
    origin = measurement if measurement.startswith("/") else f'"{measurement}"'
    text = f'SELECT last("{value}") FROM {origin} WHERE {where(*conditions)} GROUP BY "{by}"'  # noqa: S608
    return Query(text, alias=alias or f"$tag_{by}", ref=ref)

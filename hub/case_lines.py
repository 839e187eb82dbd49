"""Turns a case into a line of InfluxDB's line protocol: measurement `case`, for dashboards.

Tags: site, compound, building, grid, class, category, severity, state, mode, id. Fields: numbers
(always float) and texts for tables. `hub` is a second measurement: it says that the hub lives.
"""

import unicodedata
from collections.abc import Callable, Sequence

from cases.taxonomy import category
from model.case import Case, Change, ChangeKind, EventClass, State
from model.place import Registry

from .reading_store.line_protocol import NS_PER_MS, safe_name

_DELIMITERS = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
_QUOTES = str.maketrans({"\\": "\\\\", '"': '\\"'})


class CaseEncoder:
    """Writes a case as a line of InfluxDB's line protocol."""

    def __init__(self, registry: Callable[[], Registry], site: str) -> None:
        self._registry = registry
        self._site = site

    def changed(self, change: Change) -> str:
        """Return the point of a change, at the time of the change."""
        case = change.case
        once = {
            "opened": change.kind is ChangeKind.CREATE,
            "ended": case.state is State.CLOSED and case.updated_at == case.closed_at,
        }
        fields = {name: 1.0 for name, true in once.items() if true}
        # Two changes in one millisecond stay in order, and a repeat changes nothing.
        time_ns = case.updated_at * NS_PER_MS + case.history_length % NS_PER_MS
        return self._line(case, case.updated_at, time_ns, fields)

    def beat(self, case: Case, now: int) -> str:
        """Return the point that says a case again, at `now` (ms)."""
        return self._line(case, now, now * NS_PER_MS, {})

    def hub(self, cases: Sequence[Case], now: int) -> str:
        """Return the point that says that the hub lives and how much is open."""
        open_cases = [case for case in cases if case.state is not State.CLOSED]
        fields = {
            "open": len(open_cases),
            "emergencies": sum(case.cls is EventClass.EMERGENCY for case in open_cases),
            "unacknowledged": sum(not _heard(case) for case in open_cases),
            "overdue": sum(_overdue(case, now) for case in open_cases),
        }
        text = ",".join(f"{name}={float(value)!r}" for name, value in fields.items())
        return f"hub,site={_tag(self._site)} {text} {now * NS_PER_MS}"

    def _line(self, case: Case, now: int, time_ns: int, once: dict[str, float]) -> str:
        place = self._registry().place(case.place)
        tags = {
            "building": place.building if place else "",
            "category": case.category,
            "class": case.cls.value,
            "compound": place.compound if place else case.compound,
            "grid": case.grid,
            "id": case.id,
            "mode": case.mode.value,
            "severity": case.severity.value,
            "site": self._site,
            "state": case.state.value,
        }
        pairs = "".join(f",{name}={_tag(text)}" for name, text in tags.items() if text)
        numbers = _numbers(case, now) | self._position(case) | once
        words = category(case.category, case.severity)
        texts = {
            "title": f"{words.zh} {words.en}",
            "place_text": case.place_name or case.place,
            "subject": case.subject,
            "status": case.state.value,
            "verified": case.verification.value or "none",
        }
        fields = [f"{name}={value!r}" for name, value in numbers.items()]
        fields += [f"{name}={_quoted(text)}" for name, text in texts.items()]
        return f"case{pairs} {','.join(fields)} {time_ns}"

    def _position(self, case: Case) -> dict[str, float]:
        """Return WGS-84 degrees of the case's building or compound, for the map."""
        registry = self._registry()
        place = registry.buildings.get(case.place) or registry.compounds.get(
            case.place if case.place in registry.compounds else case.compound
        )
        if place is None or not (place.lon or place.lat):
            return {}
        return {"lon": float(place.lon), "lat": float(place.lat)}


def _numbers(case: Case, now: int) -> dict[str, float]:
    due = {"due": float(case.due)} if case.due is not None else {}
    return due | {
        "open": float(case.state is not State.CLOSED),
        "acknowledged": float(_heard(case)),
        "overdue": float(_overdue(case, now)),
        "age_s": max(now - case.opened_at, 0) / 1000,
        "opened_at": float(case.opened_at),
        "rank": float(case.severity.rank),
    }


def _overdue(case: Case, now: int) -> bool:
    return case.state is not State.CLOSED and case.due is not None and case.due < now


def _tag(text: str) -> str:
    return safe_name(_plain(text)).translate(_DELIMITERS)


def _quoted(text: str) -> str:
    return '"' + _plain(text).translate(_QUOTES) + '"'


def _plain(text: str) -> str:
    """Replace what could turn a line of a table around or break it: control and direction marks."""
    return "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in text)


def _heard(case: Case) -> bool:
    """Return whether somebody has acknowledged a case, and since it alarmed last."""
    return case.acknowledged_at is not None and case.alarmed_at is None

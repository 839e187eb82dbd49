"""Draws the territory as one picture (SVG): ground by street, and on it what is open and silent."""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from math import cos, radians
from typing import NamedTuple

from hub.page.board import Json
from hub.page.tables import inert
from hub.page.words import SEVERITY, Lang, word
from hub.territory.areas import Area, Point, areas
from model.place import Compound, Registry

WIDTH = 1000.0
_ORDER = tuple(SEVERITY)
_HUES = 7
_LABEL_ROOM, _LABEL_UP = 110.0, 38.0  # street names keep off the edge, and above the compounds
# Severity is told by the marker's form as well: not everybody sees red and orange apart.
_FORMS = {
    "critical": "M0-15 13 9H-13Z",
    "major": "M0-13 13 0 0 13-13 0Z",
    "minor": "M-10-10H10V10H-10Z",
    "warning": "M10 0A10 10 0 1 1-10 0 10 10 0 1 1 10 0Z",
}

Project = Callable[[Point], Point]


class Sheet(NamedTuple):
    """A map's size and how places come onto it."""

    height: float
    project: Project


class Drawn(NamedTuple):
    """The ground as it goes to the browser, once, and the sheet that marks are placed on."""

    sheet: Sheet
    ground: str


class Surveyor:
    """Draws the ground of a registry once for all screens; a new registry is drawn anew."""

    def __init__(self) -> None:
        self._of: Registry | None = None
        self._drawn = Drawn(Sheet(1.0, lambda point: point), "")

    def draw(self, registry: Registry) -> Drawn:
        """Return the ground; the first time takes some tenths of a second of a worker thread."""
        if registry is not self._of:
            found = areas(registry)
            sheet = sheet_of(found, registry.compounds.values())
            self._drawn = Drawn(sheet, ground(found, registry, sheet))
            self._of = registry
        return self._drawn


def sheet_of(found: Iterable[Area], compounds: Iterable[Compound]) -> Sheet:
    """Return a sheet that holds all areas and compounds; degrees are made equally long."""
    points = [point for area in found for point in area.ring]
    points += [(item.lon, item.lat) for item in compounds if item.lon or item.lat]
    points = points or [(0.0, 0.0), (1.0, 1.0)]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    narrow = cos(radians((south + north) / 2))
    scale = WIDTH / max((east - west) * narrow, 1e-9)

    def project(point: Point) -> Point:
        return (point[0] - west) * narrow * scale, (north - point[1]) * scale

    return Sheet(max((north - south) * scale, 1.0), project)


def ground(found: list[Area], registry: Registry, sheet: Sheet) -> str:
    """Return the ground: communities coloured by street, grids as thin lines, names of streets."""
    streets = sorted({area.street for area in found})
    parts = []
    for area in found:
        hue = streets.index(area.street) % _HUES
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(sheet.project, area.ring))
        parts.append(f'<polygon class="sh-ground-{area.level} sh-hue-{hue}" points="{line}"/>')
    for street in streets:
        centres = [
            _centre(a, sheet) for a in found if a.street == street and a.level == "community"
        ]
        division = registry.divisions.get(street) or registry.divisions.get(f"{street}000")
        if centres and division is not None:
            x = sum(c[0] for c in centres) / len(centres)
            y = sum(c[1] for c in centres) / len(centres)
            x = min(max(x, _LABEL_ROOM), WIDTH - _LABEL_ROOM)
            parts.append(
                f'<text class="sh-street" x="{x:.0f}" y="{y - _LABEL_UP:.0f}">{escape(division.name)}</text>'
            )
    return "".join(parts)


def marks(
    registry: Registry,
    cases: Iterable[Json],
    silent_in: Mapping[str, int],
    sheet: Sheet,
    lang: Lang,
) -> str:
    """Return a link for each compound: a form and a count for what is open, a ring for silence."""
    open_in: dict[str, list[Json]] = {}
    for case in cases:
        open_in.setdefault(str(case["compound"]), []).append(case)
    return "".join(
        _mark(item, open_in.get(item.id, []), silent_in.get(item.id, 0), sheet, lang)
        for item in registry.compounds.values()
        if item.lon or item.lat
    )


def _mark(compound: Compound, cases: list[Json], silent: int, sheet: Sheet, lang: Lang) -> str:
    x, y = sheet.project((compound.lon, compound.lat))
    worst = min((str(case["severity"]) for case in cases), key=_ORDER.index, default="")
    waits = any(case["class"] == "emergency" and not case["acknowledged_by"] for case in cases)
    said = _said(compound, cases, worst, silent, lang)
    form = _FORMS.get(worst, "M8 0A8 8 0 1 1-8 0 8 8 0 1 1 8 0Z")
    ring = f'<circle class="sh-silent" r="{19 if worst else 11}"/>' if silent else ""
    halo = '<circle class="sh-halo" r="25"/>' if waits else ""
    count = f'<text class="sh-count" x="18" y="-9">{len(cases)}</text>' if cases else ""
    return (
        f'<a class="sh-mark sh-{worst or "normal"}" href="/?compound={escape(compound.id, quote=True)}"'
        f' aria-label="{escape(said, quote=True)}" transform="translate({x:.1f} {y:.1f})">'
        f'<title>{escape(said)}</title>{halo}{ring}<path d="{form}"/>{count}'
        f'<text class="sh-name" y="32">{escape(compound.name)}</text></a>'
    )


def _said(compound: Compound, cases: list[Json], worst: str, silent: int, lang: Lang) -> str:
    if lang is Lang.ZH:
        found = (
            f"{len(cases)} 件未结，最高 {word(SEVERITY, worst, lang)}" if cases else "无未结案件"
        )
        return f"{compound.name}：{found}" + (f"，{silent} 台设备失联" if silent else "")
    found = f"{len(cases)} open, worst {word(SEVERITY, worst, lang)}" if cases else "nothing open"
    return f"{compound.name}: {found}" + (f", {silent} devices silent" if silent else "")


def _centre(area: Area, sheet: Sheet) -> Point:
    points = [sheet.project(point) for point in area.ring[:-1]] or [(0.0, 0.0)]
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def heading(registry: Registry, compound: str) -> str:
    """Return the name of the compound that a list is limited to, inert."""
    known = registry.compounds.get(compound)
    return inert(known.name if known else compound)

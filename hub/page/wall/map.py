"""Puts marks onto the ground: what is open in which compound and building, and where devices are silent."""

from collections.abc import Iterable, Mapping
from html import escape
from math import hypot
from urllib.parse import quote

from hub.page.board import Json
from hub.page.tables import inert
from hub.page.words import SEVERITY, Lang, word
from hub.urgency import unheard
from model.place import Building, Compound, Point, Registry

from .ground import Sheet

_ORDER = tuple(SEVERITY)
# Severity is told by the marker's form as well: not everybody sees red and orange apart.
_FORMS = {
    "critical": "M0-15 13 9H-13Z",
    "major": "M0-13 13 0 0 13-13 0Z",
    "minor": "M-10-10H10V10H-10Z",
    "warning": "M10 0A10 10 0 1 1-10 0 10 10 0 1 1 10 0Z",
}
_NOTHING = "M8 0A8 8 0 1 1-8 0 8 8 0 1 1 8 0Z"
_HOUSE = "M-6-6H6V6H-6Z"
_APART = 24.0  # nearer than this a building is under its compound's mark, which speaks for it
_BUILDINGS_MAX = 120  # marks of buildings on the map of all; the worst first


def marks(
    registry: Registry,
    cases: Iterable[Json],
    silent_in: Mapping[str, int],
    sheet: Sheet,
    lang: Lang,
    *,
    only: str = "",
) -> str:
    """Return a link for each compound: a form and a count for what is open, a ring for silence.

    Buildings of open cases have marks of their own where there is room for them; with `only`, the
    map is that of one compound, and each of its buildings is there with its name.
    """
    open_in: dict[str, list[Json]] = {}
    at_building: dict[str, list[Json]] = {}
    for case in cases:
        open_in.setdefault(str(case["compound"]), []).append(case)
        at_building.setdefault(str(case["place"]), []).append(case)
    drawn = []
    near = only if sheet_shows(registry, only, sheet) else ""
    for item in registry.compounds.values():
        of_it = open_in.get(item.id, [])
        if item.id == near:  # its buildings speak for it, and what is at none of them for itself
            of_it = [case for case in of_it if not _located(registry, str(case["place"]))]
            if not of_it and not silent_in.get(item.id):
                continue
        if (item.lon or item.lat) and sheet.holds((item.lon, item.lat)):
            drawn.append(_mark(item, of_it, silent_in.get(item.id, 0), sheet, lang))
    houses = _near(registry, near) if near else _apart(registry, at_building, sheet)
    found = [_house(b, at_building.get(b.id, []), sheet, lang, named=bool(near)) for b in houses]
    return "".join(found + drawn)


def sheet_shows(registry: Registry, compound: str, sheet: Sheet) -> bool:
    """Return whether a compound has a place on this sheet."""
    known = registry.compounds.get(compound)
    return (
        known is not None and bool(known.lon or known.lat) and sheet.holds((known.lon, known.lat))
    )


def _located(registry: Registry, place: str) -> bool:
    known = registry.buildings.get(place)
    return known is not None and bool(known.lon or known.lat)


def _near(registry: Registry, compound: str) -> list[Building]:
    found = (b for b in registry.buildings.values() if b.compound == compound)
    return [building for building in found if building.lon or building.lat]


def _apart(
    registry: Registry, at_building: Mapping[str, list[Json]], sheet: Sheet
) -> list[Building]:
    """Return the buildings of open cases that are not under their compound's mark, the worst first."""
    found: list[tuple[int, str]] = []
    for name, cases in at_building.items():
        building = registry.buildings.get(name)
        if building is None or not (building.lon or building.lat):
            continue
        compound = registry.compounds.get(building.compound)
        here = sheet.project((building.lon, building.lat))
        if compound is None or _distance(here, compound, sheet) >= _APART:
            found.append((_ORDER.index(_worst(cases)), name))
    return [registry.buildings[name] for _, name in sorted(found)[:_BUILDINGS_MAX]]


def _distance(here: Point, compound: Compound, sheet: Sheet) -> float:
    if not (compound.lon or compound.lat):
        return _APART
    x, y = sheet.project((compound.lon, compound.lat))
    return hypot(here[0] - x, here[1] - y)


def _mark(compound: Compound, cases: list[Json], silent: int, sheet: Sheet, lang: Lang) -> str:
    x, y = sheet.project((compound.lon, compound.lat))
    worst = _worst(cases)
    said = _said(compound.name, cases, lang) + _silence(silent, lang)
    ring = f'<circle class="sh-silent" r="{19 if worst else 11}"/>' if silent else ""
    halo = '<circle class="sh-halo" r="25"/>' if _waits(cases) else ""
    count = f'<text class="sh-count" x="18" y="-9">{len(cases)}</text>' if cases else ""
    return (
        f'<a class="sh-mark sh-{worst or "normal"}" data-keep="at:{escape(compound.id, quote=True)}" href="/?compound={quote(compound.id, safe="")}"'
        f' aria-label="{escape(said, quote=True)}" transform="translate({x:.1f} {y:.1f})">'
        f'<title>{escape(said)}</title>{halo}{ring}<path d="{_FORMS.get(worst, _NOTHING)}"/>{count}'
        f'<text class="sh-name" y="32">{escape(compound.name)}</text></a>'
    )


def _house(building: Building, cases: list[Json], sheet: Sheet, lang: Lang, *, named: bool) -> str:
    """Return a building's mark; a click opens its case, or the list of its cases."""
    x, y = sheet.project((building.lon, building.lat))
    worst = _worst(cases)
    said = escape(_said(building.name, cases, lang), quote=True)
    name = f'<text class="sh-name" y="{30 if worst else 24}">{escape(building.name)}</text>'
    count = f'<text class="sh-count" x="15" y="-8">{len(cases)}</text>' if len(cases) > 1 else ""
    place = f'transform="translate({x:.1f} {y:.1f})"'
    if not cases:
        return f'<g class="sh-mark sh-house" {place}><title>{said}</title><path d="{_HOUSE}"/>{name}</g>'
    halo = '<circle class="sh-halo" r="25"/>' if _waits(cases) else ""
    first = min(cases, key=lambda case: _ORDER.index(str(case["severity"])))
    size = "" if named else ' class="sh-small"'
    return (
        f'<a class="sh-mark sh-house sh-{worst}" data-keep="at:{escape(building.id, quote=True)}" href="/cases/{quote(str(first["id"]), safe="")}" {place}'
        f' aria-label="{said}"><title>{said}</title><g{size}>{halo}<path d="{_FORMS[worst]}"/></g>'
        f"{count if named else ''}{name if named else ''}</a>"
    )


def _worst(cases: Iterable[Json]) -> str:
    return min((str(case["severity"]) for case in cases), key=_ORDER.index, default="")


def _waits(cases: Iterable[Json]) -> bool:
    return any(map(unheard, cases))


def _said(name: str, cases: list[Json], lang: Lang) -> str:
    worst = word(SEVERITY, _worst(cases), lang) if cases else ""
    if lang is Lang.ZH:
        return f"{name}：" + (f"{len(cases)} 件未结，最高 {worst}" if cases else "无未结案件")
    return f"{name}: " + (f"{len(cases)} open, worst {worst}" if cases else "nothing open")


def _silence(silent: int, lang: Lang) -> str:
    if not silent:
        return ""
    return f"，{silent} 台设备失联" if lang is Lang.ZH else f", {silent} devices silent"


def heading(registry: Registry, compound: str) -> str:
    """Return the name of the compound that a list is limited to, inert."""
    known = registry.compounds.get(compound)
    return inert(known.name if known else compound)

"""Draws the ground under the marks as one picture (SVG): areas coloured by street, names of streets."""

from collections.abc import Callable, Iterable, Iterator
from html import escape
from math import cos, hypot, radians
from typing import NamedTuple

from hub.territory.areas import Area, areas
from model.place import Building, Compound, Point, Registry, Ring

WIDTH = 1000.0
_HUES = 7
_LETTER, _LABEL_UP = 11.0, 38.0  # half a letter's width; street names stand above the compounds
_NEAR = 0.8  # of the sheet's 1,000: a survey's corners that nobody can tell apart are left out
_FLATTEST, _STEEPEST = 0.45, 1.1  # height over width of one compound's map
_AROUND = 0.3  # of a compound's size is shown around it
_SPAN_MIN = 0.004  # degrees, some 400 m: a compound without located buildings

Project = Callable[[Point], Point]


class Sheet(NamedTuple):
    """A map's size and how places come onto it."""

    height: float
    project: Project

    def holds(self, point: Point) -> bool:
        """Return whether a place is on the sheet."""
        x, y = self.project(point)
        return 0 <= x <= WIDTH and 0 <= y <= self.height


class Drawn(NamedTuple):
    """The ground as it goes to the browser, once, and the sheet that marks are placed on."""

    sheet: Sheet
    ground: str
    schematic: bool  # whether anything on it is no survey


class Surveyor:
    """Draws the ground of a registry once for all screens; a new registry is drawn anew."""

    def __init__(self) -> None:
        self._of: Registry | None = None
        self._areas: list[Area] = []
        self._drawn = Drawn(Sheet(1.0, lambda point: point), "", schematic=True)

    def draw(self, registry: Registry, compound: str = "") -> Drawn:
        """Return the ground of all, or around one compound that has a place; for worker threads.

        The first time takes some tenths of a second.
        """
        if registry is not self._of:
            found = areas(registry)
            sheet = sheet_of(found, registry.compounds.values())
            self._drawn = _drawn(found, registry, sheet)
            self._of, self._areas = registry, found
        known = registry.compounds.get(compound)
        if known is None or not _located(known):
            return self._drawn
        sheet = sheet_around(known, registry.buildings.values())
        return _drawn([area for area in self._areas if _touches(area, sheet)], registry, sheet)


def sheet_of(found: Iterable[Area], compounds: Iterable[Compound]) -> Sheet:
    """Return a sheet that holds all areas and compounds; degrees are made equally long."""
    points = [point for area in found for ring in _rings(area) for point in ring]
    points += [(item.lon, item.lat) for item in compounds if _located(item)]
    return _sheet(points or [(0.0, 0.0), (1.0, 1.0)])


def sheet_around(compound: Compound, buildings: Iterable[Building]) -> Sheet:
    """Return a sheet that shows one compound with its buildings, near enough to tell them apart."""
    points = [(compound.lon, compound.lat)]
    points += [(b.lon, b.lat) for b in buildings if b.compound == compound.id and _located(b)]
    lon = (min(p[0] for p in points) + max(p[0] for p in points)) / 2
    lat = (min(p[1] for p in points) + max(p[1] for p in points)) / 2
    narrow = cos(radians(lat))
    wide = max(_SPAN_MIN, *((p[0] - lon) * narrow * 2 for p in points), 0.0) * (1 + 2 * _AROUND)
    high = max(_SPAN_MIN, *((p[1] - lat) * 2 for p in points), 0.0) * (1 + 2 * _AROUND)
    wide, high = max(wide, high / _STEEPEST), max(high, wide * _FLATTEST)
    half = wide / 2 / narrow
    return _sheet([(lon - half, lat - high / 2), (lon + half, lat + high / 2)])


def _sheet(points: list[Point]) -> Sheet:
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    narrow = cos(radians((south + north) / 2))
    scale = WIDTH / max((east - west) * narrow, 1e-9)

    def project(point: Point) -> Point:
        return (point[0] - west) * narrow * scale, (north - point[1]) * scale

    return Sheet(max((north - south) * scale, 1.0), project)


def _drawn(found: list[Area], registry: Registry, sheet: Sheet) -> Drawn:
    schematic = not found or not all(area.surveyed for area in found)
    return Drawn(sheet, ground(found, registry, sheet), schematic)


def ground(found: Iterable[Area], registry: Registry, sheet: Sheet) -> str:
    """Return the ground: communities coloured by street, grids as thin lines, names of streets."""
    found = list(found)
    streets = sorted({area.street for area in found})
    parts = []
    for area in found:
        hue = streets.index(area.street) % _HUES
        # Holes are drawn as such by the rule of even and odd.
        line = "".join(_path(ring, sheet) for ring in _rings(area))
        parts.append(f'<path class="sh-ground-{area.level} sh-hue-{hue}" d="{line}"/>')
    parts += [_street(street, found, registry, sheet) for street in streets]
    return "".join(parts)


def _street(street: str, found: list[Area], registry: Registry, sheet: Sheet) -> str:
    of_street = [area for area in found if area.street == street]
    inner = [area for area in of_street if area.level == "community"] or of_street
    centres = [_centre(area, sheet) for area in inner if area.polygons]
    division = registry.divisions.get(street) or registry.divisions.get(f"{street}000")
    if not centres or division is None:
        return ""
    x = sum(c[0] for c in centres) / len(centres)
    y = sum(c[1] for c in centres) / len(centres) - _LABEL_UP
    room = min(_LETTER * len(division.name), WIDTH / 2)  # names keep off the edge
    x = min(max(x, room), WIDTH - room)
    y = min(max(y, _LABEL_UP), sheet.height - _LABEL_UP / 2)
    return f'<text class="sh-street" x="{x:.0f}" y="{y:.0f}">{escape(division.name)}</text>'


def _rings(area: Area) -> Iterator[Ring]:
    for polygon in area.polygons:
        yield from polygon


def _path(ring: Ring, sheet: Sheet) -> str:
    """Return a ring as a path; corners that fall together on the sheet are one."""
    points = [sheet.project(point) for point in ring[:-1]]
    kept = points[:1]
    for point in points[1:]:
        if hypot(point[0] - kept[-1][0], point[1] - kept[-1][1]) >= _NEAR:
            kept.append(point)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept) + "Z"


def _touches(area: Area, sheet: Sheet) -> bool:
    """Return whether an area's frame and the sheet have ground in common."""
    points = [sheet.project(point) for ring in _rings(area) for point in ring]
    if not points:
        return False
    across = min(p[0] for p in points) <= WIDTH and max(p[0] for p in points) >= 0
    return across and min(p[1] for p in points) <= sheet.height and max(p[1] for p in points) >= 0


def _located(item: Compound | Building) -> bool:
    return bool(item.lon or item.lat)


def _centre(area: Area, sheet: Sheet) -> Point:
    points = [sheet.project(point) for point in area.polygons[0][0][:-1]]
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)

"""Tells the areas of a territory: those of a survey, and schematic ones where nobody surveyed any (示意图).

No boundary of Haibowan's divisions is public in a form we may ship, so each grid is the ground that is
nearest to its point: the compound in it, or a point near its community's others. Areas of one level
never overlap, every place lies in its own grid, and the same registry gives the same picture. WGS-84.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from math import cos, pi, radians, sin, sqrt
from typing import NamedTuple

from model.place import Compound, Division, Outline, Point, Polygon, Registry

Ring = list[Point]  # convex and open, while it is cut

_GOLDEN_ANGLE = pi * (3 - sqrt(5))
_COMMUNITY_STEP = 0.0042  # degrees between the communities of a street; our assumption, as all here
_GRID_STEP = 0.0011
_STREET_STEP = 0.02
_MARGIN = 0.012
COMMUNITY_DIGITS, STREET_DIGITS = 12, 9


_LEVELS = ("district", "street", "community", "grid")  # the wide ones lie under the others


class Area(NamedTuple):
    """A piece of ground: its code, name, level and polygons of closed rings."""

    code: str
    name: str
    level: str
    street: str  # the street's or town's 9 digits
    polygons: tuple[Polygon, ...]
    surveyed: bool = False


def areas(registry: Registry) -> list[Area]:
    """Return the areas of the registry, the wide ones first.

    What was surveyed is as it was surveyed. Nothing schematic is put inside it or in its place: the
    two would not fit together.
    """
    surveyed = [_surveyed(registry, outline) for outline in registry.outlines.values()]
    under = {_significant(code) for code in registry.outlines}
    schematic = [area for area in _schematic(registry) if not _within(area.code, under)]
    return sorted([*schematic, *surveyed], key=lambda area: _LEVELS.index(area.level))


def _surveyed(registry: Registry, outline: Outline) -> Area:
    division = registry.divisions[outline.code]
    street = division.code[:STREET_DIGITS]
    return Area(
        division.code, division.name, division.level, street, outline.polygons, surveyed=True
    )


def _significant(code: str) -> str:
    """Return a division's code without the zeros that only fill it up: 150302001000 → 150302001."""
    while len(code) in {COMMUNITY_DIGITS, STREET_DIGITS} and code.endswith("000"):
        code = code[:-3]
    return code


def _within(code: str, under: AbstractSet[str]) -> bool:
    return any(code[:digits] in under for digits in (6, STREET_DIGITS, COMMUNITY_DIGITS, len(code)))


def _schematic(registry: Registry) -> list[Area]:
    """Return an area for each community and each grid, as if nobody had surveyed any."""
    communities = _of_level(registry, "community")
    if not communities:
        return []
    anchors = _anchors(registry.compounds.values())
    seeds = _community_seeds(communities, anchors)
    frame = _frame(seeds.values())
    grids: dict[str, list[Division]] = {}
    for grid in _of_level(registry, "grid"):
        grids.setdefault(grid.code[:COMMUNITY_DIGITS], []).append(grid)
    found: list[Area] = []
    inner: list[Area] = []
    for community in communities:
        ring = _nearest(community.code, seeds, frame)
        found.append(_area(community, ring))
        points = {
            code: _pulled(point, seeds[community.code], ring)
            for code, point in _grid_seeds(
                grids.get(community.code, []), anchors, seeds[community.code]
            ).items()
        }
        inner += [
            _area(grid, _nearest(grid.code, points, ring)) for grid in grids.get(community.code, [])
        ]
    return found + inner


def geojson(found: Iterable[Area]) -> dict[str, object]:
    """Return areas as GeoJSON (RFC 7946)."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "code": area.code,
                    "name": area.name,
                    "level": area.level,
                    "schematic": not area.surveyed,
                },
                "geometry": _geometry(area.polygons),
            }
            for area in found
        ],
    }


def _geometry(polygons: tuple[Polygon, ...]) -> dict[str, object]:
    lists = [[[list(point) for point in ring] for ring in polygon] for polygon in polygons]
    if len(lists) == 1:
        return {"type": "Polygon", "coordinates": lists[0]}
    return {"type": "MultiPolygon", "coordinates": lists}


def _of_level(registry: Registry, level: str) -> list[Division]:
    found = (item for item in registry.divisions.values() if item.level == level)
    return sorted(found, key=lambda item: item.code)


def _area(division: Division, ring: Ring) -> Area:
    street = division.code[:STREET_DIGITS]
    closed = ((*ring, ring[0]),) if ring else ()
    return Area(division.code, division.name, division.level, street, (closed,) if closed else ())


def _anchors(compounds: Iterable[Compound]) -> dict[str, Point]:
    """Return where each grid with a located compound is."""
    located = (item for item in compounds if item.lon or item.lat)
    return {item.grid: (item.lon, item.lat) for item in located}


def _community_seeds(
    communities: Iterable[Division], anchors: Mapping[str, Point]
) -> dict[str, Point]:
    """Return a point for each community: its compound, else one around its street's first."""
    known = {grid[:COMMUNITY_DIGITS]: point for grid, point in anchors.items()}
    streets: dict[str, Point] = {}
    for code, point in sorted(known.items()):
        streets.setdefault(code[:STREET_DIGITS], point)
    centre = _mean(known.values())
    seeds: dict[str, Point] = {}
    turns: dict[str, int] = {}
    for community in communities:
        street = community.code[:STREET_DIGITS]
        around = streets.setdefault(street, _spiral(centre, len(streets) + 1, _STREET_STEP))
        turns[street] = turns.get(street, 0) + 1
        seeds[community.code] = known.get(community.code) or _spiral(
            around, turns[street], _COMMUNITY_STEP
        )
    return seeds


def _grid_seeds(
    grids: Iterable[Division], anchors: Mapping[str, Point], around: Point
) -> dict[str, Point]:
    return {
        grid.code: anchors.get(grid.code) or _spiral(around, number, _GRID_STEP)
        for number, grid in enumerate(grids, 1)
    }


def _pulled(point: Point, centre: Point, ring: Ring) -> Point:
    """Return a point, drawn towards the centre until it lies in the convex ring around that."""
    while not _holds(ring, point):
        point = ((point[0] + centre[0]) / 2, (point[1] + centre[1]) / 2)
    return point


def _holds(ring: Ring, point: Point) -> bool:
    """Return whether a point lies in a convex ring whose corners turn left."""
    return all(
        (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) >= 0
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)
    )


def _spiral(centre: Point, number: int, step: float) -> Point:
    """Return the n-th point of a sunflower around a centre: even, and never twice the same."""
    angle, radius = number * _GOLDEN_ANGLE, step * sqrt(number)
    return (
        centre[0] + radius * cos(angle) / cos(radians(centre[1])),
        centre[1] + radius * sin(angle),
    )


def _mean(points: Iterable[Point]) -> Point:
    found = list(points) or [(0.0, 0.0)]
    return (
        sum(lon for lon, _ in found) / len(found),
        sum(lat for _, lat in found) / len(found),
    )


def _frame(points: Iterable[Point]) -> Ring:
    found = list(points)
    west, east = min(p[0] for p in found) - _MARGIN, max(p[0] for p in found) + _MARGIN
    south, north = min(p[1] for p in found) - _MARGIN, max(p[1] for p in found) + _MARGIN
    return [(west, south), (east, south), (east, north), (west, north)]


def _nearest(code: str, seeds: Mapping[str, Point], within: Ring) -> Ring:
    """Return the part of a convex ring that is nearer to this point than to any other."""
    here, ring = seeds[code], within
    for other, there in seeds.items():
        if other != code and ring:
            ring = _nearer(ring, here, there)
    return ring


def _nearer(ring: Ring, here: Point, there: Point) -> Ring:
    """Cut a convex ring at the line half-way between two points (Sutherland and Hodgman)."""
    kept: Ring = []
    for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
        a, b = _side(start, here, there), _side(end, here, there)
        if a >= 0:
            kept.append(start)
        if (a < 0 < b) or (b < 0 < a):
            part = a / (a - b)
            kept.append(
                (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
            )
    return kept


def _side(point: Point, here: Point, there: Point) -> float:
    """Return a number that is positive nearer to `here`, negative nearer to `there`."""
    x, y = (here[0] + there[0]) / 2, (here[1] + there[1]) / 2
    return (here[0] - there[0]) * (point[0] - x) + (here[1] - there[1]) * (point[1] - y)

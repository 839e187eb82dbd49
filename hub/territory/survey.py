"""Reads the surveyed areas of a site (GeoJSON, RFC 7946, WGS-84) and says every mistake at once.

Each feature is the ground of one district, street, community or grid; `properties.code` says of which.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from model.errors import ConfigError
from model.place import Division, Outline, Point, Polygon, Ring
from model.spelling import did_you_mean

AREAS_GEOJSON = "areas.geojson"
LON_MAX, LAT_MAX = 180.0, 90.0
_CORNERS_MIN = 4  # a triangle, closed: RFC 7946, 3.1.6
_PROBLEMS_MAX = 50  # a file in another projection has one for each feature
# RFC 7946 knows only WGS-84; files of older programs name their system, and these are the same.
_WGS84 = re.compile(r"CRS:?84|EPSG:+4326|^4326$", re.IGNORECASE)
_REMEDY = "convert it to WGS-84, as `ogr2ogr -t_srs EPSG:4326` does"


def read_outlines(
    text: str, divisions: Mapping[str, Division] | None = None, *, name: str = AREAS_GEOJSON
) -> tuple[dict[str, Outline], list[ConfigError]]:
    """Return the areas of a GeoJSON text by code, and every problem with file and feature.

    With `divisions`, an area of a code that is none of them is a problem, too.
    """
    outlines: dict[str, Outline] = {}
    problems: list[ConfigError] = []
    try:
        features = _features(text, name)
    except ConfigError as error:
        return outlines, [error]
    numbers: dict[str, int] = {}
    for number, feature in enumerate(features):
        try:
            outline = _outline(feature)
            _check_code(outline.code, numbers, divisions)
        except _Wrong as wrong:
            key = ".".join(part for part in (f"features.{number}", wrong.key) if part)
            problems.append(ConfigError(f"{_called(feature)}{wrong}", file=name, key=key))
            continue
        numbers[outline.code] = number
        outlines[outline.code] = outline
    if len(problems) > _PROBLEMS_MAX:
        hidden = len(problems) - _PROBLEMS_MAX
        problems[_PROBLEMS_MAX:] = [ConfigError(f"and {hidden} more problems", file=name)]
    return outlines, problems


def write_outlines(outlines: Iterable[Outline]) -> str:
    """Return areas as the text of such a file; read again, they are the same."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": outline.code},
            "geometry": {"type": "MultiPolygon", "coordinates": outline.polygons},
        }
        for outline in outlines
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}) + "\n"


class _Wrong(Exception):  # noqa: N818 - never leaves this file
    """What is wrong with a feature, and at which of its keys."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


def _features(text: str, name: str) -> Sequence[object]:
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"not JSON: {error.msg}; export it again as GeoJSON", file=name, line=error.lineno
        ) from error
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"no GeoJSON that can be read: {error}", file=name) from error
    if not isinstance(data, dict) or data.get("type") != "FeatureCollection":
        raise ConfigError("not a GeoJSON FeatureCollection; export it as one", file=name)
    system = _system(data.get("crs"))
    if system and not _WGS84.search(system):
        raise ConfigError(f"is in {system}; {_REMEDY}", file=name, key="crs")
    features = data.get("features")
    if not isinstance(features, list):
        raise ConfigError("is no list of features", file=name, key="features")
    return features


def _system(crs: object) -> str:
    """Return the name of the coordinate system that an older file names, empty for none."""
    if not isinstance(crs, dict):
        return ""
    properties = crs.get("properties")
    found = properties.get("name") if isinstance(properties, dict) else crs.get("type")
    return str(found or "")


def _called(feature: object) -> str:
    """Return the code and name that the feature gives itself, to find it by in a map program."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return ""
    said = (properties.get("code"), properties.get("name"))
    found = " ".join(str(part)[:40] for part in said if part)
    return f"{found}: " if found else ""


def _check_code(
    code: str, numbers: Mapping[str, int], divisions: Mapping[str, Division] | None
) -> None:
    key = "properties.code"
    if code in numbers:
        raise _Wrong(
            f"is drawn at features.{numbers[code]} already; make one MultiPolygon of both", key
        )
    if divisions is not None and code not in divisions:
        near = did_you_mean(code, list(divisions))
        raise _Wrong(f"no division or grid {code}{near or '; add it first, or mend the code'}", key)


def _outline(feature: object) -> Outline:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise _Wrong("is no GeoJSON Feature")
    properties = feature.get("properties")
    code = properties.get("code") if isinstance(properties, dict) else None
    if isinstance(code, bool) or not isinstance(code, str | int) or not str(code).isdigit():
        raise _Wrong(
            "has no code; write the digits of its division or grid there, as text",
            "properties.code",
        )
    return Outline(str(code), tuple(_polygons(feature.get("geometry"))))


def _polygons(geometry: object) -> Iterator[Polygon]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or kind not in {"Polygon", "MultiPolygon"}:
        raise _Wrong(
            f"is a {kind or 'feature without ground'}; an area is a Polygon or MultiPolygon",
            "geometry",
        )
    coordinates = geometry.get("coordinates")
    for polygon in [coordinates] if kind == "Polygon" else _list(coordinates):
        rings = tuple(_ring(ring) for ring in _list(polygon))
        if not rings:
            raise _Wrong("has a polygon without a ring", "geometry")
        yield rings


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _Wrong("has coordinates that are no lists of positions", "geometry")
    return value


def _ring(value: object) -> Ring:
    ring = tuple(_point(position) for position in _list(value))
    if len(ring) < _CORNERS_MIN:
        raise _Wrong(f"has a ring of {len(ring)} positions; a ring has 4 or more", "geometry")
    if ring[0] != ring[-1]:
        raise _Wrong("has a ring that is not closed; repeat its first position at its end", "geometry")  # fmt: skip
    return ring


def _point(value: object) -> Point:
    # A height, if there is one, is left out.
    match _list(value):
        case [int() | float() as first, int() | float() as second, *_]:
            lon, lat = float(first), float(second)
        case _:
            raise _Wrong("has a position that is no pair of numbers", "geometry")
    if abs(lon) <= LON_MAX and abs(lat) <= LAT_MAX:
        return lon, lat
    if abs(lon) <= LAT_MAX and abs(lat) <= LON_MAX:
        raise _Wrong(f"has {lon:g}, {lat:g}: longitude comes first, so exchange them", "geometry")
    raise _Wrong(f"has {lon:g}, {lat:g}, which are no degrees; {_REMEDY}", "geometry")

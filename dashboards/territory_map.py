"""The map of open cases: own GeoJSON inside the dashboard, no tiles and nothing from the internet."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from math import log2
from typing import TypeVar

from grafana_foundation_sdk.models import dashboard as sdk

from model.place import Building, Compound, Registry

from .case_panels import case_columns
from .influxql import cases_now
from .names import clean
from .panels import panel
from .words import CLASSES

# One transparent pixel instead of map tiles: an empty address would make Grafana ask the internet.
BLANK_TILE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
MARKER = "img/icons/marker/circle.svg"
_MARGIN = 0.0006  # degrees around a compound's buildings
_FOOTPRINT = (0.00035, 0.00012)  # half a building's width and depth; our assumption
_TEXT = {"fontSize": 12, "offsetX": 0, "offsetY": 0, "textAlign": "center", "textBaseline": "middle"}  # fmt: skip
Json = dict[str, object]
Ring = list[list[float]]
P = TypeVar("P", Building, Compound)


def open_cases_map(registry: Registry, *conditions: str) -> sdk.Panel:
    """Return the map: compounds and buildings as areas, each open case as a marker by its class."""
    options: Json = {
        "basemap": {
            "type": "xyz",
            "name": "空白 blank",
            "config": {"url": BLANK_TILE, "attribution": "smarthub"},
        },
        "controls": {
            "mouseWheelZoom": True,
            "showAttribution": False,
            "showDebug": False,
            "showMeasure": False,
            "showScale": True,
            "showZoom": True,
        },
        "layers": [*_ground(registry), _markers()],
        "tooltip": {"mode": "details"},
        "view": _view(registry),
    }
    return panel(
        "geomap", "未结案件地图 Map of open cases", [cases_now(*conditions)], unit="none",
        no_data="无未结案件 no open case", options=options, words=[CLASSES],
        custom={"hideFrom": {"legend": False, "tooltip": False, "viz": False}},
        overrides=case_columns(),
        about="区块按登记的楼栋位置生成,非测绘图。 Areas are drawn from the registry's positions of "
        "buildings; they are no survey.",
    )  # fmt: skip


def geojson(registry: Registry) -> Json:
    """Return compounds and buildings as GeoJSON (RFC 7946, WGS-84)."""
    features = [
        *(_feature(ring, clean(item.name), "compound") for item, ring in _compounds(registry)),
        *(_feature(_block(item), "", "building") for item in _located(registry.buildings.values())),
    ]
    return {"type": "FeatureCollection", "features": features}


def _ground(registry: Registry) -> Iterator[Json]:
    if not any(_located(registry.buildings.values())):
        return
    text = json.dumps(geojson(registry), ensure_ascii=False, separators=(",", ":"))
    yield {
        "type": "geojson",
        "name": "小区与楼栋 compounds and buildings",
        "config": {
            "src": f"data:application/geo+json;base64,{b64encode(text.encode()).decode()}",
            "rules": [
                {
                    "check": {"property": "kind", "operation": "eq", "value": "building"},
                    "style": _style("semi-dark-blue", 0.7, 3),
                }
            ],
            "style": _style("dark-blue", 0.15, 3)
            | {"text": {"mode": "field", "field": "name", "fixed": ""}},
        },
        "opacity": 1,
        "tooltip": False,
    }


def _markers() -> Json:
    style = _style("dark-red", 0.9, 9)
    style["color"] = {"field": "class", "fixed": "dark-red"}
    return {
        "type": "markers",
        "name": "未结案件 open cases",
        "config": {"showLegend": True, "style": style},
        "location": {"mode": "coords", "latitude": "lat", "longitude": "lon"},
        "tooltip": True,
    }


def _style(color: str, opacity: float, size: int) -> Json:
    return {
        "color": {"fixed": color},
        "lineWidth": 1,
        "opacity": opacity,
        "rotation": {"fixed": 0, "max": 360, "min": -360, "mode": "mod"},
        "size": {"fixed": size, "max": 15, "min": 2},
        "symbol": {"fixed": MARKER, "mode": "fixed"},
        "textConfig": dict(_TEXT),
    }


def _view(registry: Registry) -> Json:
    places: list[Building | Compound] = [*_located(registry.buildings.values())]
    places = places or [*_located(registry.compounds.values())]
    if not places:
        return {"id": "zero", "lat": 0, "lon": 0, "zoom": 1}
    west, east = min(p.lon for p in places), max(p.lon for p in places)
    south, north = min(p.lat for p in places), max(p.lat for p in places)
    span = max(east - west, north - south, 0.004)
    return {
        "id": "coords",
        "lat": round((south + north) / 2, 6),
        "lon": round((west + east) / 2, 6),
        "zoom": round(log2(360 / span), 1),
    }


def _compounds(registry: Registry) -> Iterator[tuple[Compound, Ring]]:
    """Return each compound with the rectangle around its buildings."""
    by_compound: dict[str, list[Building]] = {}
    for building in _located(registry.buildings.values()):
        by_compound.setdefault(building.compound, []).append(building)
    for compound in registry.compounds.values():
        places = by_compound.get(compound.id)
        if places:
            yield (
                compound,
                _ring(
                    min(p.lon for p in places) - _MARGIN,
                    min(p.lat for p in places) - _MARGIN,
                    max(p.lon for p in places) + _MARGIN,
                    max(p.lat for p in places) + _MARGIN,
                ),
            )


def _located(places: Iterable[P]) -> Iterator[P]:
    return (place for place in places if place.lon or place.lat)


def _block(building: Building) -> Ring:
    east, north = _FOOTPRINT
    return _ring(
        building.lon - east, building.lat - north, building.lon + east, building.lat + north
    )


def _ring(west: float, south: float, east: float, north: float) -> Ring:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return [[round(lon, 6), round(lat, 6)] for lon, lat in corners]


def _feature(ring: Ring, name: str, kind: str) -> Json:
    return {
        "type": "Feature",
        "properties": {"name": name, "kind": kind},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }

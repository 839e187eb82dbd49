"""Surveyed areas: read from GeoJSON, drawn instead of the schematic ones, and refused with a remedy."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.page.wall.ground import Surveyor, sheet_around
from hub.territory.areas import areas, geojson
from hub.territory.demo_territory import demo_documents
from hub.territory.registry_export import export_documents
from hub.territory.registry_files import load_registry, read_documents
from model.place import Building, Compound
from model.yamlfile import ConfigErrors

DISTRICT, STREET, COMMUNITY = "150302", "150302001", "150302001002"
GRID = f"{COMMUNITY}001"
SQUARE = [[106.8, 39.6], [106.9, 39.6], [106.9, 39.7], [106.8, 39.7], [106.8, 39.6]]
HOLE = [[106.84, 39.64], [106.86, 39.64], [106.86, 39.66], [106.84, 39.64]]
Feature = dict[str, object]


def feature(code: object = COMMUNITY, *rings: object, kind: str = "Polygon") -> Feature:
    """Return an area; a square unless told otherwise."""
    geometry = {"type": kind, "coordinates": list(rings) or [SQUARE]}
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


def survey(*features: object, **more: object) -> str:
    """Return the text of a survey."""
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more})


def registry_with(text: str) -> dict[str, str]:
    """Return the demo registry with this survey."""
    return {**demo_documents(detectors=10), "areas.geojson": text}


def test_a_surveyed_community_is_drawn_as_surveyed() -> None:
    """Its holes too; nothing schematic is drawn in it, and everything else is as before."""
    before = {area.code: area for area in areas(load_registry(demo_documents(detectors=10)))}
    found = areas(load_registry(registry_with(survey(feature(COMMUNITY, SQUARE, HOLE)))))
    (mine,) = (area for area in found if area.code == COMMUNITY)
    assert mine.surveyed
    assert mine.polygons == ((tuple(map(tuple, SQUARE)), tuple(map(tuple, HOLE))),)
    inside = {code for code in before if code.startswith(COMMUNITY)}
    assert len(inside) > 1
    assert {area.code for area in found} == (set(before) - inside) | {COMMUNITY}
    shown = geojson([mine])["features"]
    assert isinstance(shown, list)
    assert shown[0]["properties"]["schematic"] is False
    assert shown[0]["geometry"] == {"type": "Polygon", "coordinates": [SQUARE, HOLE]}


def test_wide_areas_lie_under_narrow_ones_and_a_survey_of_all_is_no_schematic() -> None:
    """A district and a grid in any order; only then the map is not called schematic."""
    registry = load_registry(registry_with(survey(feature(GRID), feature(DISTRICT))))
    assert [area.level for area in areas(registry)] == ["district", "grid"]
    drawn = Surveyor().draw(registry)
    assert not drawn.schematic
    assert drawn.ground.index("sh-ground-district") < drawn.ground.index("sh-ground-grid")
    assert Surveyor().draw(load_registry(demo_documents(detectors=10))).schematic


def test_a_survey_is_kept_by_an_export() -> None:
    """What `registry export` writes is the same registry."""
    two = feature(STREET, [SQUARE], [HOLE], kind="MultiPolygon")
    registry = load_registry(registry_with(survey(two)))
    again = load_registry(export_documents(registry))
    assert again.outlines == registry.outlines
    assert len(again.outlines[STREET].polygons) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "areas.geojson:1: not JSON"),
        ("[" * 100_000, "areas.geojson: no GeoJSON that can be read"),
        ("[]", "not a GeoJSON FeatureCollection"),
        ('{"type": "FeatureCollection"}', "features: is no list of features"),
        (survey("x"), "features.0: is no GeoJSON Feature"),
        (survey(feature(), feature("")), "features.1.properties.code: has no code"),
        (survey(feature("150302009009")), "no division or grid 150302009009"),
        (survey(feature(), feature()), "is drawn at features.0 already; make one MultiPolygon"),
        (survey(feature(kind="Point")), "is a Point; an area is a Polygon or MultiPolygon"),
        (survey(feature(COMMUNITY, SQUARE[:-1])), "not closed; repeat its first position"),
        (survey(feature(COMMUNITY, SQUARE[:2])), "a ring of 2 positions; a ring has 4 or more"),
        (survey(feature(COMMUNITY, [[39.6, 106.8]] * 4)), "longitude comes first"),
        (survey(feature(COMMUNITY, [[483000.0, 4385000.0]] * 4)), "no degrees; convert it to WGS-84"),
        (survey(feature(COMMUNITY, [["106.8", 39.6]] * 4)), "no pair of numbers"),
        (survey(feature(COMMUNITY, [[float("nan"), 39.6]] * 4)), "no degrees"),
        (
            survey(feature(), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}),
            "crs: is in urn:ogc:def:crs:EPSG::4490; convert it to WGS-84",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_feature_and_remedy(text: str, said: str) -> None:
    """The registry is refused whole: a map that silently lacks a street misleads."""
    with pytest.raises(ConfigErrors) as caught:
        load_registry(registry_with(text))
    assert said in str(caught.value)
    assert str(caught.value).startswith("areas.geojson")


def test_wgs84_by_its_older_name_is_taken() -> None:
    """QGIS and ogr2ogr write the system's name into older files."""
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert load_registry(registry_with(survey(feature(), crs=crs))).outlines


def test_a_thousand_wrong_features_are_fifty_lines() -> None:
    """A file in another projection is wrong at each feature; one screen is enough to say so."""
    wrong = [feature(COMMUNITY, [[483000.0, 4385000.0]] * 4)] * 1000
    with pytest.raises(ConfigErrors) as caught:
        load_registry(registry_with(survey(*wrong)))
    assert len(caught.value.problems) == 51
    assert "and 950 more problems" in str(caught.value)


def test_check_names_the_file_alone_with_its_registry_and_the_folder(tmp_path: Path) -> None:
    """Each way in which people call it."""
    path = tmp_path / "areas.geojson"
    path.write_text(survey(feature("150302009009")), encoding="utf-8")
    alone = CliRunner().invoke(app, ["check", str(path)])
    assert alone.exit_code == 0, alone.output
    (tmp_path / "registry.yaml").write_text("compounds: []\n", encoding="utf-8")
    for asked in (path, tmp_path):
        beside = CliRunner().invoke(app, ["check", str(asked)])
        assert beside.exit_code == 2, beside.output
        assert "features.0.properties.code: 150302009009: no division or grid" in beside.output
    path.write_text(survey(feature()), encoding="utf-8")
    assert CliRunner().invoke(app, ["check", str(tmp_path)]).exit_code == 0
    assert "areas.geojson" in read_documents(tmp_path)


def test_a_survey_with_many_corners_is_small_on_the_wall() -> None:
    """Corners that fall together on the screen are one: a real survey has a hundred thousand."""
    side = [[106.8 + n * 1e-6, 39.6] for n in range(100_000)]
    ring = [*side, [106.9, 39.7], side[0]]
    drawn = Surveyor().draw(load_registry(registry_with(survey(feature(DISTRICT, ring)))))
    assert len(drawn.ground) < 20_000


def test_one_compounds_map_holds_its_buildings_and_stays_in_shape() -> None:
    """Also when all stand in one line, or nowhere."""
    compound = Compound("c", "A", "g", 106.8, 39.6)
    for steps in ([], [(0.0, 0.01)], [(0.02, 0.0), (-0.01, 0.0)]):
        houses = [
            Building(f"b{n}", "1", "c", "g", 106.8 + x, 39.6 + y) for n, (x, y) in enumerate(steps)
        ]
        sheet = sheet_around(compound, houses)
        assert 400 <= sheet.height <= 1200
        assert all(sheet.holds((b.lon, b.lat)) for b in houses)

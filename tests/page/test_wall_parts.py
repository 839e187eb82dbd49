"""What the wall writes and draws, without a browser: inert names, bounded sizes, sound geometry."""

from collections.abc import Callable
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from hub.page.board import Json
from hub.page.wall.map import ground, marks, sheet_of
from hub.page.wall.rows import Reader, rows
from hub.page.words import Lang
from hub.territory.areas import Area, Ring, areas, geojson
from hub.territory.demo_territory import demo_documents
from hub.territory.registry_files import load_registry
from model.place import Building, Compound, Registry

T0 = 1_790_000_000_000
HOSTILE = '<script>alert(1)</script>\n"\u202egnp.exe'


def case(**changed: object) -> Json:
    """Return a fire nobody has acknowledged."""
    known: Json = {
        "id": "E-1", "class": "emergency", "category": "fire", "severity": "critical",
        "state": "filed", "mode": "real", "verification": "unconfirmed", "place": "b1",
        "place_name": "1号楼", "compound": "c1", "grid": "150302001001001",
        "opened_at": "2026-09-21T14:13:20.000Z", "acknowledged_by": None, "assignee": None,
        "handler": None, "acknowledge_due": "2026-09-21T14:15:20.000Z", "confirm_due": None,
        "accept_due": None, "due": None,
    }  # fmt: skip
    return known | changed


def reader(lang: Lang = Lang.EN, *, now: int = T0, acknowledges: bool = True) -> Reader:
    """Return a dispatcher, or somebody who only looks."""
    return Reader(lang, ZoneInfo("Asia/Shanghai"), now, acknowledges)


def test_a_hostile_name_is_inert_in_a_row_and_on_the_map() -> None:
    """No tag, no line break, no mark of direction that reaches beyond the name."""
    written = rows([case(place_name=HOSTILE, id='E"1', assignee=HOSTILE)], reader())
    registry = Registry(compounds=[Compound('c"1', HOSTILE, "g", 106.8, 39.6)])
    sheet = sheet_of([], registry.compounds.values())
    drawn = marks(registry, [], {}, sheet, Lang.EN)
    for text in (written, drawn):
        assert "<script" not in text
        assert "\n" not in text.replace("\n</", "</") or "<title>" in text
    assert 'data-ack="E&quot;1"' in written
    assert "<bdi>" in written


def test_only_who_may_acknowledge_sees_the_button_and_only_while_nobody_has() -> None:
    """A viewer has none; an acknowledged case has none."""
    assert "data-ack" in rows([case()], reader())
    assert "data-ack" not in rows([case()], reader(acknowledges=False))
    assert "data-ack" not in rows([case(acknowledged_by="li")], reader())
    assert "data-ack" not in rows([case(**{"class": "maintenance"})], reader())


@pytest.mark.parametrize(
    ("now", "changed", "late"),
    [
        (T0 + 130_000, {}, True),
        (T0 + 60_000, {}, False),
        (T0 + 130_000, {"acknowledged_by": "li"}, False),
    ],
)
def test_a_missed_limit_is_said_in_words(now: int, changed: Json, late: bool) -> None:  # noqa: FBT001
    """Overdue is a word and a colour, and only for the step that is still to be done."""
    said = rows([case(**changed)], reader(now=now))
    assert ("OVERDUE" in said) is late


def test_severity_is_colour_icon_and_word_in_both_languages() -> None:
    """Colour alone tells nobody who cannot see it (WCAG 1.4.1)."""
    for lang, word in ((Lang.ZH, "特别严重"), (Lang.EN, "Critical")):
        said = rows([case(mode="drill")], reader(lang))
        assert word in said
        assert "local_fire_department" in said
        assert ("演练" if lang is Lang.ZH else "DRILL") in said


def _area_of(ring: Ring) -> float:
    pairs = pairwise(ring)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def _inside(point: tuple[float, float], ring: Ring) -> bool:
    odd = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > point[1]) != (y2 > point[1]):
            odd ^= point[0] < (x2 - x1) * (point[1] - y1) / (y2 - y1) + x1
    return odd


@pytest.fixture(scope="module")
def demo() -> tuple[Registry, list[Area]]:
    """The demo's territory and its areas."""
    registry = load_registry(demo_documents(detectors=10))
    return registry, areas(registry)


def test_every_grid_has_one_area_and_every_compound_lies_in_its_own(
    demo: tuple[Registry, list[Area]],
) -> None:
    """435 grids and 43 communities; the marker of a compound is on its grid's ground."""
    registry, found = demo
    grids = {area.code: area for area in found if area.level == "grid"}
    assert len(grids) == 435
    assert len([area for area in found if area.level == "community"]) == 43
    assert all(area.ring[0] == area.ring[-1] for area in found)
    for compound in registry.compounds.values():
        assert _inside((compound.lon, compound.lat), grids[compound.grid].ring), compound.id


def test_areas_of_a_level_do_not_overlap(demo: tuple[Registry, list[Area]]) -> None:
    """Together they are as large as the frame, and grids as large as their community."""
    _, found = demo
    whole = [area for area in found if area.level == "community"]
    west = min(p[0] for area in whole for p in area.ring)
    east = max(p[0] for area in whole for p in area.ring)
    south = min(p[1] for area in whole for p in area.ring)
    north = max(p[1] for area in whole for p in area.ring)
    total = sum(_area_of(area.ring) for area in whole)
    assert total == pytest.approx((east - west) * (north - south), rel=1e-6)
    for community in whole:
        inner = [a for a in found if a.level == "grid" and a.code.startswith(community.code)]
        covered = sum(_area_of(a.ring) for a in inner)
        assert covered == pytest.approx(_area_of(community.ring), rel=1e-6)


def test_the_same_registry_gives_the_same_map_as_geojson(
    demo: tuple[Registry, list[Area]],
) -> None:
    """RFC 7946: longitude first, closed rings; marked as schematic."""
    registry, found = demo
    again = geojson(areas(registry))
    assert again == geojson(found)
    features = again["features"]
    assert isinstance(features, list)
    lon, lat = features[0]["geometry"]["coordinates"][0][0]
    assert 106 < lon < 108
    assert 39 < lat < 40
    assert features[0]["properties"]["schematic"] is True


def test_a_registry_without_places_draws_no_map() -> None:
    """An empty installation is no error."""
    assert areas(Registry()) == []
    assert sheet_of([], []).height > 0


Counted = Callable[[str], int]


def test_a_thousand_cases_are_one_mark_a_compound(demo: tuple[Registry, list[Area]]) -> None:
    """What goes to the browser does not grow with the number of cases."""
    registry, found = demo
    sheet = sheet_of(found, registry.compounds.values())
    names = list(registry.compounds)
    cases = [case(id=f"E-{n}", compound=names[n % len(names)]) for n in range(1000)]
    drawn = marks(registry, cases, {names[0]: 3}, sheet, Lang.EN)
    assert drawn.count("<a ") == len(names)
    assert len(drawn) < 8_000
    assert len(ground(found, registry, sheet)) < 250_000
    assert "125 open, worst Critical, 3 devices silent" in drawn


def test_silent_devices_are_counted_by_compound() -> None:
    """A device that knows only its building counts for the building's compound."""
    from model.place import Device
    from rules.book import Book
    from rules.views import take_census

    registry = Registry(
        compounds=[Compound("c1", "A", "g")],
        buildings=[Building("b1", "1", "c1", "g")],
        devices=[
            Device("d1", "smoke_detector", building="b1"),
            Device("d2", "door", compound="c1"),
        ],
    )
    book = Book(registry)
    book.silent |= {"d1", "d2", "stranger"}
    census = take_census(book)
    assert (census.registered, census.silent, census.silent_in) == (2, 3, {"c1": 2})

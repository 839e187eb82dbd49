"""What the wall writes and draws, without a browser: inert names, bounded sizes, sound geometry."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.access import Principal, Role
from hub.case_store import CaseStore
from hub.page.board import Board, Json
from hub.page.site import Visit
from hub.page.vitals import Vitals, silent_seen
from hub.page.wall.ground import Surveyor, ground, sheet_of
from hub.page.wall.map import marks
from hub.page.wall.rows import Reader, rows
from hub.page.wall.strip import figures
from hub.page.words import Lang
from hub.territory.areas import Area, areas, geojson
from hub.territory.demo_territory import demo_documents
from hub.territory.registry_files import load_registry
from model.place import Building, Compound, Registry, Ring
from tests.api.small_hub import GRID_A, GRID_B, SmallHub
from tests.case_store.template import copied_store, empty_database

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
    ("flag", "zh", "en"),
    [
        ("quiet_at_compound", "静默：勿联系小区", "SILENT: do not call the compound"),
        ("silenced", "静默中", "Silenced"),
        ("isolated_during_fire", "火警期间被屏蔽", "Isolated during the fire"),
        ("handed_to_119", "已移交 119", "Handed to 119"),
    ],
)
def test_what_a_case_is_flagged_with_stands_in_its_row(flag: str, zh: str, en: str) -> None:
    """Under duress nobody calls the compound from the list; a quiet fire says that it is quiet."""
    for lang, word in ((Lang.ZH, zh), (Lang.EN, en)):
        assert f">{word}</span>" in rows([case(flags=["late", flag])], reader(lang))
        assert word not in rows([case(flags=[])], reader(lang))


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


def _ring(area: Area) -> Ring:
    """Return the one ring that a schematic area has."""
    ((ring,),) = area.polygons
    return ring


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
    assert all(_ring(area)[0] == _ring(area)[-1] for area in found)
    for compound in registry.compounds.values():
        assert _inside((compound.lon, compound.lat), _ring(grids[compound.grid])), compound.id


def test_areas_of_a_level_do_not_overlap(demo: tuple[Registry, list[Area]]) -> None:
    """Together they are as large as the frame, and grids as large as their community."""
    _, found = demo
    whole = [area for area in found if area.level == "community"]
    west = min(p[0] for area in whole for p in _ring(area))
    east = max(p[0] for area in whole for p in _ring(area))
    south = min(p[1] for area in whole for p in _ring(area))
    north = max(p[1] for area in whole for p in _ring(area))
    total = sum(_area_of(_ring(area)) for area in whole)
    assert total == pytest.approx((east - west) * (north - south), rel=1e-6)
    for community in whole:
        inner = [a for a in found if a.level == "grid" and a.code.startswith(community.code)]
        covered = sum(_area_of(_ring(a)) for a in inner)
        assert covered == pytest.approx(_area_of(_ring(community)), rel=1e-6)


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


def test_buildings_of_open_cases_stand_where_they_are() -> None:
    """Far from its compound's mark a building has one of its own; the compound's map names all."""
    houses = [
        Building("b1", "1号楼", "c1", "g", 106.85, 39.65),
        Building("b2", "2号楼", "c1", "g", 106.8001, 39.6001),
        Building("b3", "3号楼", "c1", "g"),
    ]
    registry = Registry(
        compounds=[Compound("c1", "A", "g", 106.8, 39.6), Compound("c2", "B", "g", 106.9, 39.7)],
        buildings=houses,
    )
    cases = [case(id="E-1", place="b1"), case(id="E-2", place="b2", severity="minor")]
    drawn = Surveyor().draw(registry)
    x, y = drawn.sheet.project((106.85, 39.65))
    of_all = marks(registry, cases, {}, drawn.sheet, Lang.ZH)
    assert f'href="/cases/E-1" transform="translate({x:.1f} {y:.1f})"' in of_all
    assert 'aria-label="1号楼：1 件未结，最高 特别严重"' in of_all
    assert "E-2" not in of_all, "it is under its compound's mark"
    assert ">2<" in of_all
    near = Surveyor().draw(registry, "c1")
    of_one = marks(registry, cases, {}, near.sheet, Lang.ZH, only="c1")
    assert 'href="/cases/E-2"' in of_one
    assert "2号楼" in of_one
    assert "compound=c1" not in of_one, "its buildings speak for it"
    unplaced = marks(registry, [case(place="b3")], {}, near.sheet, Lang.ZH, only="c1")
    assert "compound=c1" in unplaced, "a building without a place is the compound's"
    calm = marks(registry, [], {}, near.sheet, Lang.ZH, only="c1")
    assert calm.count("<g ") == 2
    assert "<a " not in calm


def test_a_storm_draws_a_bounded_number_of_buildings() -> None:
    """The worst are drawn; every case is in its compound's count."""
    houses = [Building(f"b{n}", f"{n}", "c1", "g", 106.81 + n * 1e-4, 39.7) for n in range(900)]
    registry = Registry(compounds=[Compound("c1", "A", "g", 106.8, 39.6)], buildings=houses)
    cases = [
        case(id=f"E-{n}", place=f"b{n}", severity="minor" if n else "critical") for n in range(900)
    ]
    drawn = marks(registry, cases, {}, Surveyor().draw(registry).sheet, Lang.EN)
    assert "/cases/E-0" in drawn
    assert drawn.count("<a ") == 121
    assert ">900<" in drawn


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


class Limited(Visit):
    """A visit without a browser, of somebody who may see one grid or everything."""

    def __init__(self, store: CaseStore, grid: str) -> None:
        """Take the store and the territory."""
        self.hub, self.lang, self.zone = SmallHub(store), Lang.EN, ZoneInfo("Asia/Shanghai")
        self.board = Board(self.hub)
        self.who = Principal("li", Role.DISPATCH, grid)


def test_a_territory_is_told_of_its_own_silent_devices_only(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What `/api/v1/census` and `/api/v1/gateways` refuse, the wall does not tell either."""
    vitals = Vitals(
        heard=4_321, silent=9, unregistered=77, silent_in={"c1": 2, "c2": 3, "gone": 4},
        alarms_waiting=55, gateways_away=6,
    )  # fmt: skip
    district = ("4,321", "devices heard", "unregistered", "outbox", "frame →", "6 gateways away")
    with copied_store(empty_database(tmp_path_factory), tmp_path) as store:
        for grid, silent, told in (("", 9, True), (GRID_A, 2, False), (GRID_B, 3, False)):
            visit = Limited(store, grid)
            visit.board._watch.now = vitals
            drawn = figures(visit, visit.sees)
            assert f"<b>{silent}</b><span>devices silent" in drawn
            assert all((word in drawn) is told for word in district)
            seen = silent_seen(vitals, visit.who, visit.hub.registry())
            assert seen == (
                dict(vitals.silent_in) if told else {"c1" if silent == 2 else "c2": silent}
            )

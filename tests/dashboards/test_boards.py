"""Every dashboard keeps the rules, and each rule is proved to fail on a broken one."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from adapters.gb26875.tables import ANALOGUES
from dashboards.build import dashboards
from dashboards.floor_plan import DEVICES_MAX, arrange, data_uri, drawing, spots_of
from dashboards.names import site_uid
from dashboards.territory_map import geojson
from model.place import Building, Compound, Device, Registry
from tests.dashboards.checks import problems
from tests.dashboards.grafana import panels_of

Json = dict[str, Any]
NAMES = re.compile(r"mean\(/\^\(([a-z0-9_|]+)\)\$/\)")
HUB = "http://hub.example:8080"
HOSTILE = "<script>alert(1)</script>'\"\n\u202e${hub} [[x]]"


def test_every_dashboard_keeps_every_rule(boards: list[Json]) -> None:
    """Data source, titles, units, no-data texts, panel types, addresses, grid, schema version."""
    assert [f"{b['title']}: {p}" for b in boards for p in problems(b, HUB)] == []


def test_there_is_one_dashboard_for_each_key_site(boards: list[Json], registry: Registry) -> None:
    """Its uid follows from the compound's id alone."""
    uids = [board["uid"] for board in boards]
    assert uids[:3] == ["smarthub-district", "smarthub-compound", "smarthub-device"]
    assert uids[3:] == [site_uid(item) for item in registry.compounds]
    assert len(set(uids)) == len(uids) == 11


def test_the_same_registry_gives_the_same_bytes(registry: Registry, boards: list[Json]) -> None:
    """Or sync would write a new version of each dashboard whenever it runs."""
    assert json.dumps(dashboards(registry, hub=HUB + "/")) == json.dumps(boards)


def _panel(board: Json, kind: str) -> Json:
    return next(panel for panel in panels_of(board) if panel["type"] == kind)


def _field(board: Json) -> Json:
    found: Json = _panel(board, "stat")["fieldConfig"]["defaults"]
    return found


def _overlap(board: Json) -> None:
    board["panels"][1]["gridPos"] = dict(board["panels"][0]["gridPos"])


def _unclean_map(board: Json) -> None:
    _panel(board, "geomap")["options"]["basemap"] = {"type": "default", "config": {}}


def _no_symbol(board: Json) -> None:
    del _panel(board, "geomap")["options"]["layers"][-1]["config"]["style"]["symbol"]


DAMAGE: dict[str, tuple[Callable[[Json], Any], str]] = {
    "unknown source": (
        lambda b: _panel(b, "stat")["targets"][0].update(datasource={"uid": "x"}),
        "unknown data source",
    ),
    "unknown source of a panel": (
        lambda b: _panel(b, "table").update(datasource=None),
        "unknown data source",
    ),
    "unknown source of a variable": (
        lambda b: b["templating"]["list"][0].update(datasource={"uid": "x"}),
        "unknown data source",
    ),
    "no unit": (lambda b: _field(b).pop("unit"), "unit"),
    "invented unit": (lambda b: _field(b).update(unit="furlong"), "unit furlong"),
    "no no-data text": (lambda b: _field(b).pop("noValue"), "no no-data text"),
    "no title": (lambda b: _panel(b, "stat").pop("title"), "no title"),
    "title in one language": (lambda b: _panel(b, "stat").update(title="Open"), "no title"),
    "Angular graph": (lambda b: _panel(b, "timeseries").update(type="graph"), "Angular"),
    "Angular table": (lambda b: _panel(b, "table").update(type="table-old"), "Angular"),
    "address": (lambda b: _panel(b, "stat").update(description="https://a.b/c"), "address"),
    "address without a scheme": (lambda b: b.update(description="//cdn.x/y.js"), "address"),
    "schema version": (lambda b: b.update(schemaVersion=38), "schemaVersion 38"),
    "overlap": (_overlap, "overlaps"),
    "off the grid": (lambda b: _panel(b, "stat")["gridPos"].update(x=23), "leaves the grid"),
    "map tiles": (_unclean_map, "blank tile"),
    "marker": (_no_symbol, "symbol None"),
    "no time range": (
        lambda b: _panel(b, "stat")["targets"][0].update(query='SELECT "open" FROM "case"'),
        "without the time range",
    ),
    "id of the SDK": (lambda b: b["templating"]["list"][0].update(id="0"), "has an id"),
    "refresh": (lambda b: b.update(refresh="1m"), "refresh"),
    "no hub": (lambda b: b["templating"]["list"].pop(), "textbox"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_broken_dashboard_is_found_out(boards: list[Json], damage: str) -> None:
    """Each rule fails on a dashboard that breaks it."""
    broken = copy.deepcopy(boards[0])
    act, said = DAMAGE[damage]
    act(broken)
    assert any(said in problem for problem in problems(broken, HUB))


def test_the_case_id_links_to_the_case_page(boards: list[Json]) -> None:
    """By the hub's variable, so that one change of address mends all links."""
    for board in boards:
        tables = [p for p in panels_of(board) if '"id"' in p["targets"][0]["query"] and p["type"] == "table"]  # fmt: skip
        assert tables, board["title"]
        for panel in tables:
            links = [
                prop["value"][0]["url"]
                for item in panel["fieldConfig"]["overrides"]
                if item["matcher"]["options"] == "id"
                for prop in item["properties"]
                if prop["id"] == "links"
            ]
            assert links == ["${hub:raw}/cases/${__value.raw}"]


def test_no_list_of_cases_mixes_emergencies_with_other_work(boards: list[Json]) -> None:
    """Every table of cases but a device's own names one class, or the silent devices."""
    for board in boards:
        for panel in panels_of(board):
            query = panel["targets"][0]["query"]
            if panel["type"] == "table" and 'FROM "case"' in query and "$device" not in query:
                assert ('"class" = \'' in query) != ("\"category\" = 'silent'" in query)


def test_the_plan_has_a_square_for_every_device_and_none_lies_on_another(
    registry: Registry,
) -> None:
    """Whoever burns is seen: also the devices that have no floor."""
    for compound in registry.compounds:
        here = [
            device.id
            for device in registry.devices.values()
            if registry.buildings[device.building].compound == compound
        ]
        spots = spots_of(arrange(registry, compound))
        assert sorted(spot.device for spot in spots) == sorted(here)
        assert len({(spot.left, spot.top) for spot in spots}) == len(here)


def test_a_site_of_any_size_has_a_plan_that_a_browser_can_draw() -> None:
    """A plan of 3,000 devices shows 800 and says how many it leaves out."""
    registry = Registry(
        compounds=[Compound("big", "大", "1")],
        buildings=[Building("big-1", name="1号楼", compound="big", grid="1")],
        devices=[
            Device(f"d{n}", "smoke_detector", building="big-1", floor=f"{n // 8}层")
            for n in range(3_000)
        ],
    )
    plan = next(p for p in panels_of(dashboards(registry)[3]) if p["type"] == "canvas")
    assert len(plan["options"]["root"]["elements"]) == DEVICES_MAX
    assert "2200" in plan["description"]


def test_hostile_names_are_inert() -> None:
    """In the picture, in titles and in queries: as text, on one line, without variables."""
    registry = Registry(
        compounds=[Compound("c-1", HOSTILE, "1", lon=1, lat=1)],
        buildings=[Building("c-1-b", name=HOSTILE, compound="c-1", grid="1", lon=1, lat=1)],
        devices=[Device("x' OR 1=1 --", "door", building="c-1-b", floor=HOSTILE)],
    )
    svg = drawing(arrange(registry, "c-1"))
    assert not ET.fromstring(svg).findall(".//{*}script")  # noqa: S314 - our own text
    assert '"' not in data_uri(svg)
    board = dashboards(registry)[3]
    assert "\u202e" not in json.dumps(board, ensure_ascii=False)
    assert "\n" not in board["title"]
    assert "$" not in board["title"]
    assert problems(board, "http://127.0.0.1:8080") == []


def test_an_empty_registry_still_gives_the_three_common_dashboards() -> None:
    """A hub without a registry has cases too, of unregistered devices."""
    found = dashboards(Registry())
    assert [b["uid"] for b in found] == [
        "smarthub-district",
        "smarthub-compound",
        "smarthub-device",
    ]
    assert [p for b in found for p in problems(b, "http://127.0.0.1:8080")] == []


def test_the_plan_s_address_stays_as_it_is_in_grafana() -> None:
    """Grafana puts its own path before an image address without `:/`."""
    assert ":/" in data_uri("<svg xmlns='http://www.w3.org/2000/svg'/>")


def test_the_map_lies_where_the_registry_says(registry: Registry) -> None:
    """Each building's position is inside its compound's area."""
    areas = geojson(registry)["features"]
    assert isinstance(areas, list)
    names = {area["properties"]["name"]: area["geometry"]["coordinates"][0] for area in areas}
    for building in registry.buildings.values():
        ring = names[registry.compounds[building.compound].name]
        west, south = ring[0]
        east, north = ring[2]
        assert west < building.lon < east
        assert south < building.lat < north


def test_the_provisioned_data_source_is_the_one_that_panels_use() -> None:
    """The uid stands in the YAML file and in `sync`, and is the same."""
    from ruamel.yaml import YAML

    from hub.grafana_sync import Source, data_source

    folder = Path(__file__).parents[2] / "dashboards" / "provisioning"
    file = YAML(typ="safe").load((folder / "datasources" / "smarthub.yaml").read_text("utf-8"))
    in_file = {k: v for k, v in file["datasources"][0].items() if k != "editable"}
    url, database = "${SMARTHUB_INFLUX_URL}", "${SMARTHUB_INFLUX_DATABASE}"
    assert in_file == data_source(Source(url, database, "${SMARTHUB_INFLUX_TOKEN}"))


def test_every_quantity_of_a_device_is_drawn_on_its_dashboard(boards: list[Json]) -> None:
    """Also those of gas and electrical devices: a dashboard that shows nothing says "all is well"."""
    board = next(item for item in boards if item["uid"] == "smarthub-device")
    drawn: set[str] = set()
    for panel in panels_of(board):
        for target in panel.get("targets", []):
            drawn |= {name for names in NAMES.findall(target["query"]) for name in names.split("|")}
    wanted = {analogue.name for analogue in ANALOGUES.values()} | {
        "smoke_db_m", "humidity_pct", "battery_pct", "rssi_dbm", "residual_current_ma", "level_pct",
        "cable_temperature_c",
    }  # fmt: skip
    assert wanted - drawn == set()


def test_a_silent_device_and_a_silence_have_two_words(boards: list[Json]) -> None:
    """失联 is a device that is not heard, 静默 what people order (the glossary)."""
    text = json.dumps(boards, ensure_ascii=False)
    assert "静默" not in text
    assert "失联设备 Silent devices" in text

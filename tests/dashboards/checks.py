"""What must hold for every dashboard; `problems` says what does not, one line each."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from dashboards.names import DATA_SOURCE_TYPE, DATA_SOURCE_UID, UID_MAX
from tests.dashboards.grafana import panels_of

Json = dict[str, Any]
SOURCE = {"type": DATA_SOURCE_TYPE, "uid": DATA_SOURCE_UID}
# The panels of Grafana 9.3 that are written in React and were there before 9.3.
REACT_PANELS = {
    "bargauge", "canvas", "geomap", "row", "stat", "state-timeline", "status-history", "table",
    "timeseries",
}  # fmt: skip
UNITS = {
    "celsius", "dateTimeAsIso", "dateTimeFromNow", "none", "percent", "pressurekpa", "short",
    "suffix: dB/m", "suffix: mA",
}  # fmt: skip
HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2}")
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
DATA_URI = re.compile(r"data:[\w/+.-]+;base64,([A-Za-z0-9+/=]+)")


def problems(board: Json, hub: str) -> list[str]:
    """Return everything that is wrong with a dashboard."""
    found = [*_of_board(board), *_of_addresses(board, hub), *_of_grid(board)]
    for panel in panels_of(board):
        found += [f"{panel.get('title')!r}: {what}" for what in _of_panel(panel)]
    return found


def _of_board(board: Json) -> Iterator[str]:
    if board["schemaVersion"] != 37:
        yield f"schemaVersion {board['schemaVersion']}"
    if not re.fullmatch(rf"smarthub-[a-z0-9-]{{1,{UID_MAX - 9}}}", board["uid"]):
        yield f"uid {board['uid']}"
    if not (HAN.search(board["title"]) and LATIN.search(board["title"])):
        yield f"title {board['title']}: not in zh and en"
    if board.get("refresh") != "5s" or board.get("timezone") != "browser":
        yield "refresh is not 5 s, or time is not the browser's"
    variables = board["templating"]["list"]
    hubs = [item for item in variables if item["name"] == "hub"]
    if [item["type"] for item in hubs] != ["textbox"]:
        yield "no textbox variable for the hub's address"
    for item in variables:
        if "id" in item:
            yield f"variable {item['name']} has an id: 9.3 would take equal ids for one variable"
        if item["type"] == "query" and item.get("datasource") != SOURCE:
            yield f"variable {item['name']}: unknown data source"
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) != len(ids):
        yield "panel ids are not unique"


def _of_panel(panel: Json) -> Iterator[str]:
    if panel["type"] not in REACT_PANELS:
        yield f"panel type {panel['type']} is Angular, newer than 9.3 or unknown"
    title = panel.get("title") or ""
    if not (HAN.search(title) and LATIN.search(title)):
        yield "no title in zh and en"
    if not panel.get("targets"):
        yield "no query"
    for where in (panel, *panel.get("targets", [])):
        if where.get("datasource") != SOURCE:
            yield f"unknown data source {where.get('datasource')}"
    for target in panel.get("targets", []):
        if "$timeFilter" not in target["query"] or not target.get("rawQuery"):
            yield "a query without the time range, or not as text"
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    if defaults.get("unit") not in UNITS:
        yield f"unit {defaults.get('unit')}"
    if not defaults.get("noValue"):
        yield "no no-data text"
    if not panel.get("pluginVersion", "").startswith("9.3"):
        yield "options of another version than 9.3"
    yield from _of_overrides(panel)
    if panel["type"] == "geomap":
        yield from _of_map(panel["options"])


def _of_overrides(panel: Json) -> Iterator[str]:
    for item in panel["fieldConfig"]["overrides"]:
        for wanted in item["properties"]:
            if wanted["id"] == "unit" and wanted["value"] not in UNITS:
                yield f"unit {wanted['value']}"
            if wanted["id"].startswith("custom.cellOptions"):
                yield "cellOptions are newer than 9.3"


def _of_map(options: Json) -> Iterator[str]:
    base = options["basemap"]
    if base["type"] != "xyz" or not base["config"]["url"].startswith("data:image/"):
        yield "the base map is not our blank tile: Grafana would ask the internet"
    for layer in options["layers"]:
        symbol = layer["config"]["style"].get("symbol", {}).get("fixed")
        if symbol != "img/icons/marker/circle.svg":
            yield f"layer {layer['name']}: symbol {symbol}"


def _of_addresses(board: Json, hub: str) -> Iterator[str]:
    """Only the hub's variable may hold an address; what is inside data URIs is looked at too."""
    rest = {**board, "templating": {"list": [v for v in board["templating"]["list"] if v["name"] != "hub"]}}  # fmt: skip
    text = json.dumps(rest, ensure_ascii=False)
    text = DATA_URI.sub(lambda part: b64decode(part[1]).decode("latin-1"), text)
    for address in re.findall(r"(?:https?:)?//[\w.-]+[^\s\"'<>]*", text):
        if address != SVG_NAMESPACE:
            yield f"address {address[:80]}"
    empty: Json = {}
    variable = next((v for v in board["templating"]["list"] if v["name"] == "hub"), empty)
    if variable.get("query") != hub:
        yield f"the hub's address is {variable.get('query')}"


def _of_grid(board: Json) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        at = panel["gridPos"]
        if at["x"] < 0 or at["x"] + at["w"] > 24 or at["w"] < 1 or at["h"] < 1:
            yield f"{panel.get('title')!r} leaves the grid"
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                if (x, y) in taken:
                    yield f"{panel.get('title')!r} overlaps {taken[x, y]!r}"
                    return
                taken[x, y] = panel.get("title", "?")

"""Turns dashboards into the JSON that Grafana 9.3 stores and every later version opens."""

import json
from collections.abc import Mapping
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as sdk

from model.place import Registry

from .boards import Board, boards_of
from .influxql import ANY, chosen, source
from .layout import place
from .names import DEFAULT_HUB, TAG

SCHEMA_VERSION = 37
"""That of Grafana 9.3; later versions bring it up themselves, among it the colours of cells."""
Json = dict[str, Any]

# name of the choice → (variable, label, several at a time, All, query)
_CHOICES: Final[Mapping[str, tuple[str, str, bool, bool, str]]] = {
    "compound": (
        "compound",
        "小区 compound",
        False,
        False,
        'SHOW TAG VALUES WITH KEY = "compound"',
    ),
    "compounds": ("compound", "小区 compound", True, True, 'SHOW TAG VALUES WITH KEY = "compound"'),
    "buildings": (
        "building",
        "楼栋 building",
        True,
        True,
        f'SHOW TAG VALUES WITH KEY = "building" WHERE {chosen("compound")}',
    ),
    "devices": (
        "device",
        "设备 device",
        True,
        False,
        f'SHOW TAG VALUES FROM {ANY} WITH KEY = "device" WHERE {chosen("compound")} AND {chosen("building")}',
    ),
}


def dashboards(registry: Registry, *, hub: str = DEFAULT_HUB) -> list[Json]:
    """Return every dashboard for a registry; `hub` is the address that links to cases begin with."""
    return [_json(board, hub.rstrip("/")) for board in boards_of(registry)]


def _json(board: Board, hub: str) -> Json:
    builder = (
        builders.Dashboard(board.title)
        .uid(board.uid)
        .description(board.about)
        .tags([TAG])
        .timezone("browser")
        .refresh("5s")
        .time(board.span, "now")
        .tooltip(sdk.DashboardCursorSync.CROSSHAIR)
        .link(_others())
        .annotations([])
        .variables([*(_choice(name) for name in board.choices), _hub(hub)])
    )
    built = builder.build()
    built.panels = place(board.bands)
    built.schema_version = SCHEMA_VERSION
    found: Json = json.loads(json.dumps(built, cls=JSONEncoder))
    for variable in found["templating"]["list"]:
        _trim_variable(variable)
    for panel in found["panels"]:
        _trim_panel(panel)
    return found


def _trim_variable(variable: Json) -> None:
    """Take out what is not the variable's own.

    The SDK gives all of them one id, and Grafana 9.3 would take them for one variable.
    """
    del variable["id"]
    for key in ("auto", "auto_min", "auto_count"):
        variable.pop(key, None)
    if variable["type"] == "query":
        variable["definition"] = variable["query"]


def _trim_panel(panel: Json) -> None:
    """Take out what the SDK fills in for links between dashboards, which data links are not."""
    panel.pop("repeatDirection", None)
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    for link in defaults.get("links", []):
        for key in link.keys() - {"title", "url", "targetBlank"}:
            del link[key]


def _choice(name: str) -> builders.QueryVariable:
    variable, label, several, everything, query = _CHOICES[name]
    built = (
        builders.QueryVariable(variable)
        .label(label)
        .datasource(source())
        .query(query)
        .refresh(sdk.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(sdk.VariableSort.ALPHABETICAL_ASC)
        .multi(several)
        .include_all(everything)
    )
    if everything:
        # All is every place, and what has no place at all.
        built = built.all_value(".*").current(
            sdk.VariableOption(selected=True, text=["All"], value=["$__all"])
        )
    return built


def _hub(address: str) -> builders.TextBoxVariable:
    option = sdk.VariableOption(selected=True, text=address, value=address)
    return (
        builders.TextBoxVariable("hub")
        .label("中枢地址 hub")
        .default_value(address)
        .current(option)
        .options([option])
    )


def _others() -> builders.DashboardLink:
    return (
        builders.DashboardLink("其他看板 dashboards")
        .type(sdk.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)  # noqa: FBT003 - the SDK's own builder
        .include_vars(True)  # noqa: FBT003
        .keep_time(True)  # noqa: FBT003
    )

"""The kinds of panels that we use, each with the options of Grafana 9.3.

The SDK's own option classes are those of 10.1; what is written here is what 9.3 stores, and later
versions read it because `pluginVersion` and `schemaVersion` say how old it is.
"""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders.dashboard import Panel as PanelBuilder
from grafana_foundation_sdk.models import dashboard as sdk

from .influxql import Query, source
from .words import GREEN, Words, mapped

PLUGIN_VERSION = "9.3.0"
Options = Mapping[str, object]
Override = sdk.DashboardFieldConfigSourceOverrides
LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def panel(
    kind: str, title: str, queries: Sequence[Query], *, unit: str, no_data: str, options: Options,
    about: str = "", steps: Sequence[tuple[float | None, str]] = ((None, GREEN),),
    words: Sequence[Words] = (), custom: Options | None = None, overrides: Sequence[Override] = (),
    link: str = "", span: str = "", period: str = "", decimals: float | None = None,
    limits: tuple[float, float] | None = None, color: str = "thresholds",
) -> sdk.Panel:  # fmt: skip
    """Return a panel; `span` is a time range of its own, `period` the shortest interval."""
    defaults = sdk.FieldConfig(
        unit=unit,
        no_value=no_data,
        decimals=decimals,
        thresholds=sdk.ThresholdsConfig(steps=[sdk.Threshold(value, c) for value, c in steps]),
        color=sdk.FieldColor(mode=sdk.FieldColorModeId(color)),
        mappings=mapped(*words) if words else [],
        custom=dict(custom or {}),
        min_val=limits[0] if limits else None,
        max_val=limits[1] if limits else None,
        links=[data_link(title, link)] if link else None,
    )
    builder = (
        PanelBuilder()
        .type(kind)
        .plugin_version(PLUGIN_VERSION)
        .title(title)
        .datasource(source())
        .field_config(sdk.FieldConfigSource(defaults=defaults, overrides=list(overrides)))
        .options(dict(options))
    )
    for query in queries:
        builder = builder.with_target(query)
    if about:
        builder = builder.description(about)
    if span:
        builder = builder.time_from(span)
    if period:
        builder = builder.interval(period)
    return builder.build()


def data_link(title: str, url: str) -> sdk.DashboardLink:
    """Return a link that opens beside the dashboard; Grafana reads its title and url only."""
    return sdk.DashboardLink(title=title, url=url, target_blank=True)


def stat(
    title: str, query: Query, *, no_data: str, steps: Sequence[tuple[float | None, str]],
    unit: str = "none", words: Sequence[Words] = (), about: str = "", link: str = "",
    span: str = "", graph: str = "none",
) -> sdk.Panel:  # fmt: skip
    """Return one big figure on a coloured ground."""
    options = {
        "colorMode": "background",
        "graphMode": graph,
        "justifyMode": "center",
        "orientation": "auto",
        "reduceOptions": LAST,
        "textMode": "value",
    }
    return panel(
        "stat", title, [query], unit=unit, no_data=no_data, options=options, steps=steps,
        words=words, about=about, link=link, span=span, decimals=0,
    )  # fmt: skip


def table(
    title: str, query: Query, *, no_data: str, columns: Sequence[Override], sort: str,
    descending: bool = False, about: str = "", span: str = "", unit: str = "none",
) -> sdk.Panel:  # fmt: skip
    """Return a table; `sort` is the shown name of the column that it is sorted by."""
    options = {
        "showHeader": True,
        "footer": {"show": False, "reducer": ["sum"], "fields": ""},
        "sortBy": [{"displayName": sort, "desc": descending}],
    }
    custom = {"align": "auto", "displayMode": "auto", "inspect": False}
    return panel(
        "table", title, [query], unit=unit, no_data=no_data, options=options, custom=custom,
        overrides=columns, about=about, span=span,
    )  # fmt: skip


def lines(
    title: str, queries: Sequence[Query], *, unit: str, no_data: str, about: str = "",
    bars: bool = False, stack: bool = False, overrides: Sequence[Override] = (),
    steps: Sequence[tuple[float | None, str]] = ((None, GREEN),), period: str = "10m",
    span: str = "", decimals: float | None = None, show_steps: bool = False,
) -> sdk.Panel:  # fmt: skip
    """Return curves over time, or bars."""
    custom = {
        "axisPlacement": "auto",
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 70 if bars else 15 if stack else 0,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "showPoints": "never",
        "spanNulls": 7_200_000,  # detectors of the demo's past report once an hour
        "stacking": {"group": "A", "mode": "normal" if stack else "none"},
        "thresholdsStyle": {"mode": "line" if show_steps else "off"},
    }
    options = {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel(
        "timeseries", title, queries, unit=unit, no_data=no_data, options=options, custom=custom,
        overrides=overrides, about=about, steps=steps, period=period, span=span,
        color="palette-classic", decimals=decimals,
    )  # fmt: skip


def bars(
    title: str, query: Query, *, unit: str, no_data: str,
    steps: Sequence[tuple[float | None, str]], overrides: Sequence[Override] = (),
    limits: tuple[float, float] | None = None, about: str = "", span: str = "",
) -> sdk.Panel:  # fmt: skip
    """Return one horizontal bar for each series."""
    options = {
        "displayMode": "basic",
        "minVizHeight": 10,
        "minVizWidth": 0,
        "orientation": "horizontal",
        "reduceOptions": LAST,
        "showUnfilled": True,
    }
    return panel(
        "bargauge", title, [query], unit=unit, no_data=no_data, options=options, steps=steps,
        overrides=overrides, limits=limits, about=about, span=span, decimals=0,
    )  # fmt: skip


def timeline(
    title: str, query: Query, *, no_data: str, words: Words, about: str = "", period: str = "10m"
) -> sdk.Panel:
    """Return one row of coloured states for each series."""
    options = {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.85,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False}
    return panel(
        "state-timeline", title, [query], unit="none", no_data=no_data, options=options,
        words=[words], custom=custom, about=about, period=period,
    )  # fmt: skip


def heartbeats(title: str, query: Query, *, no_data: str, about: str, span: str) -> sdk.Panel:
    """Return one row of bars for each device: heard in that time, or not."""
    options = {
        "colWidth": 0.9,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "rowHeight": 0.9,
        "showValue": "never",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    heard: Words = {"0": ("无报文 nothing heard", "#808080")}
    return panel(
        "status-history", title, [query], unit="none", no_data=no_data, options=options,
        words=[heard], custom={"fillOpacity": 80, "lineWidth": 1}, about=about, period="10m",
        span=span, steps=((None, "#808080"), (1, GREEN)),
    )  # fmt: skip


def column(
    name: str, shown: str, *, unit: str = "", width: int = 0, words: Words | None = None,
    link: str = "", filled: bool = False, hidden: bool = False,
) -> Override:  # fmt: skip
    """Return how one column of a table is shown."""
    wanted: dict[str, object] = {"displayName": shown}
    if unit:
        wanted["unit"] = unit
    if width:
        wanted["custom.width"] = width
    if words is not None:
        wanted["mappings"] = mapped(words)
    if filled:
        wanted["custom.displayMode"] = "color-background-solid"
    if link:
        wanted["links"] = [{"title": "案件 case", "url": link, "targetBlank": True}]
    if hidden:
        wanted["custom.hidden"] = True
    return override(name, wanted)


def named(name: str, shown: str, color: str = "") -> Override:
    """Return how one series is called, and its colour."""
    wanted: dict[str, object] = {"displayName": shown}
    if color:
        wanted["color"] = {"mode": "fixed", "fixedColor": color}
    return override(name, wanted)


def override(name: str, wanted: Mapping[str, object]) -> Override:
    """Return properties for the field of that name."""
    return Override(
        matcher=sdk.MatcherConfig(id_val="byName", options=name),
        properties=[sdk.DynamicConfigValue(id_val=key, value=v) for key, v in wanted.items()],
    )

"""The four dashboards: district overview, compound, device, and one for each key site."""

from collections.abc import Sequence
from typing import NamedTuple

from grafana_foundation_sdk.models import dashboard as sdk

from model.place import Compound, Registry

from . import case_panels as cases
from . import device_panels as devices
from .floor_plan import floor_plan
from .influxql import chosen, tag
from .layout import Band, Column, column
from .names import COMPOUND_UID, DEVICE_UID, DISTRICT_UID, clean, site_uid
from .territory_map import open_cases_map

REPAIR = "🔧 维护未结 Open maintenance"


class Board(NamedTuple):
    """A dashboard before it is turned into JSON: its uid, title, variables and bands of panels."""

    uid: str
    title: str
    about: str
    choices: Sequence[str]
    bands: Sequence[Band]
    span: str = "now-24h"


def boards_of(registry: Registry) -> list[Board]:
    """Return all dashboards for a registry, the key sites last."""
    sites = [site(registry, item) for item in registry.compounds.values()]
    return [district(registry), compound(registry), device(), *sites]


def district(registry: Registry) -> Board:
    """Return what a control room has open all day."""
    scope = chosen("compound")
    return Board(
        DISTRICT_UID,
        "全区总览 District overview",
        "未结案件、失联设备与数据时效;紧急与维护分列。 What is open, what is silent, whether the "
        "figures are live; emergencies apart from maintenance.",
        ("compounds",),
        [
            Band("", cases.figures(scope)),
            Band("", [
                column(10, 16, open_cases_map(registry, scope)),
                column(14, 8, cases.emergencies(scope), _impaired(scope)),
            ]),
            Band("维护与失联 Maintenance and silence", [
                column(12, 9, cases.work("失联设备 Silent devices", cases.SILENT, scope)),
                column(12, 9, cases.work(REPAIR, cases.MAINTENANCE, scope)),
            ]),
            Band("趋势 Trends", [
                column(12, 8, cases.open_by_class(scope), cases.opened_a_day(scope)),
                column(12, 8, cases.case_states(scope), devices.heard_over_time(scope)),
            ]),
            Band("各处 By place", [
                column(8, 10, cases.open_by_compound(registry)),
                column(8, 10, devices.heard_now(registry, scope)),
                column(8, 10, devices.pressure_now(registry, scope)),
            ]),
        ],
    )  # fmt: skip


def compound(registry: Registry) -> Board:
    """Return one compound, chosen by the reader; building by building where that helps."""
    scope, building = chosen("compound"), chosen("building")
    here = (scope, building)
    return Board(
        COMPOUND_UID,
        "小区 Compound",
        "一个小区的案件、设备心跳、温度、水压和门禁。 One compound: cases, heartbeats, temperature, "
        "water pressure, doors.",
        ("compound", "buildings"),
        [
            Band("", cases.figures(scope)),
            Band("", [column(24, 8, cases.emergencies(scope, all_states=True))]),
            Band("", _others(scope)),
            Band("测量 Measurements", [
                column(8, 8, devices.temperature(*here)),
                column(8, 8, devices.smoke(*here)),
                column(8, 8, devices.pressure(*here)),
            ]),
            Band("设备 Devices", [
                column(12, 8, devices.passages(*here), devices.batteries(*here)),
                column(12, 8, devices.events(*here), devices.pressure_now(registry, scope)),
            ]),
            Band("", [column(24, 18, devices.bars_of_life(*here))]),
        ],
    )  # fmt: skip


OTHERS = (
    "humidity_pct|level_pct|height_m|flow_l_s|current_a|voltage_v|air_volume_m3_min|air_speed_m_s|"
    "duration_s|count"
)
"""Quantities without a panel of their own, beside each other: the unit stands in each name."""


def device() -> Board:
    """Return one device, or several side by side."""
    scope = chosen("device")
    own = cases.work("设备案件 Cases of this device (open)", '"subject" =~ /^$device$/')
    measured = devices.quantity
    return Board(
        DEVICE_UID,
        "设备 Device",
        "一台或几台设备:最后报文、测量值、电量、心跳、事件和它的案件。 One device or several: last heard, "
        "measurements, battery, heartbeat, events, and its cases.",
        ("compounds", "buildings", "devices"),
        [
            Band("", [column(12, 6, devices.last_heard(scope)), column(12, 6, own)]),
            Band("测量 Measurements", [
                column(12, 8, measured("温度 Temperature", "temperature_c|cable_temperature_c", scope,
                                       unit="celsius")),
                column(12, 8, measured("烟雾 Smoke (dB/m)", "smoke_db_m", scope, unit="suffix: dB/m")),
            ]),
            Band("", [
                column(8, 7, measured("燃气 Gas (% LEL)", "gas_lel_pct", scope, unit="percent")),
                column(8, 7, measured("剩余电流 Residual current", "residual_current_ma", scope,
                                      unit="suffix: mA")),
                column(8, 7, measured("其他测量 Other quantities", OTHERS, scope, unit="short")),
            ]),
            Band("", [
                column(8, 7, measured("水压 Pressure", "pressure_kpa", scope, unit="pressurekpa")),
                column(8, 7, measured("电量 Battery", "battery_pct", scope, unit="percent")),
                column(8, 7, measured("信号 Signal", "rssi_dbm|linkquality", scope, unit="short")),
            ]),
            Band("", [
                column(12, 8, devices.bars_of_life(scope, span="24h")),
                column(12, 8, devices.events(scope)),
            ]),
        ],
        span="now-7d",
    )  # fmt: skip


def site(registry: Registry, place: Compound) -> Board:
    """Return a key site's own dashboard, with its floor plan."""
    scope = tag("compound", place.id)
    plan, height = floor_plan(registry, place.id)
    return Board(
        site_uid(place.id),
        f"重点场所 Key site · {clean(place.name)}",
        f"{clean(place.name)}:平面图、案件和趋势。 Floor plan with device states, cases, trends.",
        (),
        [
            Band("", cases.figures(scope)),
            Band("", [column(24, height, plan)]),
            Band("", [column(24, 8, cases.emergencies(scope, all_states=True))]),
            Band("", _others(scope)),
            Band("趋势 Trends", [
                column(12, 8, devices.temperature(scope), devices.passages(scope)),
                column(12, 8, devices.pressure(scope), cases.open_by_class(scope)),
            ]),
            Band("", [
                column(12, 8, cases.case_states(scope)),
                column(12, 8, devices.events(scope)),
            ]),
        ],
    )  # fmt: skip


def _others(scope: str) -> list[Column]:
    """Return what is open beside emergencies: impairments, and maintenance."""
    repair = cases.work(REPAIR, cases.MAINTENANCE, scope)
    return [column(12, 7, _impaired(scope)), column(12, 7, repair)]


def _impaired(scope: str) -> sdk.Panel:
    return cases.work("⚠ 失效未结 Open impairments", cases.IMPAIRMENT, scope)

"""Says what devices are and measure: states by icon and word, quantities with their units."""

from collections.abc import Mapping
from html import escape

from model.reading import ALARM_STATES, Reading, Value
from rules.views import DeviceView

from .event_words import ALARMS
from .tables import inert
from .words import Lang, word

STATES = {
    "alarm": ("报警", "Alarm"),
    "silent": ("失联", "Silent"),
    "impaired": ("失效", "Impaired"),
    "normal": ("正常", "Normal"),
    "never_heard": ("从未上报", "Never heard"),
    "low_battery": ("电池低", "Battery low"),
}
_LOOKS = {
    "alarm": ("local_fire_department", "critical"),
    "silent": ("cloud_off", "major"),
    "impaired": ("block", "minor"),
    "normal": ("check_circle", "normal"),
    "never_heard": ("help", "warning"),
}
QUANTITIES = {
    "smoke_db_m": ("烟雾", "smoke", "dB/m"),
    "temperature_c": ("温度", "temperature", "°C"),
    "battery_pct": ("电池", "battery", "%"),
    "pressure_kpa": ("压力", "pressure", "kPa"),
    "rssi_dbm": ("信号", "signal", "dBm"),
    "humidity_pct": ("湿度", "humidity", "%"),
    "residual_current_ma": ("剩余电流", "residual current", "mA"),
    "gas_lel_pct": ("燃气", "gas", "% LEL"),
    "link_quality": ("链路", "link quality", ""),
    "fps": ("帧率", "frames a second", ""),
    "look_ms": ("每帧耗时", "time a frame", "ms"),
    "cpu_pct": ("占用单核", "CPU of one core", "%"),
    "people_count": ("人数", "people", ""),
    "confidence": ("置信度", "confidence", ""),
    "seen_s": ("持续", "seen for", "s"),
    "flame_area_pct": ("火焰面积", "flame area", "%"),
    "flicker_hz": ("闪烁", "flicker", "Hz"),
    "growth_factor": ("增长", "growth", "×"),
    "veil_pct": ("烟雾面积", "veiled", "%"),
}
"""What people call a quantity, and its unit; others are shown by their own name."""

CODES = frozenset({"system_type", "component_type", "operator"})
"""Numbers that name something: neither a value to read nor a line to draw."""

PHASES = {
    "started": ("开始", "Started"),
    "continued": ("持续", "Goes on"),
    "ended": ("结束", "Ended"),
}
SHOWN = 4


def state_cell(view: DeviceView, lang: Lang) -> str:
    """Return a device's state as icon and word, with the flags that stand behind it."""
    icon, tone = _LOOKS.get(view.state, ("help", "warning"))
    tried = ""
    if view.walk_test:
        tried = f' <span class="sh-badge sh-mode">{"巡检测试" if lang is Lang.ZH else "Walk test"}</span>'
    flags = (
        f' <span class="sh-muted">{inert(", ".join(word(ALARMS, flag, lang) for flag in view.flags))}</span>'
        if view.flags
        else ""
    )
    return (
        f'<span class="sh-{tone} sh-tone"><i class="q-icon material-icons" aria-hidden="true">{icon}</i> '
        f"{escape(word(STATES, view.state, lang))}</span>{tried}{flags}"
    )


def name_of(quantity: str, lang: Lang) -> str:
    """Return what people call a quantity, with its unit."""
    known = QUANTITIES.get(quantity)
    if known is None:
        return quantity
    name = known[0] if lang is Lang.ZH else known[1]
    return f"{name} ({known[2]})" if known[2] else name


def quantities(values: Mapping[str, Value], lang: Lang, *, limit: int = SHOWN) -> str:
    """Return the newest values: alarm states that hold first, then numbers with units."""
    parts = [
        f'<span class="sh-badge sh-critical sh-tone">{inert(word(ALARMS, name, lang))}</span>'
        for name in sorted(ALARM_STATES & values.keys())
        if values[name] is True
    ]
    numbers = [(k, v) for k, v in values.items() if isinstance(v, float) and k not in CODES]
    numbers.sort(key=lambda item: item[0] not in QUANTITIES)
    for quantity, value in numbers[:limit]:
        known = QUANTITIES.get(quantity)
        name = (known[0] if lang is Lang.ZH else known[1]) if known else quantity
        unit = f" {known[2]}" if known and known[2] else ""
        parts.append(f'<span class="sh-muted">{inert(name)}</span> {value:g}{escape(unit)}')
    return " · ".join(parts) or "–"


def said(reading: Reading) -> str:
    """Say what a Reading carries; of its flags only those that hold."""
    return ", ".join(
        name
        if value is True
        else f"{name}={value:g}"
        if isinstance(value, float)
        else f"{name}={value}"
        for name, value in reading.values.items()
        if value is not False and value != ""
    )

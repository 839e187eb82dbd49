"""Says in Chinese why a rule fired: the engine writes its reasons once, in English words and numbers.

The reasons are kept with the case for ever, so they are put into words where they are shown. What is not
known here stays as it was written: device ids, the names that a rule's author gave, conditions.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from hub.page.device_words import QUANTITIES
from hub.page.event_words import ALARMS, EVENTS
from hub.page.words import Lang

PIECE_MAX = 1_000
"""No rule says more at once; a longer text is no reason, and would cost more than it is worth."""

_NUMBER = r"(-?[\d.]+(?:e[+-]?\d+)?)"
_VALUE = re.compile(rf"(?<![A-Za-z0-9_-])([a-z][a-z0-9_]*)=(true|false|{_NUMBER})")
_WORD = re.compile(r"(?<![A-Za-z0-9_=/-])([a-z][a-z0-9_]{2,})(?![A-Za-z0-9_=/-])")
_PROSE = re.compile(r"\b(?:a|an|the|is|are)\b", re.ASCII)  # a sentence that an author wrote
_MORE = MappingProxyType(
    {
        "motion": "有人移动", "tailgating": "尾随", "gas": "燃气", "battery_low": "电池低", "low_battery": "电池低",
        "manual_mode": "手动状态", "online": "在线", "level_pct": "水位", "flow_l_s": "流量",
        "cable_temperature_c": "线缆温度", "co2_ppm": "二氧化碳", "height_m": "高度", "flow": "流量",
        "people": "人数", "open": "打开", "panic": "紧急求助", "granted": "通行", "denied": "拒绝通行", "started": "启动",
    }
)  # fmt: skip
_UNITS = MappingProxyType(
    {"level_pct": "%", "flow_l_s": "L/s", "cable_temperature_c": "°C", "co2_ppm": "ppm", "height_m": "m"}
)  # fmt: skip
_PHRASES = tuple(
    (re.compile(english), chinese)
    for english, chinese in (
        (rf"{_NUMBER} s after (\S+): ", r"\2 报火警 \1 秒后："),
        (rf"^{_NUMBER}, (?=[a-z])", r"变化 \1，"),
        (r"(\d+) of (\d+) samples", r"\2 个样本中 \1 个"),
        (rf"last heard at (.+?), contract {_NUMBER} s", r"最后一次收到：\1，约定上报间隔 \2 秒"),
        (rf"last heard at (.+?), limit {_NUMBER} s", r"最后一次收到：\1，时限 \2 秒"),
        (r"last heard at (.+?), its last will came", r"最后一次收到：\1，代理服务器已发布其遗嘱消息"),
        (rf"nobody seen 无人活动 for {_NUMBER} h since ", r"已 \1 小时无人活动，自 "),
        (rf" (rises|falls) by {_NUMBER} or more in {_NUMBER} s, seen over {_NUMBER} s", r" 在 \3 秒内\1 \2 及以上（按 \4 秒观察）"),
        (rf"(count|mean|max|min|sum|quantile [\d.]+) of (.+?) over {_NUMBER} s \((sliding|tumbling)\)", r"\2 的\1（\3 秒\4窗口）"),
        (rf"more than {_NUMBER} in a (\w+)", r"\2内超过 \1"),
        (rf"^(.+?), then (.+?) within {_NUMBER} s", r"\1，随后 \2（\3 秒内）"),
        (rf"^(.+?), without (.+?) within {_NUMBER} s", r"\1，\3 秒内未见 \2"),
        (r"counted 人数 by ", "人，来自 "),
        (r"\b(?:limit|score|level|reference|allowed change|allowed|expected) (?=[\u4e00-\u9fff])", ""),
        (r"longest of the last 近期最长静止 (\d+) rests ", r"近期 \1 次静止中最长 "),
        (r", learned from 学自 a moving average 滑动平均 of (\d+) values 个值", r"，取自 \1 个值的滑动平均"),
        (r", learned from 学自 ", "，取自 "),
        (r"the same hour of the week 每周同一小时 of (\d+) values 个值", r"每周同一小时的 \1 个值"),
        (r" of (\d+) values 个值", r"（\1 个值）"),
        (r"\(too few for [A-Z][a-z]+ (周.) ([\d:]+)\)", r"（\1 \2 的值不足）"),
        (rf" over {_NUMBER} days 天", r"（\1 天）"),
        (r" to 至 ", " 至 "),
        (rf" above {_NUMBER}", r" 高于 \1"),
        (rf" below {_NUMBER}", r" 低于 \1"),
        (rf" for {_NUMBER} s", r" 持续 \1 秒"),
        (rf" for {_NUMBER} h", r" 已 \1 小时"),
        (rf", ends at {_NUMBER}", r"，回到 \1 时结束"),
        (r", (?:in one|on one) (\w+)", r"，同一\1"),
        (r"\): true", "）：成立"),
        (r"\): false", "）：不成立"),
        (r"\bevent ", "事件 "),
        (r" by (\S+) at (?=\d)", r"（\1）于 "),
        (r"(\S+) at (?=\d)", r"\1 于 "),
        (r" or ", " 或 "),
        (r" and ", " 且 "),
        (r"\bnot ", "非 "),
        (r" \(([^()]*)）", r"（\1）"),
        (r"known\((\w+)\)", r"已知 \1"),
    )
)  # fmt: skip
_SINGLE = MappingProxyType(
    {
        "rises": "上升", "falls": "下降", "count": "次数", "mean": "平均值", "max": "最大值", "min": "最小值",
        "sum": "总和", "sliding": "滑动", "tumbling": "分段", "building": "楼栋", "floor": "楼层",
        "compound": "小区", "place": "地点", "detector": "探测器", "camera": "摄像机", "heat": "高温", "pump": "水泵",
        "pressure": "压力", "room": "房间", "grid": "网格", "when": "条件：",
    }
)  # fmt: skip


def in_words(explanation: str, lang: Lang, *, title: str = "") -> str:
    """Return a reason in one language; `title` (both languages of the rule's, as it stands there) is left out."""
    if title and explanation.startswith(f"{title}: "):
        return _facts(explanation.removeprefix(f"{title}: "), lang)
    chinese, both, rest = explanation.partition(" / ")
    english, ends, facts = rest.partition(": ")
    if not both or not ends:
        return _facts(explanation, lang)
    head = f"{chinese}：" if lang is Lang.ZH else f"{english}: "
    return head + _facts(facts, lang)


def _facts(facts: str, lang: Lang) -> str:
    if lang is not Lang.ZH:
        return facts
    return "；".join(_in_chinese(piece) for piece in facts.split("; "))


def _in_chinese(piece: str) -> str:
    if len(piece) > PIECE_MAX:
        return piece
    said = piece
    for english, chinese in _PHRASES:
        said = english.sub(chinese, said)
    return piece if _PROSE.search(said) else _WORD.sub(_known, _VALUE.sub(_valued, said))


def _valued(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    if value in {"true", "false"}:
        return f"{_name(name)}：{'是' if value == 'true' else '否'}"
    unit = QUANTITIES[name][2] if name in QUANTITIES else _UNITS.get(name, "")
    return f"{_name(name)}={value} {unit}".rstrip()


def _known(found: re.Match[str]) -> str:
    return _SINGLE.get(found[1]) or _name(found[1])


def _name(name: str) -> str:
    listed: tuple[Mapping[str, tuple[str, ...]], ...] = (QUANTITIES, EVENTS, ALARMS)
    for known in listed:
        if name in known:
            return known[name][0]
    return _MORE.get(name, name)

"""Chooses the language of what people read, and says times and numbers the way they do."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from cases.taxonomy import CATEGORIES


class Lang(StrEnum):
    """The languages of the page."""

    ZH = "zh"
    EN = "en"

    @classmethod
    def of(cls, text: str, otherwise: "Lang") -> "Lang":
        """Return the language of that code, or another."""
        return next((lang for lang in cls if lang == text), otherwise)


SEVERITY = {
    "critical": ("特别严重", "Critical", "local_fire_department"),
    "major": ("严重", "Major", "warning"),
    "minor": ("一般", "Minor", "report_problem"),
    "warning": ("提示", "Warning", "info"),
}
"""Each severity's word in both languages and its icon: colour alone never tells (WCAG 1.4.1)."""

CLASS = {
    "emergency": ("紧急", "Emergency"),
    "impairment": ("失效", "Impairment"),
    "duty": ("值守", "Duty"),
    "maintenance": ("维护", "Maintenance"),
    "report": ("上报", "Report"),
}
STATE = {
    "filed": ("立案", "Filed"),
    "dispatched": ("已派遣", "Dispatched"),
    "accepted": ("已接收", "Accepted"),
    "handling": ("处置中", "Handling"),
    "suspended": ("挂起", "Suspended"),
    "resolved": ("已处置", "Resolved"),
    "verifying": ("核查中", "Verifying"),
    "closed": ("结案", "Closed"),
    "rework": ("返工", "Rework"),
}
MODE = {
    "real": ("真实", "Real"),
    "test": ("测试", "TEST"),
    "drill": ("演练", "DRILL"),
    "simulated": ("模拟", "SIMULATED"),
}
VERIFICATION = {
    "": ("", ""),
    "unconfirmed": ("待确认", "Unconfirmed"),
    "machine_corroborated": ("机器印证", "Machine-corroborated"),
    "confirmed": ("已确认", "Confirmed"),
    "false": ("误报", "False alarm"),
    "unreachable": ("联系不上", "Unreachable"),
}
UNHEARD = {
    "never": ("未接警", "NOT ACKNOWLEDGED"),
    "again": ("又报警", "ALARMED AGAIN"),
}
"""Why an emergency waits for somebody to acknowledge it."""
MARKS = {
    "quiet_at_compound": ("静默：勿联系小区", "SILENT: do not call the compound"),
    "silenced": ("静默中", "Silenced"),
    "walk_test": ("巡检测试", "Walk test"),
    "isolated_during_fire": ("火警期间被屏蔽", "Isolated during the fire"),
    "fault_during_fire": ("火警期间故障", "Fault during the fire"),
    "reset_before_check": ("未核实即复位", "Reset unchecked"),
    "manual": ("手动报警", "Pressed by a person"),
    "chattering": ("反复报警", "Chattering"),
    "late": ("迟到", "Late"),
    "handed_to_119": ("已移交 119", "Handed to 119"),
    "handed_to_110": ("已移交 110", "Handed to 110"),
}
"""The flags of a case as a list has room for them, what must not be overlooked first."""
LEVEL = {
    "grid": ("网格", "Grid"),
    "community": ("社区", "Community"),
    "street": ("街道", "Street"),
    "district": ("区", "District"),
}
ROLE = {
    "read": ("查看", "Viewer"),
    "maintenance": ("维护", "Maintenance"),
    "dispatch": ("调度", "Dispatcher"),
    "administrator": ("管理员", "Administrator"),
}
OWNER = {
    "fire_control_room": ("消防控制室", "Fire-control room"),
    "micro_fire_station": ("微型消防站", "Micro fire station"),
    "property": ("物业", "Property"),
    "contractor": ("维保单位", "Contractor"),
    "grid_worker": ("网格员", "Grid worker"),
    "grid_police": ("网格民警", "Grid police"),
}


def word(table: Mapping[str, tuple[str, ...]], key: object, lang: Lang) -> str:
    """Return the word of a closed vocabulary; what is not in it is shown as it is."""
    found = table.get(str(key))
    if found is None:
        return str(key)
    return found[0] if lang is Lang.ZH else found[1]


def category(key: object, lang: Lang) -> str:
    """Return the name of a category of cases."""
    known = CATEGORIES.get(str(key))
    if known is None:
        return str(key)
    return known.zh if lang is Lang.ZH else known.en[:1].upper() + known.en[1:]


def moment(at: object) -> datetime | None:
    """Return a time from ms or RFC 3339 text, None where there is none."""
    if isinstance(at, str) and at:
        return datetime.fromisoformat(at)
    if isinstance(at, int | float) and not isinstance(at, bool) and at > 0:
        return datetime.fromtimestamp(at / 1000, UTC)
    return None


def outcome(value: str, lang: Lang) -> str:
    """Return the word for what somebody confirmed: real, false, unreachable."""
    return word(VERIFICATION, {"real": "confirmed"}.get(value, value), lang)


def local(at: object, zone: ZoneInfo, *, day: bool = True, seconds: bool = True) -> str:
    """Return a time on the clock of the place, `–` where there is none."""
    found = moment(at)
    if found is None:
        return "–"
    pattern = ("%Y-%m-%d " if day else "") + ("%H:%M:%S" if seconds else "%H:%M")
    return found.astimezone(zone).strftime(pattern)


def span(ms: float, lang: Lang) -> str:
    """Return a length of time in its two largest units: `3 min 20 s`, `2 天 5 小时`."""
    seconds = max(0, int(ms / 1000))
    units = (("天", "d", 86_400), ("小时", "h", 3_600), ("分", "min", 60), ("秒", "s", 1))
    parts: list[str] = []
    for zh, en, size in units:
        amount, seconds = divmod(seconds, size)
        if amount or (size == 1 and not parts):
            parts.append(f"{amount} {zh if lang is Lang.ZH else en}")
    return " ".join(parts[:2])


def age(at: object, now_ms: int, lang: Lang) -> str:
    """Return how long ago something was, `–` where it never was."""
    found = moment(at)
    return "–" if found is None else span(now_ms - found.timestamp() * 1000, lang)

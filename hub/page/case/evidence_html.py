"""What a device sent, to be read: its readings as a table, its frames field by field."""

import json
from collections.abc import Sequence
from urllib.parse import quote
from zoneinfo import ZoneInfo

from adapters.gb26875.explain import Field, explain
from hub.page.words import Lang, local
from model.anomaly import Evidence
from model.case import Case
from model.reading import Reading, Value

from .evidence import nearest
from .markup import Markup, badge, tag

FRAMES_SHOWN = 12
_SILENT = frozenset({"card_hmac"})  # tells people nothing, and is nobody's business
_JSON_MAX = 20_000


def readings_html(
    readings: Sequence[Reading], case: Case, device: str, *, zone: ZoneInfo, lang: Lang
) -> Markup:
    """Return the readings nearest to the event; what the chart draws, for those who cannot see it."""
    zh = lang is Lang.ZH
    near = nearest(readings, case.started_at)
    if not near:
        said = (
            f"没有 {device} 在此前后的读数。"
            if zh
            else f"No readings of {device} around the event."
        )
        return tag("p", said, class_="sh-muted")
    heads = ("时间", "报文", "数值", "标记") if zh else ("Time", "Said", "Values", "Marks")
    rows = [
        tag(
            "tr",
            tag("td", local(reading.received_at, zone, day=False),
                badge("报警" if zh else "alarm", "sh-tone sh-critical")
                if reading.received_at == case.started_at else None, class_="sh-num"),
            tag("td", str(reading.event.value) or "–", class_="sh-num"),
            tag("td", values_text(reading.values)),
            tag("td", ", ".join(reading.quality) or "–"),
        )
        for reading in near
    ]  # fmt: skip
    title = f"{device} 的读数（{len(near)} / {len(readings)}）" if zh else (
        f"Readings of {device} ({len(near)} of {len(readings)})"
    )  # fmt: skip
    return tag(
        "div",
        tag("table", tag("caption", title),
            tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
            tag("tbody", *rows), class_="cp-table"),
        class_="cp-scroll cp-readings", tabindex="0", role="region", aria_label=title,
    )  # fmt: skip


def values_text(values: dict[str, Value]) -> str:
    """Return quantities as people read them; states that are false say nothing here."""
    shown = [
        name if value is True else f"{name} {value:g}" if isinstance(value, float | int) else f"{name} {value}"
        for name, value in values.items()
        if value is not False and name not in _SILENT
    ]  # fmt: skip
    return ", ".join(shown) or "–"


def devices_html(devices: Sequence[str], chosen: str, path: str, lang: Lang) -> Markup | None:
    """Return the devices whose readings can be shown, when there is a choice."""
    if len(devices) < 2:  # noqa: PLR2004 - one is no choice
        return None
    links = [
        tag("a", name, href=f"{path}?device={quote(name, safe='')}#evidence", class_="cp-chip",
            aria_current="true" if name == chosen else None)
        for name in devices
    ]  # fmt: skip
    label = "选择设备" if lang is Lang.ZH else "Choose a device"
    return tag("nav", *links, class_="cp-chips", aria_label=label)


def frames_html(case: Case, *, whole: bool, path: str, zone: ZoneInfo, lang: Lang) -> Markup:
    """Return what was received for each piece of evidence, decoded; beyond some only on demand."""
    zh = lang is Lang.ZH
    items = [item for item in case.evidence if item.raw]
    shown = [
        _frame(item, opened=number == 0, zone=zone, lang=lang)
        for number, item in enumerate(items if whole else items[:FRAMES_SHOWN])
    ]
    if not shown:
        said = (
            "没有保存原始报文（非报警报文不保存）。"
            if zh
            else "No frame was kept (only those of alarms are)."
        )
        shown = [tag("p", said, class_="sh-muted")]
    left = len(items) - len(shown)
    more = f"另有 {left} 条报文，全部显示" if zh else f"{left} more frames: show all"
    return tag(
        "section",
        tag("h2", "原始报文" if zh else "Frames as received", class_="sh-h2"),
        *shown,
        tag("p", tag("a", more, href=f"{path}?frames=all")) if left > 0 else None,
        class_="sh-card",
    )


def _frame(item: Evidence, *, opened: bool, zone: ZoneInfo, lang: Lang) -> Markup:
    head = f"{local(item.at, zone)} · {item.device} · {item.event or '–'}"
    return tag(
        "details",
        tag("summary", head),
        tag("p", item.reading, class_="sh-muted cp-fine"),
        raw_html(item.raw, zone=zone, lang=lang),
        open=opened,
        class_="cp-frame",
    )


def raw_html(raw: str, *, zone: ZoneInfo, lang: Lang) -> Markup:
    """Return a payload decoded: a panel's frame field by field, JSON with its lines, else as it is."""
    try:
        data = bytes.fromhex(raw)
    except ValueError:
        return tag("pre", raw, tabindex="0")
    if data.startswith(b"@@"):
        return frame_table(explain(data, zone), lang)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return tag("pre", data.hex(" "), tabindex="0")
    return tag("pre", json.dumps(found, ensure_ascii=False, indent=2)[:_JSON_MAX], tabindex="0")


def frame_table(fields: Sequence[Field], lang: Lang) -> Markup:
    """Return a frame's fields: offset, name, bytes, value, meaning; what is wrong is marked in words."""
    zh = lang is Lang.ZH
    heads = (
        ("偏移", "字段", "字节", "值", "含义")
        if zh
        else ("Offset", "Field", "Bytes", "Value", "Meaning")
    )
    wrong = "异常" if zh else "wrong"
    rows = [
        tag(
            "tr",
            tag("td", str(field.offset), class_="sh-num"),
            tag("td", field.name.zh if zh else field.name.en),
            tag("td", tag("code", field.raw.hex(" "))),
            tag("td", field.value),
            tag("td", field.meaning.zh if zh else field.meaning.en,
                badge(wrong, "cp-wrong") if field.wrong else None),
            class_="cp-badrow" if field.wrong else None,
        )
        for field in fields
    ]  # fmt: skip
    title = "GB/T 26875.3 报文逐字段解析" if zh else "The GB/T 26875.3 frame, field by field"
    return tag(
        "div",
        tag("table", tag("caption", title),
            tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
            tag("tbody", *rows), class_="cp-table cp-bytes"),
        class_="cp-scroll", tabindex="0", role="region", aria_label=title,
    )  # fmt: skip

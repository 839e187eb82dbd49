"""A panel's point list 点位表: address → room, as CSV or XLSX, filled in from what is known."""

import re
from collections.abc import Container, Iterable, Sequence
from io import BytesIO

from openpyxl import Workbook

from hub.device_search import Found

from .csvtext import decode_text, inert_cells, write_table
from .rows import HIDDEN
from .workbook import OLD_WORKBOOK, ZIP, workbook_text

COLUMNS = ("id", "kind", "role", "building", "compound", "floor", "room", "name", "silent_after_s")
"""Those of devices.csv: a filled-in list is imported as it is."""

COLUMN_TITLES = {
    "id": "设备编号", "kind": "类型", "role": "角色", "building": "楼栋", "compound": "小区",
    "floor": "楼层", "room": "房间", "name": "名称", "silent_after_s": "失联秒数",
}  # fmt: skip
_TITLES = tuple(f"{name} {COLUMN_TITLES[name]}" for name in COLUMNS)
_NAME_CHARS = 120  # as many as the registry takes
# A workbook cannot hold these, and nobody sees them in a CSV.
_UNSEEN = re.compile(f"{HIDDEN.pattern}|[\ufffe\uffff\ud800-\udfff]")


def rows_of(found: Iterable[Found], *, compounds: Container[str] = ()) -> list[dict[str, object]]:
    """Return a row for each device: what the registry says, else what the device says of itself.

    The compound that an unregistered device's topic or gateway tells stands there if it is one of `compounds`.
    """
    rows = []
    for item in found:
        known, view = item.device, item.view
        rows.append(
            {
                "id": view.id,
                "kind": known.kind if known else view.kind,
                "role": known.role if known else "",
                "building": known.building if known else "",
                "compound": _compound(item, compounds),
                "floor": known.floor if known else "",
                "room": known.room if known else "",
                "name": known.name if known and known.name else _said(item),
                "silent_after_s": known.silent_after_s if known else 0,
            }
        )
    return rows


def as_csv(rows: Sequence[dict[str, object]]) -> bytes:
    """Return the list as CSV with a byte order mark, which spreadsheets need for Chinese."""
    return write_table(COLUMNS, map(_plain, rows), titles=_TITLES).encode("utf-8-sig")


def as_xlsx(rows: Sequence[dict[str, object]]) -> bytes:
    """Return the list as a workbook; every cell is text, so none is run as a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("points")
    sheet.append(_TITLES)
    for row in map(_plain, rows):
        sheet.append(inert_cells(row[name] for name in COLUMNS))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def as_text(content: bytes, name: str) -> str:
    """Return an uploaded CSV or XLSX as the text of a CSV whose lines are the sheet's rows.

    Raises ConfigError with what is wrong, in which row, and what to do.
    """
    if content.startswith((ZIP, OLD_WORKBOOK)) or name.lower().endswith(".xlsx"):
        return workbook_text(content, name)
    return decode_text(content, name)


def _compound(item: Found, compounds: Container[str]) -> str:
    if item.device is None:
        return item.view.compound if item.view.compound in compounds else ""
    return "" if item.device.building else item.device.compound


def _said(item: Found) -> str:
    """Return what a device says of itself as a name that the registry takes."""
    said = _UNSEEN.sub(" ", str(item.view.values.get("description", "") or ""))
    return " ".join(said.split())[:_NAME_CHARS]


def _plain(row: dict[str, object]) -> dict[str, object]:
    """Show what nobody could see: such an id cannot be registered, and a workbook cannot hold it."""
    return {
        key: _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
        if isinstance(value, str)
        else value
        for key, value in row.items()
    }
